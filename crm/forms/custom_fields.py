"""Defining a field of one's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.actions.custom_fields import ChoicesMissing
from crm.models import CustomField


class ChoicesField(forms.CharField):
    """One word or more on each line; cleans to a list."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        self.run_validators(text)
        return [line for line in text.splitlines() if line.strip()]


class FieldForm(forms.Form):
    label = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(
        label=pgettext_lazy("of a field", "Kind"),
        choices=lambda: [(kind.value, capfirst(str(kind.label))) for kind in CustomField.Kind],
        help_text=_("It stays once a customer has the field filled in."),
    )
    choices = ChoicesField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("For a choice: one on each line. A word taken out stays with who has it."),
    )

    def __init__(self, *args: Any, kind_stays: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kind"].disabled = kind_stays

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") == CustomField.Kind.CHOICE and not cleaned.get("choices"):
            self.add_error("choices", ValidationError(str(ChoicesMissing()), code="required"))
        return cleaned
