"""What this room adds to a customer's page, and to the list's filters and columns: what is expected of
them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import registry
from crm.filters.sentence import MoneyFilter
from crm.models import Customer
from metrics.expected import actions as expected_values
from metrics.models import ExpectedValue
from staff.formats import money
from staff.models import Business

# What is read together with the customer.
VALUE = "expected_value"


def panel(request: HttpRequest, customer: Customer) -> dict[str, Any] | None:
    """The next twelve months in a sentence; nothing for somebody of whom nothing is expected."""
    expected: ExpectedValue | None = getattr(customer, VALUE, None)
    if expected is None:
        return None
    business: Business = request.business  # type: ignore[attr-defined]
    return {"expected": expected, "currency": business.currency}


def _at_least(customers: Any, _name: str, amount: Decimal) -> Any:
    return customers.filter(expected_value__value__gte=amount)


def _make() -> Any:
    return MoneyFilter(
        method=_at_least, label=gettext_lazy("Expected in the next 12 months, at least")
    )


def _words(value: Decimal) -> str:
    business = Business.current()
    amount = money(value, business.currency if business else "")
    return _("expected to bring at least %(amount)s") % {"amount": amount}


def _cell(customer: Any) -> str:
    expected: ExpectedValue | None = getattr(customer, VALUE, None)
    return money(expected.value, customer.currency) if expected else ""


def register() -> None:
    """Called from MetricsConfig.ready."""
    registry.PANELS.register(
        registry.Panel(
            "metrics.expected",
            "metrics/_customer_expected.html",
            panel,
            order=70,
            along=(VALUE, f"{VALUE}__fit"),
        )
    )
    registry.CUSTOMER_FILTERS.register(
        registry.CustomerFilterEntry("expected_min", _make, _words, group="worth")
    )
    registry.CUSTOMER_COLUMNS.register(
        registry.CustomerColumn(
            "expected",
            gettext_lazy("Expected value"),
            _cell,
            path=f"{VALUE}__value",
            along=(VALUE,),
            is_offered=expected_values.is_installed,
        )
    )
