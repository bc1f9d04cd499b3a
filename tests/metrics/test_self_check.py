"""Stored figures held against their facts by night, and the alarm that people see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from mail.models import OutgoingEmail
from metrics import actions, tasks
from metrics.engine import recomputing, self_check
from metrics.models import Engine, Mark, Piece, Recompute, SelfCheck, Snapshot
from staff import leases
from staff.access import Role
from staff.models import Business, User
from tests.conftest import person
from tests.factories import CustomerFactory, ResponseFactory


@pytest.fixture
def figures(business: Business) -> None:
    """An answer of the month before last, counted."""
    long_ago = timezone.now() - timedelta(days=62)
    ResponseFactory(score=9, answered_at=long_ago, customer=CustomerFactory(created_at=long_ago))
    actions.refresh()


def tamper() -> None:
    Snapshot.objects.filter(kpi="nps", grain="month").update(numerator="7", value=70)


def test_figures_that_agree_are_well(figures: None) -> None:
    assert self_check.look().ok is None
    assert self_check.run(sample=5) == []
    [check] = SelfCheck.objects.all()
    assert check.compared > 0
    assert self_check.look().ok
    assert not OutgoingEmail.objects.exists()


def test_before_the_business_is_set_up_nothing_is_compared(db: None) -> None:
    assert self_check.run(sample=5) == []
    assert not SelfCheck.objects.exists()


def test_a_difference_is_told_to_the_owners_and_on_the_health_page(
    figures: None, owner: User, owner_client: Client
) -> None:
    tamper()
    tasks.nightly()

    mail = OutgoingEmail.objects.get(to_address=owner.email)
    assert mail.stream == "account"
    assert "70" in mail.text
    page = owner_client.get(reverse("staff:health")).content.decode()
    assert "NPS" in page
    assert "recompute --check" in page


def test_each_owner_is_told_in_their_own_language(
    figures: None, owner: User, business: Business
) -> None:
    """The business's, where somebody has chosen none: a worker knows nobody's."""
    business.language = "pt-br"
    business.save()
    User.objects.filter(pk=owner.pk).update(language="es")
    person(Role.OWNER, "second@example.com", "Second")
    User.objects.filter(email="second@example.com").update(language="")
    tamper()
    self_check.run(sample=None)
    mails = {mail.to_address: mail for mail in OutgoingEmail.objects.all()}
    for address, language in ((owner.email, "es"), ("second@example.com", "pt-br")):
        with translation.override(language):
            assert mails[address].subject == gettext("Some figures differed from their facts")
        assert mails[address].subject != "Some figures differed from their facts"
        assert mails[address].language == language


def test_the_alarm_ends_with_a_check_that_finds_nothing(figures: None, owner: User) -> None:
    tamper()
    tasks.nightly()
    assert self_check.look().ok is False
    while run := recomputing.under_way():
        recomputing.work(run)
    assert self_check.run(sample=None) == []
    assert self_check.look().ok


def test_changes_that_nobody_counts_are_an_alarm(figures: None) -> None:
    ResponseFactory(score=1, answered_at=timezone.now() - timedelta(days=1))
    assert self_check.look().ok is None
    Engine.objects.update(refreshed_at=timezone.now() - timedelta(hours=1))
    assert self_check.look().ok is False


def test_a_long_recompute_that_somebody_does_is_none(figures: None) -> None:
    """What changes meanwhile waits for its end; a run that nobody goes on with is an alarm."""
    run = recomputing.begin(timezone.now(), Business.objects.get().zone)
    assert run
    recomputing.work(run)
    ResponseFactory(score=1, answered_at=timezone.now() - timedelta(days=1))
    long_ago = timezone.now() - timedelta(hours=1)
    Engine.objects.update(refreshed_at=long_ago)
    Recompute.objects.update(began_at=long_ago)
    found = self_check.look()
    assert found.ok
    assert found.detail == (
        f"They are being counted again: 1 of {Piece.objects.count()} pieces are done."
    )
    Piece.objects.exclude(done_at=None).update(done_at=long_ago)
    assert self_check.look().ok is False
    piece = Piece.objects.filter(done_at=None)[0]
    with leases.held(recomputing._lease(piece), 60):
        assert self_check.look().ok
    # What came meanwhile is counted after it.
    Recompute.objects.update(finished_at=timezone.now())
    assert self_check.look().ok is None
    Recompute.objects.update(finished_at=long_ago)
    assert self_check.look().ok is False


# --- Pieces of a recompute -------------------------------------------------------------------


def test_a_refresh_waits_for_a_recompute_and_helps_it(figures: None) -> None:
    tamper()
    run = recomputing.begin(timezone.now(), Business.objects.get().zone)
    assert run
    late = ResponseFactory(score=1, answered_at=timezone.now() - timedelta(days=1))
    assert actions.refresh() is None
    while recomputing.under_way():
        tasks.lend_a_hand()
    assert Snapshot.objects.filter(kpi="nps", grain="month", is_current=True, value=70).count() == 0
    assert Mark.objects.filter(from_at=late.answered_at).exists(), "it came after the run began"
    assert actions.refresh()
    assert actions.check() == []


def test_a_piece_whose_worker_died_is_taken_by_another(
    figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper()
    run = recomputing.begin(timezone.now(), Business.objects.get().zone)
    assert run

    def die(*_args: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(recomputing, "prepared", die)
        with pytest.raises(RuntimeError):
            recomputing.work(run)
    assert not Piece.objects.exclude(done_at=None).exists()
    recomputing.see_through(run, lambda _done, _total: None)
    assert actions.check() == []


def test_a_recompute_that_was_left_is_joined(figures: None) -> None:
    zone = Business.objects.get().zone
    first = recomputing.begin(timezone.now(), zone)
    assert recomputing.begin(timezone.now(), zone) == first
    assert actions.recompute_full()
    assert Recompute.objects.exclude(finished_at=None).get() == first


def test_a_recompute_that_nobody_can_finish_is_given_up(figures: None) -> None:
    run = recomputing.begin(timezone.now(), Business.objects.get().zone)
    assert run is not None
    CustomerFactory()
    assert actions.refresh() is None
    Recompute.objects.update(began_at=timezone.now() - timedelta(hours=13))
    assert actions.refresh() is not None
    again = recomputing.begin(timezone.now(), Business.objects.get().zone)
    assert again is not None
    assert again.pk != run.pk
    assert not Recompute.objects.filter(pk=run.pk).exists()
