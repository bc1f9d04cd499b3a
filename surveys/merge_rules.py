"""How what this room knows of a customer, or of a contact, is merged."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.merging import Merge, MergeRule, change, drop, move, moves, pair_moves, register
from surveys.models import Invitation, Skip

# Invitations of which no mail was ever made.
UNWRITTEN = (Invitation.State.PENDING, Invitation.State.CANCELLED)


def skips(merge: Merge) -> None:
    """A sending tells once why a customer was left out."""
    theirs, ours = (Skip.objects.filter(customer=pk) for pk in (merge.loser, merge.winner))
    told = ours.filter(subject_model="").values("run")
    drop(merge, list(theirs.filter(subject_model="", run__in=told).order_by("pk")))
    move(merge, Skip.objects.filter(customer=merge.loser), "customer")


def asked(merge: Merge) -> None:
    """A sending asks a person once: of two invitations one that never left gives way.

    Where both left, both stay; the loser's tells from now on whom it asked.
    """
    theirs, ours = (
        Invitation.objects.filter(contact=pk, subject_model="")
        for pk in (merge.loser, merge.winner)
    )
    twins = {one.run_id: one for one in ours.filter(run__in=theirs.values("run"))}
    for one in theirs.filter(run__in=list(twins)).order_by("pk"):
        if one.state in UNWRITTEN:
            drop(merge, [one])
        elif twins[one.run_id].state in UNWRITTEN:
            drop(merge, [twins[one.run_id]])
        else:
            about = {"subject_model": merge.label, "subject_id": merge.loser}
            change(merge, [(one, about | {"occurrence": one.pk})])
    move(merge, Invitation.objects.filter(contact=merge.loser), "contact")


def register_rules() -> None:
    """Called from SurveysConfig.ready."""
    register(
        [
            moves("surveys.invitation.customer", _("survey invitations")),
            moves("surveys.response.customer", _("survey responses")),
            moves("surveys.review.customer", _("reviews")),
            MergeRule("surveys.skip.customer", skips),
            MergeRule("surveys.invitation.contact", asked, shown=_("survey invitations")),
            moves("surveys.response.contact", _("survey responses")),
            moves("surveys.skip.contact"),
            pair_moves("surveys.invitation.subject_id", "subject_model"),
            pair_moves("surveys.skip.subject_id", "subject_model"),
        ]
    )
