"""Each one's moment: found in the business's own days, once, and none before it was switched on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from crm.actions import outreach as actions
from crm.models import Customer, Outreach
from mail.models import OutgoingEmail
from staff.models import Business, User
from tests.crm.test_outreach import draft, outcome, reader, walk
from tests.factories import ContractFactory, OrderFactory, TenureSpanFactory

# Ten in the morning in São Paulo, on an ordinary day.
MORNING = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _zone(business: Business):
    with timezone.override(business.zone):
        yield


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: moment)
        yield


def switched_on(by: User, at: datetime, **given) -> Outreach:
    with clock_at(at):
        outreach = draft(by, **given)
        return actions.send_outreach(outreach=outreach, by=by)


def names(outreach: Outreach, at: datetime) -> list[str]:
    """Who has got it once the worker has been there at that moment."""
    with clock_at(at):
        walk(outreach)
    return sorted(name for name, state in outcome(outreach).items() if state == "queued")


def test_a_birthday_each_year_once(manager: User) -> None:
    reader(name="Ada", birthday=date(1990, 3, 11))
    reader("bo@example.com", name="Bo", birthday=date(1990, 3, 12))
    outreach = switched_on(manager, MORNING, moment="birthday")

    assert names(outreach, MORNING) == []
    assert names(outreach, MORNING + timedelta(days=1)) == ["Ada"]
    assert names(outreach, MORNING + timedelta(days=1, hours=1)) == ["Ada"]
    assert names(outreach, MORNING + timedelta(days=2)) == ["Ada", "Bo"]
    assert OutgoingEmail.objects.count() == 2
    walk_again = names(outreach, MORNING + timedelta(days=366))
    assert walk_again == ["Ada", "Bo"]
    assert set(outreach.messages.values_list("occasion", flat=True)) == {"2026", "2027"}


@pytest.mark.parametrize(("year", "day"), [(2027, 28), (2028, 29)])
def test_born_on_the_29th_of_february(manager: User, year: int, day: int) -> None:
    reader(name="Leap", birthday=date(1992, 2, 29))
    start = datetime(year, 2, 20, 13, tzinfo=UTC)
    outreach = switched_on(manager, start, moment="birthday")

    assert names(outreach, datetime(year, 2, day - 1, 13, tzinfo=UTC)) == []
    assert names(outreach, datetime(year, 2, day, 13, tzinfo=UTC)) == ["Leap"]
    assert names(outreach, datetime(year, 3, 1, 13, tzinfo=UTC)) == ["Leap"]
    assert outreach.messages.count() == 1


def test_nobody_is_written_to_by_night_and_a_lost_day_is_caught_up(manager: User) -> None:
    reader(name="Ada", birthday=date(1990, 3, 11))
    outreach = switched_on(manager, MORNING, moment="birthday")
    night = datetime(2026, 3, 11, 4, tzinfo=UTC)  # one in the morning in São Paulo
    assert names(outreach, night) == []
    assert names(outreach, datetime(2026, 3, 13, 13, tzinfo=UTC)) == ["Ada"]


@pytest.mark.parametrize(
    ("zone", "day"),
    # Two in the morning of the 5th in UTC: the evening of the 4th in São Paulo, the 5th in Madrid.
    [("America/Sao_Paulo", 14), ("Europe/Madrid", 15)],
)
def test_days_after_a_purchase_are_the_businesss_days(
    manager: User, business: Business, zone: str, day: int
) -> None:
    Business.objects.update(time_zone=zone)
    ada = reader(name="Ada")
    OrderFactory(customer=ada, ordered_at=datetime(2026, 3, 5, 2, tzinfo=UTC), total=10)
    OrderFactory(customer=ada, ordered_at=datetime(2026, 3, 5, 2, tzinfo=UTC), total=-5)
    outreach = switched_on(manager, MORNING, moment="purchase", days=10)

    assert names(outreach, datetime(2026, 3, day - 1, 15, tzinfo=UTC)) == []
    assert names(outreach, datetime(2026, 3, day, 15, tzinfo=UTC)) == ["Ada"]
    assert outreach.messages.count() == 1


def test_only_moments_after_it_was_switched_on(manager: User) -> None:
    old, new = reader(name="Old"), reader("new@example.com", name="New")
    TenureSpanFactory(customer=old, started_at=MORNING - timedelta(hours=2))
    outreach = switched_on(manager, MORNING, moment="welcome")
    assert names(outreach, MORNING + timedelta(minutes=5)) == []
    TenureSpanFactory(customer=new, started_at=MORNING + timedelta(minutes=10))

    assert names(outreach, MORNING + timedelta(minutes=20)) == ["New"]
    TenureSpanFactory(
        customer=new,
        started_at=MORNING - timedelta(days=300),
        ended_at=MORNING - timedelta(days=200),
    )
    assert names(outreach, MORNING + timedelta(days=1)) == ["New"]


def test_an_anniversary_of_those_who_are_still_customers(manager: User) -> None:
    ada, gone = reader(name="Ada"), reader("gone@example.com", name="Gone")
    # Half past ten in the evening in São Paulo, already the 12th in UTC.
    began = datetime(2024, 3, 12, 1, 30, tzinfo=UTC)
    TenureSpanFactory(customer=ada, started_at=began)
    TenureSpanFactory(customer=gone, started_at=began, ended_at=began + timedelta(days=100))
    outreach = switched_on(manager, MORNING, moment="anniversary")

    assert names(outreach, datetime(2026, 3, 11, 13, tzinfo=UTC)) == ["Ada"]
    assert names(outreach, datetime(2026, 3, 12, 13, tzinfo=UTC)) == ["Ada"]
    assert outreach.messages.count() == 1


def test_days_before_a_contract_ends(manager: User) -> None:
    words = {"en": {"subject": "Until {contract_end}", "body": "Hello"}}
    ada = reader(name="Ada")
    bo = reader("bo@example.com", name="Bo")
    ends_on = date(2026, 4, 10)
    ContractFactory(customer=ada, ends_on=ends_on)
    ContractFactory(customer=ada, ends_on=date(2026, 3, 20))
    ContractFactory(customer=bo, ends_on=ends_on, cancelled_on=date(2026, 2, 1))
    outreach = switched_on(manager, MORNING, moment="contract_end", days=30, texts=words)

    assert names(outreach, datetime(2026, 3, 11, 13, tzinfo=UTC)) == ["Ada"]
    assert OutgoingEmail.objects.get().subject == "Until April 10, 2026"


def test_gone_quiet_since_the_last_word_or_purchase(manager: User) -> None:
    quiet, spoke = reader(name="Quiet"), reader("spoke@example.com", name="Spoke")
    then = datetime(2026, 2, 9, 15, tzinfo=UTC)
    long_ago = then - timedelta(days=90)
    Customer.objects.filter(pk=quiet.pk).update(last_order_at=then, last_inbound_at=long_ago)
    Customer.objects.filter(pk=spoke.pk).update(
        last_order_at=then, last_inbound_at=then + timedelta(days=5)
    )
    outreach = switched_on(manager, MORNING, moment="quiet", days=30)

    assert names(outreach, datetime(2026, 3, 11, 13, tzinfo=UTC)) == ["Quiet"]
    assert names(outreach, datetime(2026, 3, 16, 13, tzinfo=UTC)) == ["Quiet", "Spoke"]


def test_what_falls_into_a_pause_is_not_caught_up(manager: User) -> None:
    reader(name="Ada", birthday=date(1990, 3, 11))
    outreach = switched_on(manager, MORNING, moment="birthday")
    actions.pause_outreach(outreach=outreach, by=manager)
    assert names(outreach, MORNING + timedelta(days=1)) == []
    with clock_at(MORNING + timedelta(days=2)):
        actions.send_outreach(outreach=outreach, by=manager)
    assert names(outreach, MORNING + timedelta(days=2)) == []
    with pytest.raises(actions.NotADraft):
        actions.send_outreach(outreach=outreach, by=manager)
