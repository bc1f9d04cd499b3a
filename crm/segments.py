"""Saved questions about customers, asked."""

from __future__ import annotations

from django.http import QueryDict

from crm.filters import CustomerFilter
from crm.models import Customer, Segment
from crm.querysets import CustomerQuerySet


def customers_of(segment: Segment | None) -> CustomerQuerySet:
    """Whom a segment finds at this moment; all who are not archived when it is None.

    Unordered, and nothing selected beside the customers: callers add what they need.
    """
    query = QueryDict(segment.query if segment else "")
    return CustomerFilter(query, queryset=Customer.objects.all()).qs  # type: ignore[no-any-return]
