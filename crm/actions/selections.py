"""Many customers in one stroke, which can be taken back as one (staff.changes)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import ngettext

from crm.batches import batches
from crm.models import Customer
from staff import audit, changes
from staff.models import ChangeSet, User


def archive_customers(*, customer_ids: Iterable[int], by: User | None) -> ChangeSet | None:
    """Out of lists and surveys, those who are not already; None when there was nobody."""
    return _move(customer_ids, to=timezone.now(), by=by)


def restore_customers(*, customer_ids: Iterable[int], by: User | None) -> ChangeSet | None:
    """Back into lists, those who are archived; None when there was nobody."""
    return _move(customer_ids, to=None, by=by)


@transaction.atomic
def _move(customer_ids: Iterable[int], *, to: datetime | None, by: User | None) -> ChangeSet | None:
    """Set `archived_at` where it is empty and should not be, or the other way round."""
    moved: list[tuple[int, datetime | None]] = []
    for batch in batches(customer_ids):
        rows = Customer.objects.select_for_update().filter(pk__in=batch).order_by("pk")
        rows = rows.active() if to else rows.archived()
        was = list(rows.values_list("pk", "archived_at"))
        Customer.objects.filter(pk__in=[pk for pk, _at in was]).update(archived_at=to)
        moved += was
    if not moved:
        return None
    verb = "archive" if to else "restore"
    change_set = changes.open_change_set(
        kind=f"crm.{verb}", label=_label(verb, len(moved)), by=by, facts={"customers": len(moved)}
    )
    changes.record_updated(
        change_set,
        Customer,
        ((pk, {"archived_at": was}, {"archived_at": to}) for pk, was in moved),
    )
    audit.record(
        by=by,
        action=f"customer.{verb}_many",
        target=change_set,
        changes={"customers": [None, len(moved)]},
        change_set=change_set,
    )
    return change_set


def _label(verb: str, count: int) -> str:
    if verb == "archive":
        words = ngettext("%(count)s customer archived", "%(count)s customers archived", count)
    else:
        words = ngettext(
            "%(count)s customer taken out of the archive",
            "%(count)s customers taken out of the archive",
            count,
        )
    return words % {"count": count}
