"""Two presses at the same moment on the board."""

import pytest
from django.utils import timezone

from mail.models import OutgoingEmail
from staff.models import Business, User
from support.actions import board, moderation
from support.models import BoardFollower, BoardVote, Suggestion
from tests.support.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sundays(business: Business) -> Suggestion:
    return Suggestion.objects.create(title="Open on Sundays", state=Suggestion.State.NEW)


def test_a_browser_votes_once_and_every_browser_counts(sundays: Suggestion) -> None:
    voters = ["a", "a", "a", "b", "c"]
    said = at_once(*(lambda who=who: board.vote(suggestion=sundays, voter=who) for who in voters))

    assert sorted(said) == [False, False, True, True, True]
    sundays.refresh_from_db()
    assert sundays.votes_count == BoardVote.objects.count() == 3


def test_done_is_told_once_whoever_says_so(sundays: Suggestion, agent: User) -> None:
    follower = board.follow(suggestion=sundays, address="ada@example.com", language="es")
    late = board.follow(suggestion=sundays, address="bob@example.com", language="en")
    BoardFollower.objects.filter(pk=follower.pk).update(confirmed_at=timezone.now())
    OutgoingEmail.objects.all().delete()

    def done() -> Suggestion:
        return moderation.change_suggestion(
            suggestion=sundays, title="Sundays", text="", state="done", answer="", by=agent
        )

    at_once(done, done, lambda: board.confirm(follower=late))

    told = OutgoingEmail.objects.order_by("to_address").values_list("to_address", flat=True)
    assert list(told) == ["ada@example.com", "bob@example.com"]
