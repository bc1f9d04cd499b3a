"""The files of a customer, as their page lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from crm.models import CustomerFile
from staff.json_rows import moment_of, rows_beside

RECENT = 5
COLUMNS = {
    "pk": "pk",
    "name": "name",
    "size": "file__size",
    "by": "by__name",
    "by_email": "by__email",
    "at": "created_at",
}


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
    return rows_beside(CustomerFile.objects.filter(pk__in=latest), COLUMNS)


def taken(rows: Sequence[dict[str, Any]] | None) -> list[Line]:
    """What `beside` brought, the latest first."""
    found = [
        Line(
            pk=row["pk"],
            name=row["name"],
            size=row["size"],
            by=row["by"] or row["by_email"] or "",
            at=moment_of(row["at"]),
        )
        for row in rows or []
    ]
    return sorted(found, key=lambda line: (line.at, line.pk), reverse=True)
