"""Inputs of forms that most visitors get empty, on pages that are opened all day."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django import forms, template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


@register.filter
def drawn(field: forms.BoundField) -> SafeString:
    """`{{ form.summary|drawn }}`: the input, drawn once for all whose form says nothing of this field.

    Only for fields that are the same in every form of the class, whose choices no database names.
    """
    form, name = field.form, field.name
    made: Any = type(form)
    base = made.base_fields[name]
    is_plain = not (form.is_bound or form.prefix or name in form.initial)
    if is_plain and field.field.widget.attrs == base.widget.attrs and form.auto_id == "id_%s":
        return _drawn(made, name, get_language() or "")
    return SafeString(field)


@lru_cache(maxsize=256)
def _drawn(made: Callable[[], forms.BaseForm], name: str, _language: str) -> SafeString:
    return SafeString(made()[name])
