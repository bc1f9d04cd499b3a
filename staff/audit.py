"""The audit trail: each action writes who changed what from what to what."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db import models
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst

from staff.columns import column_values, to_json
from staff.models import AuditEntry, ChangeSet, User

# {"name": ["Ada", "Ada Lovelace"]}: before and after, in JSON's own types.
Changes = dict[str, list[Any]]

ROOMS = {"staff", "mail", "crm", "support", "surveys", "metrics"}
# "person.invite" → "invited a person", for the page that shows the trail.
_DESCRIPTIONS: dict[str, str | Promise] = {}
# "refused" → "refused": names in `changes` that are no translated field of the target.
_NAMES: dict[str, str | Promise] = {}
# "customer.lose" → "crm.loss": whose fields an action's changes are, if not the target's.
_FIELDS_OF: dict[str, str] = {}
# "crm.customer" → "crm:customer": the URL name of a record's page, which takes its key.
_PAGES: dict[str, str] = {}


def describe(descriptions: Mapping[str, str | Promise]) -> None:
    """Put actions into words, each lazily translated; a room calls this in AppConfig.ready."""
    _DESCRIPTIONS.update(descriptions)


def name_fields(names: Mapping[str, str | Promise]) -> None:
    """Put counts and other names in `changes` into words, where no field has a translated name."""
    _NAMES.update(names)


def fields_of(models_by_action: Mapping[str, str]) -> None:
    """Say of which model an action's changes are fields, when it isn't the target's."""
    _FIELDS_OF.update(models_by_action)


def shown_at(pages: Mapping[str, str]) -> None:
    """Name the page of a kind of record by its URL name; the URL takes the key and nothing else."""
    _PAGES.update(pages)


def page_of(model_label: str, key: int) -> str:
    """The address of a record's page, or "" when it has none."""
    name = _PAGES.get(model_label)
    return reverse(name, args=[key]) if name else ""


def description(action: str) -> str:
    return str(_DESCRIPTIONS.get(action, action))


def field_name(name: str) -> str:
    return str(_NAMES.get(name, name.replace("_", " ")))


def fields_model(action: str, target_model: str) -> str:
    """The label of the model whose fields an action's changes name."""
    return _FIELDS_OF.get(action, target_model)


def action_choices() -> list[tuple[str, str]]:
    return sorted(
        ((action, capfirst(str(words))) for action, words in _DESCRIPTIONS.items()),
        key=lambda choice: choice[1].casefold(),
    )


def model_choices() -> list[tuple[str, str]]:
    """Kinds of record that have a name for people; the others are mechanism."""
    return sorted(
        (
            (model._meta.label_lower, capfirst(str(model._meta.verbose_name)))
            for model in apps.get_models()
            if isinstance(model._meta.verbose_name, Promise) and model._meta.app_label in ROOMS
        ),
        key=lambda choice: choice[1].casefold(),
    )


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
    made = entry(by=by, action=action, target=target, changes=changes, change_set=change_set)
    made.save(force_insert=True)
    return made


def entry(
    *,
    by: User | None,
    action: str,
    target: models.Model,
    changes: Changes | None = None,
    change_set: ChangeSet | None = None,
) -> AuditEntry:
    """The same, not written yet: for who writes it together with `target`."""
    return AuditEntry(
        by=by,
        action=action,
        target_model=target._meta.label_lower,
        target_id=target.pk,
        changes=changes or {},
        change_set=change_set,
    )
