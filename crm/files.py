"""The files of a customer, as their page lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from crm.gathering import gathered
from crm.models import CustomerFile

RECENT = 5
COLUMNS = ("pk", "name", "file__size", "by__name", "by__email", "created_at")


@dataclass(frozen=True)
class Line:
    """What a line says of a file."""

    pk: int
    name: str
    size: int
    by: str
    at: datetime


def beside() -> Subquery:
    """The latest files beside their customer, one more than a page shows; see `taken`."""
    own = CustomerFile.objects.filter(customer=OuterRef(OuterRef("pk")))
    latest = own.order_by("-created_at", "-pk").values("pk")[: RECENT + 1]
    return gathered(CustomerFile.objects.filter(pk__in=latest), "customer", *COLUMNS)


def taken(rows: Sequence[Sequence[Any]] | None) -> list[Line]:
    """What `beside` brought, the latest first."""
    found = [
        Line(pk=pk, name=name, size=size, by=by or email or "", at=_moment(at))
        for pk, name, size, by, email, at in rows or []
    ]
    return sorted(found, key=lambda line: (line.at, line.pk), reverse=True)


def _moment(text: str) -> datetime:
    """An instant as either database writes it into JSON."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
