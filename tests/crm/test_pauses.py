"""Pauses between purchases: how they are counted, and how the silence rule follows them."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from crm import actions, pauses, silence, tasks
from crm.actions.silence import EVER, TooFewPauses
from crm.models import Customer, Order, Pauses, SilenceRule
from staff.models import AuditEntry, Business, User
from tests.factories import ContractFactory, CustomerFactory

URL = reverse("crm:silence")


def buys(*days_ago: float, total: int = 10) -> Customer:
    """A customer who bought so many days ago; nothing is derived from it."""
    customer: Customer = CustomerFactory()
    now = timezone.now()
    Order.objects.bulk_create(
        Order(customer=customer, ordered_at=now - timedelta(days=days), total=total, currency="EUR")
        for days in days_ago
    )
    return customer


def pausing(lengths: Sequence[int], quiet: float = 0.5) -> None:
    """A customer for each length, who paused once for so long."""
    for length in lengths:
        buys(quiet + length, quiet)


def test_pauses_are_those_between_purchases_of_one_customer(business: Business) -> None:
    buys(30.5, 20, 19.9999, 1)
    buys(100)
    buys(50, 40, total=-10)  # refunds are no purchases
    buys(5, -5)  # nor is what is still to come

    assert pauses.lasted(timezone.now()) == [(1, 1), (11, 1), (19, 1)]


def test_nine_in_ten_were_over_by_the_suggested_day() -> None:
    assert pauses.suggested([(5, 99)]) is None
    assert pauses.suggested([(5, 90), (40, 10)]) == 5
    assert pauses.suggested([(5, 89), (40, 11)]) == 40
    assert pauses.suggested([(0, 100)]) == 1
    assert pauses.suggested([(9000, 100)]) == pauses.MOST_DAYS


def test_who_would_have_been_lost_and_who_came_back(business: Business) -> None:
    buys(200, 100, 10)  # paused for 100 and 90 days
    buys(90.5)  # quiet since
    buys(40, 5)
    buys(95, 90, 60.5)
    buys(30, 0.1)

    assert pauses.losses([30, 90, 100, 365], timezone.now()) == [
        (30, 4, 2),
        (90, 2, 1),
        (100, 0, 0),
        (365, 0, 0),
    ]
    assert pauses.losses([30], timezone.now() - timedelta(days=300)) == [(30, 0, 0)]


def test_a_business_that_never_chose_follows_its_own_pauses(business: Business) -> None:
    tasks.count_pauses()
    assert not SilenceRule.objects.exists()  # too few to tell: 180

    pausing([20] * 95 + [60] * 5)
    long_gone = buys(500, 490)
    tasks.count_pauses()

    [rule] = SilenceRule.objects.all()
    assert (rule.since, rule.days, rule.follows, rule.by) == (EVER, 20, True, None)
    tasks.sweep_stages()
    assert long_gone.tenures.get().ended_at is not None
    assert pauses.rule_on(date(1999, 1, 1)) == 20
    entry = AuditEntry.objects.get(action="silence_rule.set")
    assert entry.changes["days"] == [None, 20]


def test_a_change_that_matters_holds_from_its_own_day_on(business: Business) -> None:
    SilenceRule.objects.create(since=EVER, days=60, follows=True)
    pausing([61] * 100)
    tasks.count_pauses()
    assert SilenceRule.objects.count() == 1  # a day more is no reason for a step in every chart

    pausing([90] * 100)
    tasks.count_pauses()
    tasks.count_pauses()

    today = timezone.localdate()
    assert list(SilenceRule.objects.values_list("since", "days")) == [(EVER, 60), (today, 90)]
    assert pauses.rule_on(today - timedelta(days=1)) == 60
    pausing([200] * 1000)
    tasks.count_pauses()
    assert SilenceRule.objects.count() == 2  # not every night


def test_what_a_person_chose_stays(business: Business, manager: User) -> None:
    actions.set_silence_rule(since=date(2020, 1, 1), days=45, by=manager)
    pausing([20] * 100)

    tasks.count_pauses()

    assert SilenceRule.objects.get().days == 45
    assert Pauses.objects.get().days == 20
    rule = actions.follow_from_now_on(by=manager)
    assert (rule.days, rule.since, rule.by) == (20, timezone.localdate(), manager)


def test_too_few_pauses_are_not_followed(
    business: Business, manager: User, manager_client: Client
) -> None:
    with pytest.raises(TooFewPauses):
        actions.follow_from_now_on(by=manager)
    response = manager_client.post(reverse("crm:silence-follow"), follow=True)
    assertContains(response, "made too few pauses yet")


def test_before_the_first_rule_a_silence_is_180_days(business: Business) -> None:
    customer = buys(600, 300)
    SilenceRule.objects.create(since=timezone.localdate() - timedelta(days=350), days=30)

    tasks.apply_silence_rules()

    lasted = [one.ended_at - one.started_at for one in customer.tenures.order_by("started_at")]
    assert lasted == [timedelta(days=180), timedelta(days=30)]


def test_everyone_sees_the_pauses_and_managers_decide(
    read_only_client: Client, manager_client: Client
) -> None:
    assertContains(read_only_client.get(URL), "are counted every night")
    pausing([20] * 95 + [60] * 5)
    ContractFactory(customer=buys(500, 100))

    assert manager_client.post(reverse("crm:silence-count")).status_code == 302
    tasks.count_pauses()
    page = manager_client.get(URL)
    assertContains(page, "Nine in ten were over within 20 days")
    assertContains(page, "101 pauses")
    assertContains(page, "suggested")
    assertContains(page, "From the beginning")
    assertContains(page, "The rule follows your own customers")
    assertNotContains(page, reverse("crm:silence-follow"))

    actions.set_silence_rule(since=timezone.localdate(), days=90, by=None)
    assertContains(manager_client.get(URL), reverse("crm:silence-follow"))
    assertNotContains(read_only_client.get(URL), reverse("crm:silence-follow"))
    manager_client.post(reverse("crm:silence-follow"))
    assertContains(manager_client.get(URL), "The rule follows your own customers")


def test_shares_add_up(business: Business) -> None:
    pausing([5] * 60 + [100] * 60)
    counted = actions.count_pauses()

    assert sum(bucket.count for bucket in silence.buckets(counted)) == counted.count == 120
    [thirty] = [choice for choice in silence.choices(counted) if choice.days == 30]
    assert (thirty.longer, thirty.lost, thirty.again, thirty.false_lost) == (60, 60, 60, 1.0)
