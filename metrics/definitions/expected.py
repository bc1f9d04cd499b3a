"""What customers are expected to bring: the latest fit of the purchase models."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from django.db.models import Count, F, Sum
from django.utils.translation import gettext_lazy as _

from crm.models import Customer
from metrics.definitions.definition import Compared, Definition, Params, Side, Theme
from metrics.expected import actions as expected
from metrics.facts import Facts
from metrics.formulas import Result
from metrics.formulas.results import undefined
from metrics.models import ExpectedFit, ExpectedValue
from metrics.periods import Window
from metrics.rows.section import Rows

NOT_FITTED = "not_fitted"


def _last(fits: Sequence[ExpectedFit], window: Window) -> ExpectedFit | None:
    """The one that was known when the window ended; `fits` in the order in which they were made."""
    at = bisect_right(fits, window.end, key=lambda fit: fit.made_at)
    return fits[at - 1] if at else None


def _fits() -> list[ExpectedFit]:
    return list(ExpectedFit.objects.defer("parameters").order_by("made_at", "pk"))


def _clv_expected(facts: Facts, _params: Params) -> list[Result]:
    """Two queries, however many windows."""
    fits = _fits()
    own = [_last(fits, window) for window in facts.windows]
    values = ExpectedValue.objects.filter(fit__in={fit.pk for fit in own if fit})
    if facts.scope:
        values = values.filter(customer__in=facts.scope.customers.order_by().values("pk"))
    sums = (
        values.order_by()
        .values("fit")
        .annotate(total=Sum("value"), buyers=Count("pk"), often=Sum("purchases"))
    )
    by_fit = {row["fit"]: row for row in sums}
    return [
        _of(fit, by_fit.get(fit.pk) if fit else None, is_of_some=bool(facts.scope)) for fit in own
    ]


def _as_fitted(facts: Facts, _params: Params) -> list[Result]:
    """What each fit said of all; who was merged or deleted since is in it until the next night. One
    query, where adding up what is expected of a million customers takes a while."""
    fits = _fits()
    return [_of(_last(fits, window), None, is_of_some=False) for window in facts.windows]


def _of(fit: ExpectedFit | None, found: Any, *, is_of_some: bool) -> Result:
    """`found` are the sums over its customers; of a fit that was replaced there are none."""
    if fit is None:
        status = NOT_FITTED if expected.is_installed() else expected.NOT_INSTALLED
        return undefined(status, unit="money")
    parts = {"repeat_buyers": fit.repeat_buyers}
    if fit.status != expected.OK:
        return undefined(fit.status, unit="money", n=fit.buyers, parts=parts)
    total, buyers = (None, 0) if is_of_some else (fit.total, fit.buyers)
    if found:
        total, buyers = found["total"], found["buyers"]
        parts |= {"purchases_expected": round(found["often"] or 0, 1)}
    if not buyers or total is None:
        return undefined("no_orders", unit="money", n=0, parts=parts)
    return Result(
        status=expected.OK,
        value=Fraction(total) / buyers,
        unit="money",
        numerator=Fraction(total),
        denominator=Fraction(buyers),
        n=buyers,
        parts=parts,
    )


def _rows(window: Window, side: Side, _params: Params, _facts: Facts) -> list[Rows]:
    """Customers with what is expected of each; of a fit that was replaced, nobody is known any more."""
    fit = _last(_fits(), window)
    customers = Customer.objects.filter(expected_value__fit=fit) if fit else Customer.objects.none()
    customers = customers.annotate(expected=F("expected_value__value")).order_by("-expected", "pk")
    if side == "denominator":
        return [Rows("customer", customers.order_by("name_folded", "pk"))]
    return [Rows("customer", customers, lambda row: Fraction(row.expected), is_money=True)]


CLV_EXPECTED = Definition(
    kpi="clv_expected",
    name=_("Expected value"),
    words=_(
        "What a customer is expected to bring in the next twelve months, from how often, how lately "
        "and for how much each has bought so far. Worked out every night for everybody who ever "
        "bought, once a hundred customers have bought again. It looks ahead, so it can be wrong."
    ),
    formula=_("expected purchases (MBG/NBD) × expected amount (Gamma-Gamma)"),
    theme=Theme.WORTH,
    unit="money",
    better="up",
    compared=Compared.SUMS,
    empty=NOT_FITTED,
    facts={},
    compute=_clv_expected,
    rows=_rows,
    is_stored=False,
    numerator=_("Customers who bought, with what each is expected to bring"),
    denominator=_("Customers who bought"),
)
# For tiles.
CLV_AS_FITTED = replace(CLV_EXPECTED, compute=_as_fitted)
