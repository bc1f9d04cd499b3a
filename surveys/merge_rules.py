"""How what this room knows of a customer, or of a contact, is merged."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.merging import Merge, MergeRule, change, drop, move, moves, register
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
        Invitation.objects.filter(contact=pk, subject_model="", external_id="")
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


def rounds(merge: Merge) -> None:
    """In a round a customer is asked once: of two invitations about them one that never left gives
    way. Where both left, the loser's is of a round that never was."""
    ours, theirs = (
        Invitation.objects.filter(subject_model=merge.label, subject_id=pk)
        for pk in (merge.winner, merge.loser)
    )
    twins = {(one.trigger_id, one.occurrence): one for one in ours}
    for one in theirs.filter(trigger__isnull=False).order_by("pk"):
        twin = twins.get((one.trigger_id, one.occurrence))
        if twin is None:
            continue
        if one.state in UNWRITTEN:
            drop(merge, [one])
        elif twin.state in UNWRITTEN:
            drop(merge, [twin])
        else:
            change(merge, [(one, {"occurrence": -one.pk})])
    move(merge, theirs.all(), "subject_id")


def left_out(merge: Merge) -> None:
    """Why a customer was not asked in a round is told once."""
    ours, theirs = (
        Skip.objects.filter(subject_model=merge.label, subject_id=pk)
        for pk in (merge.winner, merge.loser)
    )
    told = set(ours.values_list("trigger", "occurrence"))
    rows = theirs.filter(trigger__isnull=False).order_by("pk")
    drop(merge, [one for one in rows if (one.trigger_id, one.occurrence) in told])
    move(merge, theirs.all(), "subject_id")


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
            # After the fields, which have brought everything of the loser's to the winner.
            MergeRule("surveys.invitation.subject_id", rounds, order=80),
            MergeRule("surveys.skip.subject_id", left_out, order=80),
        ]
    )
