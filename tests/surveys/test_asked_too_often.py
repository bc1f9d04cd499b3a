"""Nobody is asked more often than the rules allow, whatever is sent, set, merged and waited for.

The oracle knows nothing of how it is done: it writes down whom each invitation reached and when, and
by which rules, and looks at every two of one person.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from crm.actions.contact_merging import merge_contacts
from crm.actions.merging import merge_customers
from crm.models import Affiliation, Contact, Customer
from staff.models import Business, User
from staff.refusals import Refusal
from support.actions import states
from surveys.actions import asking, delivering, reminding, sending
from surveys.actions.surveys import stock_survey
from surveys.audience import Audience
from surveys.models import AskingRules, Invitation, Survey, SurveyTrigger
from tests.factories import (
    ContactFactory,
    ContractFactory,
    CustomerFactory,
    OpenedTicketFactory,
    OrderFactory,
)

START = datetime(2026, 9, 16, 15, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEP = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 2)),
    st.tuples(st.just("happen"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 13, 23, 24, 25, 60, 100, 200, 400, 800])),
    st.tuples(st.just("work"), st.just(0)),
    st.tuples(st.just("work"), st.just(0)),
    st.tuples(st.just("pause"), st.sampled_from([0, 1, 2, 7, 30])),
    st.tuples(st.just("pause_kind"), st.sampled_from([0, 1, 10, 40])),
    st.tuples(st.just("pause_survey"), st.sampled_from([0, 2, 50])),
    st.tuples(st.just("limit"), st.integers(1, 3)),
    st.tuples(st.just("merge"), st.integers(0, 5)),
    st.tuples(st.just("merge_people"), st.integers(0, 5)),
)


@dataclass(frozen=True)
class Reached:
    """One asking as it left, and what had to lie before it."""

    invitation: int
    at: datetime
    survey: int
    kind: str
    between_any: timedelta
    of_kind: timedelta
    of_survey: timedelta

    def least_after(self, earlier: Reached) -> timedelta:
        least = max(DAY, self.between_any)
        if earlier.kind == self.kind:
            least = max(least, self.of_kind)
        if earlier.survey == self.survey:
            least = max(least, self.of_survey)
        return least


@dataclass
class Shop:
    """A few customers, one human of two of them, and a trigger for each moment."""

    by: User
    now: datetime = START
    reached: dict[int, Reached] = field(default_factory=dict)
    sent: int = 0

    def __post_init__(self) -> None:
        self.surveys = [stock_survey(kind) for kind in Survey.Kind.values]
        for number in range(3):
            name = f"c{number}"
            CustomerFactory(name=name, email=f"{name}@example.com", stage="customer")
        both = Customer.objects.get(name="c0").contacts.get()
        other = CustomerFactory(name="c3", stage="customer")
        Affiliation.objects.create(customer=other, contact=both, is_primary=True)
        ContactFactory(customer=other)
        SurveyTrigger.objects.all().delete()
        for number, moment in enumerate(SurveyTrigger.Moment.values):
            SurveyTrigger.objects.create(
                moment=moment,
                survey=self.surveys[number % 3],
                after_hours=24,
                after_days=1,
                every_months=1,
                active_since=START - DAY,
            )

    def act(self, step: str, number: int) -> None:
        getattr(self, step)(number)
        self.look()

    def customer(self, number: int) -> Customer:
        customers = list(Customer.objects.order_by("pk"))
        return customers[number % len(customers)]

    def send(self, number: int) -> None:
        self.sent += 1
        sending.send_survey(
            survey=Survey.objects.get(pk=self.surveys[number].pk),
            audience=Audience(tuple(Customer.objects.values_list("pk", flat=True))),
            once_key=f"send {self.sent}",
            by=self.by,
            now=self.now,
        )

    def happen(self, number: int) -> None:
        customer = self.customer(number)
        OrderFactory(customer=customer, ordered_at=self.now)
        ContractFactory(customer=customer, starts_on=self.now.date())
        contact = customer.contacts.order_by("pk").first()
        ticket = OpenedTicketFactory(customer=customer, contact=contact, at=self.now)
        states.resolve(ticket=ticket, by=self.by, at=self.now)

    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    def work(self, _number: int) -> None:
        """As the sweep does; what has left has arrived."""
        for trigger in SurveyTrigger.objects.order_by("pk"):
            while asking.ask_about(trigger.pk, self.now):
                pass
        while delivering.queue_batch(now=self.now):
            pass
        reminding.remind_batch(self.now)

    def pause(self, days: int) -> None:
        Business.objects.update(survey_pause_days=days)

    def pause_kind(self, days: int) -> None:
        AskingRules.objects.update(nps_pause_days=days, csat_pause_days=days)

    def pause_survey(self, days: int) -> None:
        Survey.objects.filter(kind="ces").update(throttle_days=days)

    def limit(self, number: int) -> None:
        """Few a day, and quiet hours."""
        AskingRules.objects.update(quiet_until=9, quiet_from=18, daily_cap=number)

    def merge(self, number: int) -> None:
        with suppress(Refusal), transaction.atomic():
            merge_customers(winner=self.customer(number), loser=self.customer(number + 1), by=None)

    def merge_people(self, number: int) -> None:
        several = [one for one in Customer.objects.order_by("pk") if one.contacts.count() > 1]
        if several:
            customer = several[number % len(several)]
            winner, loser = customer.contacts.order_by("pk")[:2]
            with suppress(Refusal), transaction.atomic():
                merge_contacts(winner=winner, loser=loser, by=None)

    def look(self) -> None:
        """What has left since, and whether any two of one person are too near."""
        business, rules = Business.objects.get(), AskingRules.objects.get()
        kinds = {
            "nps": rules.nps_pause_days,
            "csat": rules.csat_pause_days,
            "ces": rules.ces_pause_days,
        }
        gone = Invitation.objects.filter(state="queued").select_related("survey")
        new = [one for one in gone if one.pk not in self.reached]
        for one in new:
            self.reached[one.pk] = Reached(
                one.pk,
                self.now,
                one.survey_id,
                one.survey.kind,
                business.survey_pause_days * DAY,
                kinds[one.survey.kind] * DAY,
                one.survey.throttle_days * DAY,
            )
        whose = dict(Invitation.objects.values_list("pk", "contact"))
        for one in new:
            last = self.reached[one.pk]
            for earlier in self.reached.values():
                if earlier.invitation == one.pk or whose[earlier.invitation] != one.contact_id:
                    continue
                apart = last.at - earlier.at
                assert apart >= last.least_after(earlier), (earlier, last)


@pytest.mark.django_db
@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# What waits for its mail when the rules become stricter.
@example(
    steps=[
        ("pause", 1),
        ("pause_kind", 1),
        ("send", 0),
        ("work", 0),
        ("wait", 25),
        ("send", 1),
        ("pause", 30),
    ]
)
@given(steps=st.lists(STEP, min_size=6, max_size=16))
def test_nobody_is_asked_more_often_than_allowed(
    business: Business, manager: User, steps: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        shop = Shop(manager)
        for step in steps:
            shop.act(*step)
        shop.work(0)
        shop.look()
        transaction.set_rollback(True)
    assert Contact.objects.count() == 0
