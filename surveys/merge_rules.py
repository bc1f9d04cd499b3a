"""How what this room knows of a customer is merged."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.merging import Merge, MergeRule, drop, move, moves, pair_moves, register
from surveys.models import Skip


def skips(merge: Merge) -> None:
    """A sending tells once why a customer was left out."""
    theirs, ours = (Skip.objects.filter(customer=pk) for pk in (merge.loser, merge.winner))
    told = ours.filter(subject_model="").values("run")
    drop(merge, list(theirs.filter(subject_model="", run__in=told).order_by("pk")))
    move(merge, Skip.objects.filter(customer=merge.loser), "customer")


def register_rules() -> None:
    """Called from SurveysConfig.ready."""
    register(
        [
            moves("surveys.invitation.customer", _("survey invitations")),
            moves("surveys.response.customer", _("survey responses")),
            moves("surveys.review.customer", _("reviews")),
            MergeRule("surveys.skip.customer", skips),
            pair_moves("surveys.invitation.subject_id", "subject_model"),
            pair_moves("surveys.skip.subject_id", "subject_model"),
        ]
    )
