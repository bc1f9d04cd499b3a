"""What is to change about all of the chosen customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import custom
from crm.forms.fields import LEAVE, OrNoneField, TagsField
from crm.models import CustomField
from staff.models import User


class ChangeCustomersForm(forms.Form):
    """What is left empty stays; `values` is what crm.actions.strokes takes."""

    owner = OrNoneField(
        User.objects.none(), none=gettext_lazy("Nobody"), label=gettext_lazy("Owner")
    )
    add_tags = TagsField(label=gettext_lazy("Add tags"))
    remove_tags = TagsField(label=gettext_lazy("Take tags off"))
    source = forms.CharField(
        required=False,
        max_length=60,
        label=gettext_lazy("Source"),
        widget=forms.TextInput(attrs={"list": "source-names", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        required=False, label=gettext_lazy("Language"), choices=[("", LEAVE), *settings.LANGUAGES]
    )

    def __init__(self, *args: Any, custom_fields: Sequence[CustomField], **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["owner"].queryset = User.objects.filter(is_active=True).order_by("name", "email")
        fields["owner"].widget.choices = fields["owner"].choices_with_none
        for name in ("add_tags", "remove_tags"):
            # The field for one record's tags completes from a list; here names are few and typed.
            fields[name].widget.attrs.pop("list", None)
        self.custom_fields = custom_fields
        for field in custom_fields:
            fields[custom.form_name(field)] = custom.form_field(field)

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors and not self.values():
            raise ValidationError(_("Choose what is to change."))
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        names = ("add_tags", "remove_tags", "source", "language")
        values = {name: data[name] for name in names if data.get(name)}
        if chosen := data.get("owner"):
            values["owner"] = chosen[0].pk if chosen[0] else None
        kept = {
            field.key: custom.to_kept(field, data.get(custom.form_name(field)))
            for field in self.custom_fields
        }
        if filled := {key: value for key, value in kept.items() if value is not None}:
            values["custom"] = filled
        return values
