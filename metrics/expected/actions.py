"""Fit the models to all purchases, and keep what is expected of each customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from importlib.util import find_spec

from django.db import transaction
from django.utils import timezone

from crm.models import Customer
from metrics.expected.purchases import Histories, histories
from metrics.models import ExpectedFit, ExpectedValue
from metrics.periods import local_day
from staff.models import Business

# Below so many who bought twice a fit says nothing.
LEAST_REPEAT_BUYERS = 100
# A peak is as good found on so many, evenly chosen.
MOST_FITTED = 100_000
WEEKS_OF_A_MONTH = 365.25 / 12 / 7
AT_ONCE = 1000
FITS_KEPT = 400

OK = "ok"
TOO_FEW = "too_few"
NOT_INSTALLED = "not_installed"
MISSING_FX_RATE = "missing_fx_rate"
NO_FIT = "no_fit"


def is_installed() -> bool:
    """Whether the extra `clv` is there; looked for, not loaded."""
    return find_spec("numpy") is not None and find_spec("scipy") is not None


def fit_expected() -> ExpectedFit | None:
    """Fit to all purchases before today; None before the business is set up.

    What is expected of customers is replaced slice by slice; of an unfit model nothing is left.
    Twice a day gives the same figures twice.
    """
    business = Business.current()
    if business is None:
        return None
    today = local_day(timezone.now(), business.zone)
    fit = ExpectedFit(as_of=today)
    if not is_installed():
        return _without(fit, NOT_INSTALLED)
    known = histories(today, business.zone)
    fit.buyers, fit.repeat_buyers = len(known), known.repeat_buyers
    if known.repeat_buyers < LEAST_REPEAT_BUYERS:
        return _without(fit, TOO_FEW)
    if known.missing_rates:
        return _without(fit, MISSING_FX_RATE)
    return _fitted(fit, known)


def _without(fit: ExpectedFit, status: str) -> ExpectedFit:
    """Why there is none; once, while the reason stays the same."""
    fit.status = status
    last = latest()
    if last and (last.status, last.buyers, last.repeat_buyers) == (
        status,
        fit.buyers,
        fit.repeat_buyers,
    ):
        return last
    fit.save()
    _drop_values_of_others(fit)
    return fit


def _fitted(fit: ExpectedFit, known: Histories) -> ExpectedFit:
    # Loaded here, once a night: numpy and scipy take a hundred megabytes.
    from metrics.expected.answers import NoFit, answers

    try:
        found = answers(known, most=MOST_FITTED, weeks_ahead=fit.months_ahead * WEEKS_OF_A_MONTH)
    except NoFit:
        return _without(fit, NO_FIT)
    fit.status, fit.parameters = OK, found.parameters
    fit.save()
    total = Decimal(0)
    for start in range(0, len(known), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        values = [
            ExpectedValue(
                customer_id=customer, fit=fit, purchases=purchases, value=value, alive=alive
            )
            for customer, purchases, value, alive in zip(
                known.customers[part],
                found.purchases[part],
                map(_amount, found.values[part]),
                found.alive[part],
                strict=True,
            )
        ]
        total += _store(values)
    fit.total = total
    fit.save(update_fields=["total"])
    _drop_values_of_others(fit)
    _forget_old_fits()
    return fit


def _amount(value: float) -> Decimal:
    return Decimal(f"{value:.6f}")


@transaction.atomic
def _store(values: Sequence[ExpectedValue]) -> Decimal:
    """Of those who are still there: somebody may have been merged or deleted meanwhile."""
    ids = [value.customer_id for value in values]
    there = set(
        Customer.objects.select_for_update(no_key=True)
        .filter(pk__in=ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    kept = [value for value in values if value.customer_id in there]
    ExpectedValue.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["fit", "purchases", "value", "alive"],
    )
    return sum((value.value for value in kept), Decimal(0))


def _drop_values_of_others(fit: ExpectedFit) -> None:
    while ids := list(ExpectedValue.objects.exclude(fit=fit).values_list("pk", flat=True)[:5000]):
        ExpectedValue.objects.filter(pk__in=ids).delete()


def _forget_old_fits() -> None:
    """More than a year of nights is kept, so that one sees how the parameters moved."""
    old = ExpectedFit.objects.order_by("-pk").values_list("pk", flat=True)[FITS_KEPT:]
    ExpectedFit.objects.filter(pk__in=list(old)).delete()


def latest(before: date | None = None) -> ExpectedFit | None:
    """The fit that counts, or counted before a day."""
    fits = ExpectedFit.objects.order_by("-as_of", "-pk")
    return (fits.filter(as_of__lt=before) if before else fits).first()
