"""What figures say of one person, and what erasing leaves of it."""

from __future__ import annotations

from crm import privacy
from crm.privacy import PersonalRows
from metrics.models import ExpectedValue


def register() -> None:
    """Called from MetricsConfig.ready."""
    privacy.register(
        # A guess about somebody's future; the purchases that it was made from stay as amounts.
        PersonalRows(
            ExpectedValue,
            lambda person: ExpectedValue.objects.filter(customer__in=person.customers),
        ),
    )
