"""What people type in the post room."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from mail.imap import DEFAULT_PORTS
from mail.models import Mailbox, Scope


class SuppressionForm(forms.Form):
    """An address that somebody asked, in person or on the telephone, not to be written to."""

    address = forms.EmailField(label=_("E-mail address"), max_length=254)
    scope = forms.ChoiceField(
        label=_("Stop"),
        choices=lambda: [(value, capfirst(label)) for value, label in Scope.choices],
        initial=Scope.ALL,
    )


class ReleaseForm(forms.Form):
    """Letting an address be written to again, with the reason for the trail."""

    why = forms.CharField(required=False, max_length=200)


class RateForm(forms.Form):
    """How many messages may leave in a minute; empty: as many as the server takes."""

    per_minute = forms.IntegerField(required=False, min_value=1, max_value=100_000)


class MailboxForm(forms.Form):
    """An IMAP mailbox. The password is never shown again; left empty, it stays as it is."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("As your colleagues call it: “Help”.")
    )
    address = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        required=False,
        help_text=_("Customers write here, and answers come back here."),
    )
    has_plus_addresses = forms.BooleanField(
        label=_("Takes plus-addresses"),
        required=False,
        help_text=_("Mail to help+anything@… arrives in help@… (Gmail, Fastmail and others)."),
    )
    host = forms.CharField(
        label=_("Server"),
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": "imap.example.com", "spellcheck": "false"}),
    )
    security = forms.ChoiceField(
        label=_("Encryption"), choices=Mailbox.Security.choices, initial=Mailbox.Security.SSL
    )
    port = forms.IntegerField(
        label=_("Port"),
        min_value=1,
        max_value=65535,
        required=False,
        help_text=_("Empty: the usual one for this encryption."),
        localize=False,
    )
    username = forms.CharField(
        label=_("User name"),
        max_length=250,
        help_text=_("Often the whole address."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("With two-step sign-in, the provider gives you an app password for this."),
    )
    since = forms.DateField(
        label=_("Only mail since"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Older mail stays untouched. Empty: everything that is there is read."),
    )

    def __init__(self, *args: Any, mailbox: Mailbox | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if mailbox is not None:
            self.fields["password"].required = False
            self.fields["password"].help_text = _("Empty: as it is.")

    @staticmethod
    def values_of(mailbox: Mailbox) -> dict[str, Any]:
        return {
            name: getattr(mailbox, name) for name in MailboxForm.base_fields if name != "password"
        }

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).lower()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("port") is None and data.get("security"):
            data["port"] = DEFAULT_PORTS[Mailbox.Security(data["security"])]
        return data
