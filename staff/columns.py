"""Column values in JSON's own types and back, exactly: Decimal, dates, instants, durations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.duration import duration_iso_string


def to_json(value: Any) -> Any:
    """Return `value` in JSON's own types; `from_json` with its field gives an equal value back."""
    match value:
        case datetime():
            is_aware = value.tzinfo is not None and value.tzinfo is not UTC
            return (value.astimezone(UTC) if is_aware else value).isoformat()
        case None | bool() | int() | float() | str() | list() | dict():
            return value
        case timedelta():
            return duration_iso_string(value)
        case date() | time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case models.Model():
            return value.pk
        case _:
            # A lazily translated text, an enumeration's member: what the person would read.
            return str(value)


def from_json(field: models.Field[Any, Any], value: Any) -> Any:
    """Return what `to_json` was given, for a column of this field."""
    if value is None or isinstance(field, models.JSONField):
        return value
    value = field.to_python(value)
    if isinstance(field, models.DecimalField) and isinstance(value, Decimal):
        # As the column would give it back: a recorded 12.5 is the row's 12.50.
        return round(value, field.decimal_places)
    return value


def own_columns(model: type[models.Model]) -> list[str]:
    """The columns that a row is made of, without its key and what the database generates."""
    return [
        field.attname
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.generated
    ]


def column_values(instance: models.Model, columns: Iterable[str]) -> dict[str, Any]:
    """The instance's present values by column name."""
    return {name: getattr(instance, name) for name in columns}
