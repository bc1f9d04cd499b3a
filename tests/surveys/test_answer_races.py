"""Presses at the same moment, on whichever database: one answer, and none of a program's."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from staff.models import Business
from surveys import tokens
from surveys.models import Invitation, Response
from tests.factories import InvitationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def invitation(business: Business) -> Invitation:
    return InvitationFactory(token="known")


def press_together(invitation: Invitation, scores: list[int]) -> list[int]:
    """Each score from a browser of its own, all at once; the status codes."""

    def press(score: int) -> int:
        try:
            data = {"nonce": tokens.new_nonce(invitation), "score": str(score)}
            return Client().post("/s/known/", data).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(scores)) as pool:
        return list(pool.map(press, scores))


def test_the_same_answer_pressed_many_times_is_one(invitation: Invitation) -> None:
    codes = press_together(invitation, [9] * 6)

    assert set(codes) <= {200, 302}
    assert Response.objects.counted().count() == 1
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.ANSWERED


def test_every_score_at_once_is_nobodys_answer(
    invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, these are one burst.
    from datetime import timedelta

    from surveys.actions import answering

    monkeypatch.setattr(answering, "BURST", timedelta(seconds=30))

    codes = press_together(invitation, list(range(8)))

    assert set(codes) <= {200, 302}
    assert not Response.objects.counted().exists()
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.QUEUED
