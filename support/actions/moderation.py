"""What the business does with suggestions and comments before and after others see them."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.models import User
from staff.refusals import Refusal
from support import board_mail
from support.correspondents import clean_text
from support.models import BoardComment, BoardFollower, BoardVote, Suggestion

State = Suggestion.State
AUDITED = ["title", "text", "state", "answer"]


class MergedAlready(Refusal):
    message = _("It was joined with another suggestion, so that one is the one to change.")


class CannotJoin(Refusal):
    message = _("A suggestion can only be joined with another one that is on the board.")


class NoTitle(Refusal):
    message = _("A suggestion needs a title.")


def can_change(suggestion: Suggestion) -> bool:
    return suggestion.state != State.MERGED


@transaction.atomic
def change_suggestion(
    *, suggestion: Suggestion, title: str, text: str, state: str, answer: str, by: User
) -> Suggestion:
    """Publish, edit, answer, move on, or take off the board; what stays the same writes nothing.

    Once it is done, who proposed it and who follows it hear of it, once each. Raises MergedAlready, NoTitle.
    """
    suggestion = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    if not can_change(suggestion):
        raise MergedAlready
    if not clean_text(title):
        raise NoTitle
    before = audit.values(suggestion, AUDITED)
    suggestion.title, suggestion.text, suggestion.state = clean_text(title)[:150], text, state
    if answer != suggestion.answer:
        suggestion.answer, suggestion.answered_by = answer, by if answer else None
        suggestion.answered_at = timezone.now() if answer else None
    changes = audit.diff(before, suggestion, AUDITED)
    if not changes:
        return suggestion
    now = timezone.now()
    if state in Suggestion.PUBLIC_STATES and suggestion.published_at is None:
        suggestion.published_at = now
    suggestion.done_at = (suggestion.done_at or now) if state == State.DONE else None
    suggestion.save()
    audit.record(by=by, action="suggestion.change", target=suggestion, changes=changes)
    board_mail.tell_done(suggestion)
    return suggestion


def can_join(suggestion: Suggestion, into: Suggestion) -> bool:
    return (
        suggestion.pk != into.pk
        and suggestion.state != State.MERGED
        and into.state in Suggestion.PUBLIC_STATES
    )


@transaction.atomic
def join(*, suggestion: Suggestion, into: Suggestion, by: User) -> Suggestion:
    """Make one of two that say the same: votes count once per browser, followers and comments go along.

    Returns the one that goes on. Raises CannotJoin.
    """
    both = Suggestion.objects.select_for_update().filter(pk__in=[suggestion.pk, into.pk])
    by_pk = {one.pk: one for one in both.order_by("pk")}
    suggestion, into = by_pk[suggestion.pk], by_pk[into.pk]
    if not can_join(suggestion, into):
        raise CannotJoin
    before = audit.values(suggestion, ["state"])
    _carry_over(suggestion, into)
    suggestion.state, suggestion.merged_into = State.MERGED, into
    suggestion.save(update_fields=["state", "merged_into"])
    Suggestion.objects.filter(merged_into=suggestion).update(merged_into=into)
    changes = audit.diff(before, suggestion, ["state"]) | {"merged_into": [None, into.pk]}
    audit.record(by=by, action="suggestion.join", target=suggestion, changes=changes)
    board_mail.tell_done(into)
    return into


def _carry_over(suggestion: Suggestion, into: Suggestion) -> None:
    votes = BoardVote.objects.filter(suggestion=suggestion)
    BoardVote.objects.bulk_create(
        [BoardVote(suggestion=into, voter_hash=one.voter_hash, at=one.at) for one in votes],
        ignore_conflicts=True,
        batch_size=1000,
    )
    into.votes_count = BoardVote.objects.filter(suggestion=into).count()
    into.save(update_fields=["votes_count"])
    there = BoardFollower.objects.filter(suggestion=into).values("address")
    BoardFollower.objects.filter(suggestion=suggestion).exclude(address__in=there).update(
        suggestion=into
    )
    # One who follows both has confirmed both if they confirmed either.
    confirmed = BoardFollower.objects.filter(suggestion=suggestion, confirmed_at__isnull=False)
    BoardFollower.objects.filter(
        suggestion=into, confirmed_at=None, address__in=confirmed.values("address")
    ).update(confirmed_at=timezone.now())
    BoardComment.objects.filter(suggestion=suggestion).update(suggestion=into)


# --- Comments -----------------------------------------------------------------------------


@transaction.atomic
def judge_comment(*, comment: BoardComment, publish: bool, by: User) -> BoardComment:
    """Show a comment to everybody, or to nobody; it can be changed as often as one likes."""
    comment = BoardComment.objects.select_for_update().get(pk=comment.pk)
    before = audit.values(comment, ["state"])
    comment.state = BoardComment.State.PUBLISHED if publish else BoardComment.State.REJECTED
    if changes := audit.diff(before, comment, ["state"]):
        comment.save(update_fields=["state"])
        audit.record(by=by, action="board_comment.judge", target=comment, changes=changes)
    return comment


@transaction.atomic
def say(*, suggestion: Suggestion, text: str, by: User, once_key: str = "") -> BoardComment:
    """A comment of the business's own, shown at once under its author's name."""
    values = {
        "suggestion": suggestion,
        "text": text[:2000],
        "author": by,
        "state": BoardComment.State.PUBLISHED,
    }
    if not once_key:
        return BoardComment.objects.create(**values)
    said, _made = BoardComment.objects.get_or_create(once_key=once_key, defaults=values)
    return said
