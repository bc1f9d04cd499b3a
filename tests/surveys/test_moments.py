"""Moments that are asked about: after a purchase, a contract's start, and in rounds; each once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Customer, Segment, Tenure
from staff.models import Business
from surveys.actions import asking, delivering
from surveys.actions.surveys import stock_survey
from surveys.models import AskingRules, Invitation, Skip, SurveyTrigger
from surveys.moments import KINDS, relational
from tests.factories import (
    ContractFactory,
    CustomerFactory,
    InvitationFactory,
    OrderFactory,
    TenureSpanFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("business")]

Moment = SurveyTrigger.Moment
# A Wednesday at noon in São Paulo.
NOON = datetime(2026, 9, 16, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def a_trigger(moment: str, **values: Any) -> SurveyTrigger:
    """In use for a year by NOON."""
    usual = {"after_days": 7, "every_months": 3, "active_since": NOON - 365 * DAY}
    return SurveyTrigger.objects.create(
        moment=moment, survey=stock_survey("nps"), **(usual | values)
    )


def a_customer(name: str = "Ada", **values: Any) -> Customer:
    email = f"{name.lower()}@example.com"
    return CustomerFactory(name=name, email=email, stage=Customer.Stage.CUSTOMER, **values)


def bought(days_ago: float, **values: Any) -> Any:
    return OrderFactory(ordered_at=NOON - days_ago * DAY, **values)


def reasons() -> list[str]:
    return list(Skip.objects.order_by("pk").values_list("reason", flat=True))


def test_a_purchase_is_asked_about_after_its_days_and_once() -> None:
    trigger = a_trigger(Moment.ORDERED)
    ada = a_customer(language="es")
    order = bought(8, customer=ada)
    bought(6, customer=ada)

    assert asking.ask_about(trigger.pk, NOON) == 1
    assert asking.ask_about(trigger.pk, NOON) == 0

    invitation = Invitation.objects.get()
    assert (invitation.subject_model, invitation.subject_id) == ("crm.order", order.pk)
    assert (invitation.customer, invitation.language, invitation.due_at) == (ada, "es", NOON)
    assert invitation.run.invited == 1


def test_what_was_given_back_refunds_and_what_was_before_are_not_asked_about() -> None:
    trigger = a_trigger(Moment.ORDERED, active_since=NOON - 20 * DAY)
    back, kept = a_customer("Back"), a_customer("Kept")
    bought(9, customer=back)
    bought(3, customer=back, total=Decimal("-100.00"))
    bought(9, customer=kept)
    bought(3, customer=kept, total=Decimal("-30.00"))
    bought(21, customer=a_customer("Before"))

    assert asking.ask_about(trigger.pk, NOON) == 2

    assert reasons() == [Skip.Reason.SUBJECT_GONE]
    assert Invitation.objects.get().customer == kept


def test_an_import_of_the_past_asks_nobody_and_one_of_today_does() -> None:
    trigger = a_trigger(Moment.ORDERED, active_since=NOON)
    for days in (1, 30, 300):
        bought(
            days, customer=a_customer(f"Past{days}"), external_source="shop", external_id=str(days)
        )
    today = bought(0, customer=a_customer(), external_source="shop", external_id="new")
    today.ordered_at = NOON + timedelta(hours=1)
    today.save()

    assert asking.ask_about(trigger.pk, NOON + 8 * DAY) == 1
    assert Invitation.objects.get().subject_id == today.pk


def test_what_is_deleted_before_its_mail_left_is_called_back() -> None:
    trigger = a_trigger(Moment.ORDERED, active_since=timezone.now() - 60 * DAY)
    order = OrderFactory(customer=a_customer(), ordered_at=timezone.now() - 8 * DAY)
    asking.ask_about(trigger.pk)
    delivering.queue_batch()
    assert asking.call_back(KINDS[Moment.ORDERED]) == 0

    order.delete()

    assert asking.call_back(KINDS[Moment.ORDERED]) == 1
    assert Invitation.objects.get().state == Invitation.State.CANCELLED


def test_a_contract_is_asked_about_unless_it_renews_or_was_cancelled() -> None:
    trigger = a_trigger(Moment.CONTRACT_STARTED, after_days=14)
    start = date(2026, 9, 1)
    new = ContractFactory(customer=a_customer("New"), starts_on=start)
    ContractFactory(customer=a_customer("Left"), starts_on=start, cancelled_on=date(2026, 9, 5))
    renewal = ContractFactory(customer=a_customer("Stays"), starts_on=start)
    ContractFactory(
        customer=renewal.customer, starts_on=date(2025, 9, 1), ends_on=start, renewed_by=renewal
    )
    ContractFactory(customer=a_customer("Fresh"), starts_on=date(2026, 9, 3))

    asking.ask_about(trigger.pk, NOON)

    assert Invitation.objects.get().subject_id == new.pk
    assert reasons() == [Skip.Reason.SUBJECT_GONE]


def test_each_trigger_asks_by_its_own_segment_and_skips_say_why() -> None:
    segment = Segment.objects.create(name="Warm", query="stage=lead")
    trigger = a_trigger(Moment.ORDERED, segment=segment)
    bought(8, customer=a_customer("Customer"))
    bought(8, customer=CustomerFactory(name="Silent"))
    bought(8, customer=CustomerFactory(name="Lead", email="lead@example.com"))

    assert asking.ask_about(trigger.pk, NOON) == 2

    assert Invitation.objects.get().customer.name == "Lead"
    assert reasons() == [Skip.Reason.NO_EMAIL]


def test_who_was_asked_lately_is_skipped_until_when() -> None:
    trigger = a_trigger(Moment.ORDERED)
    asked = InvitationFactory(created_at=NOON - 3 * DAY)
    bought(8, customer=asked.customer)

    asking.ask_about(trigger.pk, NOON)

    skip = Skip.objects.get()
    assert (skip.reason, skip.until) == (Skip.Reason.THROTTLED, NOON + 27 * DAY)


def test_whoever_another_tool_asked_is_left_in_peace_too() -> None:
    trigger = a_trigger(Moment.ORDERED)
    asked = InvitationFactory(
        created_at=NOON - 3 * DAY, state=Invitation.State.ELSEWHERE, token_hash=""
    )
    bought(8, customer=asked.customer)
    asking.ask_about(trigger.pk, NOON)
    assert reasons() == [Skip.Reason.THROTTLED]


def test_caps_put_off_to_the_following_days_and_drop_only_what_is_too_late() -> None:
    trigger = a_trigger(Moment.ORDERED, daily_cap=1)
    AskingRules.objects.update(quiet_until=9, quiet_from=20, asks_on_weekends=False)
    for number in range(14):
        bought(7.5, customer=a_customer(f"C{number}"))

    asking.ask_about(trigger.pk, NOON)

    days = [one.due_at.date() for one in Invitation.objects.order_by("due_at")]
    assert days[:4] == [date(2026, 9, day) for day in (16, 17, 18, 21)]
    assert len(set(days)) == len(days) == 10
    assert reasons() == [Skip.Reason.CAPPED] * 4


def test_the_cap_of_all_counts_what_other_triggers_ask() -> None:
    AskingRules.objects.update(daily_cap=2)
    first, second = a_trigger(Moment.ORDERED), a_trigger(Moment.CONTRACT_STARTED)
    for number in range(2):
        bought(7.5, customer=a_customer(f"O{number}"))
    ContractFactory(customer=a_customer("Contract"), starts_on=date(2026, 9, 9))

    asking.ask_about(first.pk, NOON)
    asking.ask_about(second.pk, NOON)

    assert Invitation.objects.get(trigger=second).due_at.date() == date(2026, 9, 17)


# --- Rounds ---------------------------------------------------------------------------------


def test_a_round_asks_each_customer_once_and_as_many_every_working_day(business: Business) -> None:
    AskingRules.objects.update(quiet_until=9, quiet_from=20, asks_on_weekends=False)
    trigger = a_trigger(Moment.RELATIONAL, every_months=1, active_since=NOON)
    period = relational.period_of(trigger, business, NOON.date())
    assert period is not None
    assert (period.first, period.end) == (date(2026, 9, 16), date(2026, 10, 16))
    # Neither weekends nor the holiday of Our Lady Aparecida.
    assert date(2026, 10, 12) not in period.days
    assert all(day.weekday() < 5 for day in period.days)

    by_day = Counter(period.day_of(pk) for pk in range(5000, 5000 + 100 * len(period.days)))

    assert set(by_day) == set(period.days)
    assert max(by_day.values()) - min(by_day.values()) <= 4
    for day in period.days:
        first, end = period.places_of(day)
        assert {
            period.day_of(pk) for pk in range(1, 3000) if first <= relational.place_of(pk) < end
        } <= {day}


def test_customers_are_asked_on_their_day_and_again_in_the_next_round(business: Business) -> None:
    trigger = a_trigger(Moment.RELATIONAL, every_months=3, active_since=NOON)
    ada = a_customer()
    CustomerFactory(name="Lead", email="lead@example.com")
    first = relational.period_of(trigger, business, NOON.date())
    assert first is not None
    day = first.day_of(ada.pk)
    noon = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    assert relational.next_day_of(trigger, business, ada.pk, now=NOON) == day

    assert asking.ask_about(trigger.pk, noon - DAY) == 0
    assert asking.ask_about(trigger.pk, noon) == 1
    assert asking.ask_about(trigger.pk, noon + DAY) == 0

    invitation = Invitation.objects.get()
    assert (invitation.subject_model, invitation.occurrence) == ("crm.customer", first.occurrence)
    following = relational.next_day_of(trigger, business, ada.pk, now=noon + DAY)
    assert following is not None
    assert following >= first.end
    Invitation.objects.update(state="queued", due_at=noon)
    assert asking.ask_about(trigger.pk, noon + (following - day)) == 1
    assert Invitation.objects.count() == 2


def test_who_came_a_week_ago_waits_for_the_next_round(business: Business) -> None:
    trigger = a_trigger(Moment.RELATIONAL, active_since=NOON)
    ada = a_customer()
    period = relational.period_of(trigger, business, NOON.date())
    assert period is not None
    day = period.day_of(ada.pk)
    noon = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    TenureSpanFactory(customer=ada, started_at=noon - 7 * DAY)
    assert Tenure.objects.filter(customer=ada, ended_at=None).exists()

    assert asking.ask_about(trigger.pk, noon) == 0

    following = relational.next_day_of(trigger, business, ada.pk, now=noon)
    assert following is not None
    assert following >= period.end


def test_a_trigger_that_was_paused_does_not_ask_the_same_people_sooner(business: Business) -> None:
    trigger = a_trigger(Moment.RELATIONAL, every_months=6, active_since=NOON - 40 * DAY)
    ada = a_customer()
    InvitationFactory(
        customer=ada,
        contact=ada.contacts.get(),
        survey=trigger.survey,
        created_at=NOON - 35 * DAY,
        trigger=trigger,
        subject_model="crm.customer",
        subject_id=ada.pk,
        occurrence=1,
    )
    SurveyTrigger.objects.filter(pk=trigger.pk).update(active_since=NOON)
    trigger.refresh_from_db()
    day = relational.next_day_of(trigger, business, ada.pk, now=NOON)
    assert day is not None
    at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)

    assert asking.ask_about(trigger.pk, at) == 1

    asked_lately = at < NOON + 115 * DAY
    assert bool(reasons()) == asked_lately


@pytest.mark.parametrize("moment", [Moment.ORDERED, Moment.CONTRACT_STARTED])
def test_queries_do_not_grow_with_the_moments(
    moment: str, django_assert_max_num_queries: Any
) -> None:
    trigger = a_trigger(moment)
    for number in range(12):
        customer = a_customer(f"C{number}")
        bought(8, customer=customer)
        ContractFactory(customer=customer, starts_on=date(2026, 9, 8))
    with django_assert_max_num_queries(24):
        assert asking.ask_about(trigger.pk, NOON) == 12
    assert Invitation.objects.count() == 12
