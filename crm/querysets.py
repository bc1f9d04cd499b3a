"""Reads of the customer room; each has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

if TYPE_CHECKING:
    from crm.models import Customer, Interaction


class CustomerQuerySet(QuerySet["Customer"]):
    def active(self) -> Self:
        return self.filter(archived_at=None)


class InteractionQuerySet(QuerySet["Interaction"]):
    def timeline(self) -> Self:
        """Newest first, by the index that pages a customer's timeline."""
        return self.order_by("-occurred_at", "-id")
