"""The board of suggestions: what strangers propose, support, say and follow."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff.refusals import Refusal
from staff.tokens import hashed, new_token
from support import board_mail
from support.correspondents import clean_text
from support.models import BoardComment, BoardFollower, BoardVote, Suggestion

# Nobody is asked to confirm the same thing more often.
ASKED_AGAIN_AFTER = timedelta(days=1)
# How long the address is kept of who never pressed the button, and of who was told that it is done.
UNCONFIRMED_FOR, TOLD_FOR = timedelta(days=14), timedelta(days=30)


class NotOnTheBoard(Refusal):
    message = _("This suggestion is not on the board.")


def is_published(suggestion: Suggestion) -> bool:
    return suggestion.state in Suggestion.PUBLIC_STATES


@transaction.atomic
def propose(
    *,
    title: str,
    text: str = "",
    language: str = "",
    once_key: str = "",
    follower: str = "",
    is_suspicious: bool = False,
) -> Suggestion:
    """A suggestion to be looked at before it is shown; twice with one `once_key` is one.

    The address of a `follower` is asked to confirm that it wants to hear of it. What looks like a
    program's is kept, unpublished, among those that were turned down, and nobody is asked anything.
    """
    state = Suggestion.State.REJECTED if is_suspicious else Suggestion.State.PROPOSED
    values = {
        "title": clean_text(title)[:150] or "…",
        "text": text[:5000],
        "language": language,
        "state": state,
    }
    if once_key:
        suggestion, made = Suggestion.objects.get_or_create(once_key=once_key, defaults=values)
    else:
        suggestion, made = Suggestion.objects.create(**values), True
    if made and follower and not is_suspicious:
        follow(suggestion=suggestion, address=follower, language=language)
    return suggestion


# --- Votes --------------------------------------------------------------------------------


@transaction.atomic
def vote(*, suggestion: Suggestion, voter: str) -> bool:
    """Support it, once per `voter`; whether that is new. Raises NotOnTheBoard."""
    locked = _published(suggestion)
    try:
        with transaction.atomic():
            BoardVote.objects.create(suggestion=locked, voter_hash=hashed(voter))
    except IntegrityError:
        return False
    _count(suggestion, 1)
    return True


@transaction.atomic
def unvote(*, suggestion: Suggestion, voter: str) -> bool:
    """Take the support back; whether there was any."""
    own = BoardVote.objects.filter(suggestion=suggestion, voter_hash=hashed(voter))
    if not own.delete()[0]:
        return False
    _count(suggestion, -1)
    return True


def _count(suggestion: Suggestion, more: int) -> None:
    Suggestion.objects.filter(pk=suggestion.pk).update(votes_count=F("votes_count") + more)


# --- Comments -----------------------------------------------------------------------------


@transaction.atomic
def comment(
    *,
    suggestion: Suggestion,
    text: str,
    name: str = "",
    once_key: str = "",
    is_suspicious: bool = False,
) -> BoardComment:
    """A comment to be looked at before it is shown; twice with one `once_key` is one.

    Raises NotOnTheBoard.
    """
    State = BoardComment.State  # noqa: N806 (a class)
    values = {
        "suggestion": _published(suggestion),
        "text": text[:2000],
        "name": clean_text(name)[:80],
        "state": State.REJECTED if is_suspicious else State.PROPOSED,
    }
    if not once_key:
        return BoardComment.objects.create(**values)
    said, _made = BoardComment.objects.get_or_create(once_key=once_key, defaults=values)
    return said


# --- Following ----------------------------------------------------------------------------


@transaction.atomic
def follow(*, suggestion: Suggestion, address: str, language: str) -> BoardFollower:
    """Ask this address, by mail, whether it wants to hear when it is done; at most once a day.

    Who follows already is not told so: nobody learns here what others follow.
    """
    now = timezone.now()
    follower, made = BoardFollower.objects.select_for_update().get_or_create(
        suggestion=suggestion,
        address=address.strip().lower(),
        defaults={"language": language, "token_hash": hashed(new_token())},
    )
    was_asked = not made and follower.created_at > now - ASKED_AGAIN_AFTER
    if follower.confirmed_at is not None or was_asked:
        return follower
    token = new_token()
    follower.token_hash, follower.language, follower.created_at = hashed(token), language, now
    follower.save(update_fields=["token_hash", "language", "created_at"])
    board_mail.ask_to_confirm(follower, token)
    return follower


def follower_of(token: str) -> BoardFollower | None:
    """Whose link this is."""
    followers = BoardFollower.objects.select_related("suggestion")
    return followers.filter(token_hash=hashed(token)).first()


@transaction.atomic
def confirm(*, follower: BoardFollower) -> BoardFollower:
    """This address wants to hear of it; if it is done by now, it hears at once. Twice is once."""
    now = timezone.now()
    BoardFollower.objects.filter(pk=follower.pk, confirmed_at=None).update(confirmed_at=now)
    follower.refresh_from_db()
    board_mail.tell_done(Suggestion.objects.select_for_update().get(pk=follower.suggestion_id))
    return follower


@transaction.atomic
def unfollow(*, follower: BoardFollower) -> None:
    """Forget the address."""
    BoardFollower.objects.filter(pk=follower.pk).delete()


def forget_followers() -> int:
    """Forget addresses that are of no use any more: never confirmed, or told long ago."""
    now = timezone.now()
    unconfirmed = Q(confirmed_at=None, created_at__lt=now - UNCONFIRMED_FOR)
    told = Q(told_at__lt=now - TOLD_FOR)
    forgotten, _by_model = BoardFollower.objects.filter(unconfirmed | told).delete()
    return forgotten


def _published(suggestion: Suggestion) -> Suggestion:
    locked = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    if not is_published(locked):
        raise NotOnTheBoard
    return locked
