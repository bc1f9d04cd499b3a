"""What stands in an order of people's own: queues and saved views."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from staff import audit
from staff.bulk import save_columns
from staff.models import User
from support.models import Queue, SavedView


@transaction.atomic
def move(*, row: Queue | SavedView, among: QuerySet[Any], by: User, up: bool) -> None:
    """One place up or down in the order of `among`; at its end nothing happens."""
    rows = list(among.select_for_update(of=("self",)).order_by("position", "name", "pk"))
    place = next((n for n, one in enumerate(rows) if one.pk == row.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    changed = [(one, n) for n, one in enumerate(rows, 1) if one.position != n]
    for one, position in changed:
        one.position = position
    save_columns([one for one, _position in changed], ["position"])
    name = row._meta.model_name
    order: audit.Changes = {"position": [place + 1, other + 1]}
    audit.record(by=by, action=f"{name}.arrange", target=row, changes=order)
