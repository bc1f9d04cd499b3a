"""Amounts as they are kept: how large they may be, their currency and their rate."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.translation import gettext_lazy as _

from crm.models import Contract, Cost, Deal, Order
from staff.models import Business
from staff.refusals import Refusal

CENT = Decimal("0.01")
RATE_STEP = Decimal("0.00000001")
# As for imports: more than a small business's amounts, less than what a typing error makes …
MOST = Decimal("999999999.99")
MOST_RATE = Decimal(999_999)
# … and, in the business's currency, what millionths count exactly on both databases.
MOST_CONVERTED = Decimal(9_000_000_000)


class AmountTooLarge(Refusal):
    message = _("This amount is too large to be kept. Check for digits typed twice.")


class RateNotPositive(Refusal):
    message = _("An exchange rate is more than zero.")


class OwnCurrencyHasNoRate(Refusal):
    message = _("An amount in the business's own currency needs no exchange rate.")


class NotSetUp(Refusal):
    message = _("Set up the business first: amounts need its currency.")


def currency_is_fixed() -> bool:
    """Whether an amount is recorded: from then on the business's currency can't change."""
    recorded = any(model._default_manager.exists() for model in (Order, Contract, Cost))
    return recorded or Deal.objects.filter(amount__isnull=False).exists()


def own_currency() -> str:
    business = Business.current()
    if business is None:
        raise NotSetUp
    return business.currency


def exchange(currency: str | None, rate: Decimal | None) -> tuple[str, Decimal | None]:
    """The currency and rate to keep: rate 1 for the business's own, null where nobody knows it."""
    own = own_currency()
    code = (currency or own).upper()
    if code == own:
        if rate not in (None, 1):
            raise OwnCurrencyHasNoRate
        return code, Decimal(1).quantize(RATE_STEP)
    if rate is not None:
        rate = rate.quantize(RATE_STEP, ROUND_HALF_EVEN) if rate < MOST_RATE else rate
        if rate <= 0:
            raise RateNotPositive
    return code, rate


def kept(amount: Decimal, rate: Decimal | None) -> Decimal:
    """The amount to the cent; raises AmountTooLarge for what no column holds."""
    if not amount.is_finite() or abs(amount) > MOST:
        raise AmountTooLarge
    if rate is not None and (rate > MOST_RATE or abs(amount) * rate > MOST_CONVERTED):
        raise AmountTooLarge
    return amount.quantize(CENT, ROUND_HALF_EVEN)
