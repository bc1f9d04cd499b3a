"""How much the business listens: worked by hand, from the tables, with the rows behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from crm.models import Customer
from metrics import actions, reading
from metrics.definitions import find
from metrics.formulas import RatioSums
from metrics.formulas.listening import Spoken, Talked, contact_frequency, unanswered_feedback
from metrics.models import Grain, Snapshot, Training, TrainingHours
from metrics.periods import Period, containing
from staff.access import Role
from staff.models import Business, User
from tests.factories import (
    CostFactory,
    CustomerFactory,
    InteractionFactory,
    InvitationFactory,
    ResponseFactory,
    TenureSpanFactory,
    TicketFactory,
    UserFactory,
)
from tests.metrics.asking import measured

UTC_ZONE = ZoneInfo("UTC")
JUNE = Period(date(2026, 6, 1), date(2026, 7, 1), UTC_ZONE)


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def customer(since: datetime | None = None, until: datetime | None = None) -> Customer:
    made: Customer = CustomerFactory(created_at=since or at(1, 1))
    TenureSpanFactory(customer=made, started_at=since or at(1, 1), ended_at=until)
    return made


def said(customer: Customer, when: datetime, direction: str = "in", **values: str) -> None:
    InteractionFactory(customer=customer, occurred_at=when, direction=direction, **values)


# --- Contact ----------------------------------------------------------------------------------


def test_contact_is_counted_by_customer_and_month() -> None:
    one, two, _three = customer(), customer(), customer()
    lead: Customer = CustomerFactory()
    said(one, at(6, 2))
    said(one, at(6, 3), "out", kind="email")
    said(one, at(6, 4), "out", kind="email", channel="whatsapp")
    said(two, at(6, 5), "out", kind="survey_invitation")
    said(two, at(6, 6), "", kind="note")  # passed nobody
    said(two, at(7, 1, 0))  # after the period
    said(lead, at(6, 5))  # no customer

    result = measured("contact_frequency", JUNE)

    assert result.value == Fraction(4, 3)
    assert (result.parts["from_them"], result.parts["from_us"]) == (1, 3)
    assert result.parts["by_channel"] == {
        "call": 1,
        "email": 1,
        "survey_invitation": 1,
        "whatsapp": 1,
    }
    sums = RatioSums(n=3, x=Fraction(4), y=Fraction(3), xx=9 + 1, xy=4, yy=3)
    assert result.ci == pytest.approx(sums.interval())
    quarter = Period(date(2026, 4, 1), date(2026, 7, 1), UTC_ZONE)
    assert measured("contact_frequency", quarter).value == Fraction(4, 9)


def test_without_customers_contact_is_undefined() -> None:
    assert measured("contact_frequency", JUNE).status == "no_customers_served"
    assert contact_frequency(Talked(), served=2, months=Fraction(1)).value == 0


def test_who_was_asked_in_twelve_months() -> None:
    asked, answered, long_ago, bounced, _never = (customer() for _ in range(5))
    InvitationFactory(customer=asked, created_at=at(1, 5))
    InvitationFactory(customer=asked, created_at=at(6, 5))
    ResponseFactory(customer=answered, answered_at=at(6, 5))
    ResponseFactory(customer=answered, answered_at=at(6, 6), kind="csat", score=4)
    InvitationFactory(customer=long_ago, created_at=datetime(2025, 6, 30, 23, tzinfo=UTC))
    InvitationFactory(customer=bounced, created_at=at(3, 1), bounced_at=at(3, 1))

    result = measured("listening_coverage", JUNE)

    assert (result.numerator, result.denominator) == (1, 5)
    assert result.parts == {"answered": 1, "answered_share": Fraction(1, 5)}


def test_the_silent_are_those_with_whom_nothing_passed() -> None:
    spoken, written, noted, gone = customer(), customer(), customer(), customer(until=at(6, 2))
    said(spoken, at(4, 2, 0))  # the first instant of the ninety days
    said(written, at(6, 2), "out", kind="outreach")  # leaves by itself
    said(noted, at(6, 2), "", kind="note")
    said(gone, at(4, 1))

    result = measured("silent_customers", JUNE)

    assert result.value == 3
    assert result.parts == {"served": 4, "silent_share": Fraction(3, 4)}
    assert measured("silent_customers", JUNE, days="91").value == 2
    assert measured("silent_customers", JUNE, days="60").value == 4


def test_what_looks_back_over_months_is_kept_by_month() -> None:
    customer()
    actions.refresh(now=at(8, 2))
    kept = set(Snapshot.objects.filter(kpi="silent_customers").values_list("grain", flat=True))
    assert kept == {"month", "quarter", "year"}
    day = containing(date(2026, 6, 3), Grain.DAY, UTC_ZONE)
    tile = reading.tile(find("silent_customers"), day, now=at(8, 2))
    assert tile.point.status == "only_by_month"
    # Asked for on its own page it is measured all the same.
    until = day.ends_on
    charted = reading.charted(
        find("silent_customers"), day, Grain.DAY, day.starts_on, until, now=at(8, 2)
    )
    assert charted.tile.point.value == 1


def test_contact_told_later_ends_a_silence_of_months_after_it() -> None:
    one = customer()
    actions.refresh(now=at(11, 2))
    assert _stored("silent_customers", "2026-07-01").numerator == "1"
    said(one, at(5, 20))
    actions.refresh(now=at(11, 2))
    assert _stored("silent_customers", "2026-07-01").numerator == "0"
    assert _stored("silent_customers", "2026-08-01").numerator == "1"
    assert _stored("contact_frequency", "2026-05-01").numerator == "1"


def _stored(kpi: str, on: str) -> Snapshot:
    return Snapshot.objects.get(kpi=kpi, grain="month", starts_on=on, is_current=True)


# --- Replies ----------------------------------------------------------------------------------


def test_feedback_and_detractors_without_a_reply() -> None:
    one, two, three = customer(), customer(), customer()
    form = {"channel": "form", "kind": "question"}
    TicketFactory(customer=one, opened_at=at(6, 1), **form)  # no reply
    TicketFactory(customer=one, opened_at=at(6, 10), first_replied_at=at(6, 12), **form)
    TicketFactory(customer=one, opened_at=at(6, 20), first_replied_at=at(6, 27), **form)  # too late
    TicketFactory(customer=two, opened_at=at(6, 2), kind="complaint")  # a call was the reply
    said(two, at(6, 5), "out")
    TicketFactory(customer=three, opened_at=at(6, 2), kind="complaint", state="spam")
    TicketFactory(customer=three, opened_at=at(6, 2), kind="question")  # help, no feedback
    ResponseFactory(customer=three, score=6, answered_at=at(6, 3))  # a survey is no reply
    said(three, at(6, 4), "out", kind="survey_invitation")
    ResponseFactory(customer=three, score=7, answered_at=at(6, 3))
    ResponseFactory(customer=two, score=0, answered_at=at(6, 28))  # its days run till 5 July

    result = measured("unanswered_feedback", JUNE)
    assert result.value == 2 + 2
    assert result.parts == {
        "complete": 6,
        "without_feedback": 2,
        "without_detractors": 2,
        "pending": 0,
    }
    sooner = measured("unanswered_feedback", JUNE, now=at(7, 1))
    assert (sooner.value, sooner.parts["pending"]) == (3, 1)


def test_no_feedback_is_undefined() -> None:
    assert measured("unanswered_feedback", JUNE).status == "no_feedback"
    assert unanswered_feedback(Spoken(pending=2)).status == "no_complete_feedback"
    assert unanswered_feedback(Spoken(complete=3)).value == 0


def test_time_and_a_late_reply_change_what_is_stored() -> None:
    one = customer()
    ResponseFactory(customer=one, score=2, answered_at=at(6, 28))
    actions.refresh(now=at(7, 1))
    assert _stored("unanswered_feedback", "2026-06-01").status == "no_complete_feedback"
    actions.refresh(now=at(7, 6))
    assert _stored("unanswered_feedback", "2026-06-01").value == 1
    said(one, at(7, 2), "out")  # made on 2 July, logged only now
    actions.refresh(now=at(7, 7))
    assert _stored("unanswered_feedback", "2026-06-01").value == 0


# --- Money and training -----------------------------------------------------------------------


def test_the_share_spent_on_the_experience() -> None:
    for purpose, amount in (("experience", 30), ("training", 20), ("service", 100)):
        CostFactory(purpose=purpose, amount=Decimal(amount), on=date(2026, 6, 3))
    CostFactory(amount=Decimal(100), on=date(2026, 6, 21), until=date(2026, 7, 11))  # half in June
    result = measured("experience_budget", JUNE)
    assert (result.numerator, result.denominator) == (50, 200)
    assert result.parts == {"on_experience": 30, "on_training": 20}
    august = Period(date(2026, 8, 1), date(2026, 9, 1), UTC_ZONE)
    assert measured("experience_budget", august).status == "no_costs"
    CostFactory(on=date(2026, 6, 5), rate=None, currency="USD")
    assert measured("experience_budget", JUNE).status == "missing_fx_rate"


def test_hours_of_training_for_each_who_meets_customers() -> None:
    User.objects.all().delete()
    assert measured("training_hours", JUNE).status == "nobody_meets_customers"
    agent, owner, late, reader = (
        UserFactory(role=role, created_at=since)
        for role, since in (
            (Role.AGENT, at(1, 1)),
            (Role.OWNER, at(1, 1)),
            (Role.AGENT, at(7, 1, 0)),
            (Role.READ_ONLY, at(1, 1)),
        )
    )
    assert measured("training_hours", JUNE).value == 0
    held = Training.objects.create(
        title="Calm", planned_on=date(2026, 6, 30), held_on=date(2026, 6, 30)
    )
    planned = Training.objects.create(title="Calmer", planned_on=date(2026, 6, 1))
    for training, person, hours in (
        (held, agent, "1.25"),
        (held, owner, "2"),
        (held, reader, "8"),
        (planned, agent, "4"),
    ):
        TrainingHours.objects.create(training=training, user=person, hours=Decimal(hours))

    result = measured("training_hours", JUNE)

    assert result.value == Fraction(13, 8)
    assert result.parts == {"people": 2, "trained": 2}
    july = Period(date(2026, 7, 1), date(2026, 8, 1), UTC_ZONE)
    assert measured("training_hours", july).denominator == 3
    assert late in [row for row, _added in _people(july)]


def _people(period: Period) -> list[tuple[User, Fraction]]:
    now = at(11, 1)
    return list(reading.rows(find("training_hours"), period, "denominator", now=now)[0])


def test_training_held_is_stored_by_its_day() -> None:
    person = UserFactory(created_at=at(1, 1))
    training = Training.objects.create(title="Calm", planned_on=date(2026, 6, 30))
    TrainingHours.objects.create(training=training, user=person, hours=Decimal(3))
    actions.refresh(now=at(8, 2))
    assert _stored("training_hours", "2026-06-01").numerator == "0"
    training.held_on = training.planned_on
    training.save()
    actions.refresh(now=at(8, 2) + timedelta(minutes=1))
    assert _stored("training_hours", "2026-06-01").numerator == "3"
    User.objects.filter(pk=person.pk).update(is_active=False)
    actions.refresh(now=at(8, 2) + timedelta(minutes=2))
    assert _stored("training_hours", "2026-06-01").value in {0, None}
