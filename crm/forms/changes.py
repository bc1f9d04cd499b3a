"""Narrowing the changes of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import record_changes
from crm.forms.fields import DayField
from staff.models import User


class ChangesForm(forms.Form):
    """All optional, all combined; what can't be read narrows nothing and says so."""

    by = forms.ModelChoiceField(
        label=gettext_lazy("Person"),
        queryset=User.objects.all(),
        required=False,
        empty_label=gettext_lazy("Anybody"),
    )
    what = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("Until"), required=False)

    def __init__(self, *args: Any, own: Iterable[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        anything: Any = ("", _("Anything"))
        self.fields["what"].choices = [anything, *record_changes.field_choices(own)]  # type: ignore[attr-defined]
        for field in self.fields.values():
            look = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = look
