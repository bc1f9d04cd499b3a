"""The audit trail: each action writes who changed what from what to what."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from staff.columns import column_values, to_json
from staff.models import AuditEntry, ChangeSet, User

# {"name": ["Ada", "Ada Lovelace"]}: before and after, in JSON's own types.
Changes = dict[str, list[Any]]


def values(instance: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """What `diff` wants as its `before`: taken from the instance before it is changed."""
    return column_values(instance, fields)


def diff(before: Mapping[str, Any], instance: models.Model, fields: Iterable[str]) -> Changes:
    """The fields whose values differ from `before`; a created row's `before` is {}."""
    changes: Changes = {}
    for name in fields:
        old, new = to_json(before.get(name)), to_json(getattr(instance, name))
        if old != new:
            changes[name] = [old, new]
    return changes


def record(
    *,
    by: User | None,
    action: str,
    target: models.Model,
    changes: Changes | None = None,
    change_set: ChangeSet | None = None,
) -> AuditEntry:
    """Append an entry, inside the caller's transaction; `by=None` means the system itself.

    `action` is "entity.verb", such as "customer.archive"; `target` must be saved already
    (call this before deleting a row, while its key is known).
    """
    return AuditEntry.objects.create(
        by=by,
        action=action,
        target_model=target._meta.label_lower,
        target_id=target.pk,
        changes=changes or {},
        change_set=change_set,
    )
