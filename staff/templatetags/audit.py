"""An audit entry in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import template
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from staff import audit
from staff.columns import from_json
from staff.models import AuditEntry
from staff.templatetags.vinculo import moment

register = template.Library()

LONGEST = 120
# What counts as nothing: a field that was nothing and stayed so is no news.
EMPTY: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True)
class ShownChange:
    label: str
    before: str | None
    after: str | None


@register.filter
def action_words(entry: AuditEntry) -> str:
    return capfirst(audit.description(entry.action))


@register.filter
def target_words(entry: AuditEntry) -> str:
    """The kind of record and its number: "customer 12"; nothing for what is mechanism."""
    model = _model(entry.target_model)
    name = model._meta.verbose_name if model else None
    return f"{name} {entry.target_id}" if isinstance(name, Promise) else ""


@register.filter
def target_url(entry: AuditEntry) -> str:
    """Where the record can be seen, if its room registered that (audit.shown_at)."""
    return audit.page_of(entry.target_model, entry.target_id)


@register.filter
def change_list(entry: AuditEntry) -> list[ShownChange]:
    model = _model(audit.fields_model(entry.action, entry.target_model))
    return [
        ShownChange(_label(model, name), _shown(model, name, old), _shown(model, name, new))
        for name, (old, new) in entry.changes.items()
        if old not in EMPTY or new not in EMPTY
    ]


def _model(label: str) -> type[models.Model] | None:
    try:
        return apps.get_model(label)
    except LookupError:
        return None


def _field(model: type[models.Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _label(model: type[models.Model] | None, name: str) -> str:
    words = getattr(_field(model, name), "verbose_name", None)
    return capfirst(str(words) if isinstance(words, Promise) else audit.field_name(name))


def _shown(model: type[models.Model] | None, name: str, value: Any) -> str | None:
    """A recorded value as the page shows it; None when there was none."""
    field = _field(model, name)
    if value in EMPTY:
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = dict(getattr(field, "flatchoices", None) or [])
    if not isinstance(value, list | dict) and value in choices:
        return str(choices[value])
    show: Callable[[Any], object] = localize
    if isinstance(field, models.DateTimeField):
        show = moment
    if isinstance(field, models.Field) and not field.is_relation:
        value = from_json(field, value)
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    return Truncator(str(show(value))).chars(LONGEST)
