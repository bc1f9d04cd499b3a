"""Before and after: equal windows, a difference told where there is one, and seldom where there is none."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains

from metrics import before_after, formulas, periods
from metrics.before_after import LEAST, TAIL, USUAL, Length, Sides
from metrics.definitions import find
from metrics.demo.loading import Loader
from metrics.formulas import Result
from metrics.formulas.change import Verdict, proportions
from metrics.models import Annotation, Grain
from staff.models import Business
from surveys.actions.surveys import stock_survey
from surveys.models import Response
from tests.factories import CustomerFactory, ResponseFactory

ZONE = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
MONDAY = date(2026, 3, 2)


def sides(on: date, length: Length = USUAL, now: datetime = NOW) -> Sides | None:
    return before_after.sides(on, length, zone=ZONE, now=now)


# --- The windows ----------------------------------------------------------------------------------


def test_windows_are_whole_weeks_of_equal_number_on_either_side() -> None:
    found = sides(MONDAY, Length(Grain.WEEK, 4))
    assert found
    assert (found.before.starts_on, found.before.ends_on) == (date(2026, 2, 2), MONDAY)
    assert (found.after.starts_on, found.after.ends_on) == (MONDAY, date(2026, 3, 30))


def test_the_week_in_which_it_happened_is_in_neither() -> None:
    found = sides(MONDAY + timedelta(days=2), Length(Grain.WEEK, 4))
    assert found
    assert (found.before.ends_on, found.after.starts_on) == (MONDAY, date(2026, 3, 9))


def test_months_are_whole_months() -> None:
    found = sides(date(2026, 3, 15), Length(Grain.MONTH, 3))
    assert found
    assert (found.before.starts_on, found.before.ends_on) == (date(2025, 12, 1), date(2026, 3, 1))
    assert (found.after.starts_on, found.after.ends_on) == (date(2026, 4, 1), date(2026, 7, 1))


def test_while_time_is_short_both_sides_are_shorter() -> None:
    found = sides(date(2026, 6, 22))
    assert found
    assert found.length == Length(Grain.WEEK, 2)
    assert found.before.starts_on == date(2026, 6, 8)
    assert sides(date(2026, 7, 6)) is None
    assert before_after.ready_on(date(2026, 7, 8), USUAL, zone=ZONE) == date(2026, 7, 20)


# --- False alarms ---------------------------------------------------------------------------------


def chances(n: int, share: float) -> list[float]:
    return [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]


@pytest.mark.parametrize(("n", "m"), [(LEAST, LEAST), (LEAST, 45), (50, 50), (40, 120)])
def test_equal_shares_are_told_apart_in_at_most_five_of_a_hundred(n: int, m: int) -> None:
    """Not simulated, but added up exactly over all that can happen."""
    told = [
        [proportions((a, n), (b, m), TAIL).is_significant for b in range(m + 1)]
        for a in range(n + 1)
    ]
    for share in (0.01, 0.03, 0.1, 0.2, 0.35, 0.5):
        now, before = chances(n, share), chances(m, share)
        alarms = sum(now[a] * before[b] for a in range(n + 1) for b in range(m + 1) if told[a][b])
        assert alarms <= 0.05, share


def nps(random: Random, n: int) -> Result:
    return formulas.nps(histogram(random.choices(range(11), WEIGHTS, k=n)), invalid=0)


def csat(random: Random, n: int) -> Result:
    return formulas.csat(histogram(random.choices(range(1, 6), (1, 1, 2, 5, 6), k=n)))


def ces(random: Random, n: int) -> Result:
    return formulas.ces(histogram(random.choices(range(1, 8), (1, 1, 2, 3, 5, 6, 4), k=n)))


WEIGHTS = (2, 0, 1, 1, 1, 3, 4, 9, 14, 18, 20)


def histogram(scores: Sequence[int]) -> dict[int, int]:
    return {score: scores.count(score) for score in sorted(set(scores))}


@pytest.mark.parametrize("together", [1, 3])
def test_where_nothing_changed_few_comparisons_tell_a_difference(together: int) -> None:
    """Of two thousand comparisons, each of one figure or of three that are looked at together."""
    random = Random(2026)
    kinds = {"nps": nps, "csat": csat, "ces": ces}
    names = list(kinds)[:together]
    alarms = 0
    rounds = 2000
    for _ in range(rounds):
        n, m = random.randrange(LEAST, 150), random.randrange(LEAST, 150)
        alarms += any(
            before_after.change(
                find(name),
                kinds[name](random, n),
                kinds[name](random, m),
                TAIL / together,
            ).is_significant
            for name in names
        )
    assert alarms / rounds <= 0.05


def test_a_true_difference_is_told_and_which_way() -> None:
    before, after = csat_of(60, 100), csat_of(85, 100)
    change = before_after.change(find("csat"), before, after, TAIL)
    assert change.verdict is Verdict.UP
    assert change.difference == Fraction(1, 4)
    assert change.interval
    assert 0 < change.interval[0] < 0.25 < change.interval[1]


def csat_of(satisfied: int, n: int) -> Result:
    return formulas.csat({5: satisfied, 1: n - satisfied})


def test_a_handful_is_no_test() -> None:
    change = before_after.change(find("csat"), csat_of(2, 20), csat_of(19, 20), TAIL)
    assert change.verdict is Verdict.UNTESTED
    assert change.interval is None


def test_a_few_answers_are_no_score_on_either_side(business: Business) -> None:
    for score, days in ((1, -9), (5, 2), (5, 3), (5, 4), (5, 5), (5, 6)):
        when = datetime(2026, 3, 2, 15, tzinfo=UTC) + timedelta(days=days)
        ResponseFactory(kind="csat", score=score, answered_at=when)
    found = sides(MONDAY)
    assert found
    [one] = before_after.compared([find("csat")], found, now=NOW)
    assert (one.before.value, one.before.n, one.after.value) == (None, 1, 1)
    assert one.has_few
    assert one.change.difference is None


# --- Through the tables ---------------------------------------------------------------------------


@pytest.fixture
def answers(business: Business) -> None:
    """A year of twelve answers a week: alike until the second of March, better since."""
    random = Random(1)
    survey = stock_survey("csat")
    customers = [CustomerFactory() for _ in range(12)]
    first = datetime(2025, 7, 7, 15, tzinfo=UTC)
    rows = []
    for week in range(52):
        monday = first + timedelta(weeks=week)
        good = 0.9 if monday.date() >= MONDAY else 0.6
        rows += [
            Response(
                survey=survey,
                kind="csat",
                customer=one,
                score=5 if random.random() < good else 2,
                answered_at=monday + timedelta(days=random.randrange(7)),
                origin=Response.Origin.MAIL_LINK,
            )
            for one in customers
        ]
    Response.objects.bulk_create(rows)


def test_what_changed_is_told_and_what_did_not_is_not(answers: None) -> None:
    helped = Annotation(on=MONDAY, title="helped", kpis=["csat"])
    found = sides(MONDAY)
    assert found
    [difference] = before_after.differences(helped, found, now=NOW)
    assert (difference.before.n, difference.after.n) == (156, 156)
    assert difference.is_better is True

    mondays = [date(2025, 8, 11) + timedelta(weeks=week) for week in range(24)]
    alarms = 0
    for monday in mondays:
        placebo = Annotation(on=monday, title="did not", kpis=["csat"])
        around = sides(monday, Length(Grain.WEEK, 4))
        assert around
        [one] = before_after.differences(placebo, around, now=NOW)
        alarms += one.change.is_significant
    assert alarms <= 1


def test_the_page_says_it_in_words(answers: None, agent_client: Client) -> None:
    helped = Annotation.objects.create(on=MONDAY, title="We ring after repairs", kpis=["csat"])
    response = agent_client.get(f"/annotations/{helped.pk}/?windows=week-8")
    assertContains(response, "Higher afterwards")
    assertContains(response, "Association, not cause")
    assertContains(response, "8 weeks before it")
    early = Annotation.objects.create(on=timezone.localdate(), title="Today")
    assertContains(agent_client.get(f"/annotations/{early.pk}/"), "It is too early to compare")
    # Of all figures: those with a test, each within wider intervals.
    everything = Annotation.objects.create(on=MONDAY, title="Moved", kpis=[])
    assertContains(agent_client.get(f"/annotations/{everything.pk}/"), "Higher afterwards")


def test_in_the_demo_shorter_invitations_helped_and_coffee_did_not(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    Loader(200, 2, 1, lambda _line: None).load()
    zone = Business.objects.get().zone
    told = {}
    for one in Annotation.objects.all():
        around = before_after.sides(one.on, USUAL, zone=zone, now=NOW)
        assert around
        assert around.length == USUAL
        found = before_after.differences(one, around, now=NOW)
        told[one.title] = {each.definition.kpi: each.is_better for each in found}
    assert told["Invitaciones más cortas, firmadas por Aurora"] == {"response_rate": True}
    assert set(told["Café para quien espera"].values()) == {None}
    assert periods.local_day(NOW, zone) > date(2026, 7, 1)
