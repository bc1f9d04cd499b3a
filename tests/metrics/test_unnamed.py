"""Answers that name nobody, and reviews elsewhere: worked by hand, with the rows behind them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from metrics import reading
from metrics.definitions import find
from metrics.formulas.feeling import review_score
from metrics.periods import Period
from staff.models import Business
from surveys.models import Response, Review
from tests.factories import CustomerFactory, ResponseFactory
from tests.metrics.asking import LATER, measured

JUNE = Period(date(2026, 6, 1), date(2026, 7, 1), ZoneInfo("UTC"))
WHEN = datetime(2026, 6, 9, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


def answer(score: int | None, **values: Any) -> None:
    given = {"customer": None, "answered_at": WHEN, "origin": Response.Origin.PUBLIC_LINK}
    ResponseFactory(score=score, **given | values)


def test_answers_without_a_name_are_a_figure_of_their_own() -> None:
    for score in (10, 9, 9, 8):
        answer(score)
    answer(0, is_anonymous=True)
    answer(11, validity="invalid", validity_reason="out_of_scale")
    answer(0, validity="held")
    ResponseFactory(score=0, answered_at=WHEN, customer=CustomerFactory())

    result = measured("nps_public", JUNE)

    assert (result.value, result.n) == (40, 5)
    assert result.parts["invalid"] == 1
    assert measured("nps", JUNE).n == 1


@pytest.mark.parametrize(
    ("kind", "scores", "value"),
    [
        ("csat", (5, 4, 4, 3, 1), Fraction(3, 5)),
        ("ces", (7, 7, 6, 1, 2), Fraction(23, 5)),
        ("nps", (10, 6, 6, 6, 6, 6), Fraction(-400, 6)),
    ],
)
def test_each_kind_is_counted_as_with_a_name(
    kind: str, scores: tuple[int, ...], value: Fraction
) -> None:
    for score in scores:
        answer(score, kind=kind)
    assert measured(f"{kind}_public", JUNE).value == value


def test_fewer_than_five_stay_hidden() -> None:
    assert measured("nps_public", JUNE).status == "no_responses"
    for _ in range(4):
        answer(10)
    result = measured("nps_public", JUNE)
    assert (result.status, result.value, result.n) == ("too_few_unnamed", None, 4)
    assert result.parts == {}
    for side in ("numerator", "denominator"):
        assert reading.rows(find("nps_public"), JUNE, side, now=LATER) == []  # type: ignore[arg-type]


def test_reviews_by_site() -> None:
    for site, stars in (("Maps", 5), ("Maps", 4), ("Portal", 1)):
        Review.objects.create(site=site, rating=stars, at=WHEN)
    Review.objects.create(site="Maps", rating=1, at=datetime(2026, 7, 1, tzinfo=UTC))

    result = measured("review_score", JUNE)

    assert result.value == Fraction(10, 3)
    assert result.parts["by_site"] == {
        "Maps": {"n": 2, "mean": Fraction(9, 2)},
        "Portal": {"n": 1, "mean": 1},
    }
    assert result.ci is not None
    assert 1 <= result.ci[0] < result.ci[1] <= 5
    assert measured("review_score", JUNE, site="Portal").value == 1


def test_the_interval_of_reviews_is_student_s() -> None:
    result = review_score({"Maps": {5: 3, 4: 2, 2: 1}})
    # Mean 25/6; squares 75 + 32 + 4 = 111; standard error √((6·111 − 625) / (36·5)).
    assert result.value == Fraction(25, 6)
    error = (41 / 180) ** 0.5
    assert result.parts["standard_error"] == pytest.approx(error)
    assert result.ci == pytest.approx((25 / 6 - 2.570581835 * error, 5.0))
    assert review_score({}).status == "no_reviews"
    assert review_score({"Maps": {3: 1}}).ci is None
