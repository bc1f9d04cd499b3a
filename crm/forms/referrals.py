"""What somebody fills in who comes through a customer's link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.actions.contacts import clean_phone
from crm.phones import NotAPhone
from staff.public.forms import PublicForm, text_field


class ReferralForm(PublicForm):
    PURPOSE = "referral"

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Tell us your name.")},
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Your phone"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("An e-mail or a phone, so that we can reach you."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    message = text_field(
        gettext_lazy("What are you looking for?"), rows=4, required=False, max_length=2000
    )
    field_order = ("name", "email", "phone", "message")

    def clean_phone(self) -> str:
        typed = str(self.cleaned_data["phone"])
        try:
            return clean_phone(typed) if typed.strip() else ""
        except NotAPhone as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("email") and not data.get("phone") and not self.errors:
            self.add_error("email", _("We need an e-mail or a phone to reach you."))
        return super().clean()
