"""Customers and the people there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.urls import reverse, reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm import phones
from crm.forms.fields import CustomerField, DayField, TagsField
from crm.models import ContactPoint, Customer
from staff.models import Business, User

if TYPE_CHECKING:
    from crm.models import Contact

    CustomerModelForm = forms.ModelForm[Customer]
else:
    CustomerModelForm = forms.ModelForm


def holder_of(email: str, besides: Contact | None = None) -> ContactPoint | None:
    """The living point of somebody else's that has this address already."""
    found = ContactPoint.objects.filter(
        kind=ContactPoint.Kind.EMAIL, value=email.strip().lower(), retired_at=None
    )
    if besides is not None:
        found = found.exclude(contact=besides)
    return found.select_related("contact").first()


def taken(holder: ContactPoint) -> str:
    """The sentence that says who has an address, with the way there."""
    customer = holder.contact.customers.order_by("pk").first()
    if customer is None:
        return _("%(name)s has this address already.") % {"name": holder.contact}
    return format_html(
        '{} <a href="{}">{}</a>',
        _("Somebody has this address already:"),
        reverse("crm:customer", args=[customer.pk]),
        customer.name,
    )


class Reachable(forms.Form):
    """An e-mail address that nobody else has, and a telephone in any spelling (cleans to E.164)."""

    contact: Contact | None = None

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip().lower()
        holder = holder_of(email, self.contact) if email else None
        if holder:
            raise ValidationError(taken(holder), code="taken")
        return email

    def clean_phone(self) -> str:
        text: str = self.cleaned_data["phone"].strip()
        if not text:
            return ""
        try:
            return phones.normalise(text, region=phones.default_region(Business.current()))
        except phones.NotAPhone as refusal:
            raise ValidationError(str(refusal), code="phone") from None


def email_field() -> forms.EmailField:
    return forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        widget=forms.EmailInput(
            attrs={
                "autocomplete": "off",
                "hx-get": reverse_lazy("crm:email-taken"),
                "hx-trigger": "change",
                "hx-target": "#email-taken",
                "hx-swap": "innerHTML",
            }
        ),
    )


def phone_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "inputmode": "tel"}),
    )


class CustomerForm(CustomerModelForm):
    """Name first; what few businesses need waits further down."""

    tags = TagsField(
        label=gettext_lazy("Tags"), help_text=gettext_lazy("Put a comma between two of them.")
    )
    referred_by = CustomerField(
        label=gettext_lazy("Referred by"),
        required=False,
        help_text=gettext_lazy("The customer who brought them."),
    )
    birthday = DayField(label=gettext_lazy("Birthday"), required=False)

    class Meta:
        model = Customer
        fields = (
            "kind",
            "name",
            "owner",
            "tags",
            "source",
            "language",
            "referred_by",
            "city",
            "country",
            "birthday",
            "notes",
        )
        widgets: ClassVar = {
            "kind": forms.RadioSelect,
            "notes": forms.Textarea(attrs={"rows": 4}),
            "source": forms.TextInput(attrs={"list": "source-names", "autocomplete": "off"}),
        }
        help_texts: ClassVar = {
            "source": gettext_lazy(
                "How they found you, in your own words: “web”, “fair”, “flyer”."
            ),
            "language": gettext_lazy("The language they are written to in."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        customer = self.instance if self.instance.pk else None
        may_own = Q(is_active=True)
        if customer:
            may_own |= Q(pk=customer.owner_id)
            self.initial["tags"] = [tag.name for tag in customer.tags.all()]
            self.initial["referred_by"] = customer.referred_by
        self.fields["owner"].queryset = User.objects.filter(may_own)  # type: ignore[attr-defined]
        self.fields["owner"].empty_label = _("Nobody yet")  # type: ignore[attr-defined]
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            ("", _("Not known")),
            *settings.LANGUAGES,
        ]

    def clean_referred_by(self) -> Customer | None:
        referrer: Customer | None = self.cleaned_data["referred_by"]
        if referrer and referrer.pk == self.instance.pk:
            raise ValidationError(_("Nobody refers themselves."), code="self")
        return referrer

    def _post_clean(self) -> None:
        """Leave the instance alone: the action changes it, with its audit entry."""


class NewCustomerForm(Reachable, CustomerForm):
    """A customer with the first person to reach there."""

    contact_name = forms.CharField(
        label=gettext_lazy("Contact's name"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Whom to ask for there, when it is not the customer themselves."),
    )
    email = email_field()
    phone = phone_field()
    field_order = ("kind", "name", "contact_name", "email", "phone", "owner", "tags")


class ContactForm(Reachable):
    """Somebody at a customer, and how to reach them."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    role = forms.CharField(
        label=pgettext_lazy("at a company", "Role"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("What they do there: “buyer”, “head teacher”."),
    )
    email = email_field()
    phone = phone_field()
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("As the customer")), *settings.LANGUAGES],
    )
    is_primary = forms.BooleanField(label=gettext_lazy("First to ask"), required=False)

    def __init__(self, *args: Any, contact: Contact | None = None, **options: Any) -> None:
        self.contact = contact
        super().__init__(*args, **options)
