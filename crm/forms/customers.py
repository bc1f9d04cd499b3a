"""Customers and the people there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.urls import reverse, reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm import custom, editing, facts, phones
from crm.forms.fields import CustomerField, DayField, TagsField
from crm.models import ContactPoint, Customer, CustomField
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


EDITED = (
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
NEEDS = gettext_lazy(
    "What do they need? What do they expect of you? What do they prefer, and what would they "
    "rather not have? Whoever picks up the phone next reads it here."
)


class CustomerForm(CustomerModelForm):
    """Name first; what few businesses need waits further down.

    `own_fields` are fields of one's own; `only` keeps these fields and drops all others. Cleans to
    what the actions take, with what an editor of a customer saw at the beginning as `seen`.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

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
        fields = EDITED
        widgets: ClassVar = {
            "kind": forms.RadioSelect,
            "notes": forms.Textarea(attrs={"rows": 6}),
            "source": forms.TextInput(attrs={"list": "source-names", "autocomplete": "off"}),
        }
        help_texts: ClassVar = {
            "source": gettext_lazy(
                "How they found you, in your own words: “web”, “fair”, “flyer”."
            ),
            "language": gettext_lazy("The language they are written to in."),
            "notes": NEEDS,
        }

    def __init__(
        self,
        *args: Any,
        own_fields: Sequence[CustomField] = (),
        only: Collection[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.own_fields = {custom.form_name(field): field for field in own_fields}
        for name, field in self.own_fields.items():
            self.fields[name] = custom.form_field(field, self.instance.custom.get(field.key))
        for name in set(self.fields) - {*only, "seen"} if only is not None else ():
            del self.fields[name]
        self._offer(self.instance if self.instance.pk else None)

    def _offer(self, customer: Customer | None) -> None:
        """What there is to choose from, and what an editor finds filled in."""
        if "owner" in self.fields:
            may_own = Q(is_active=True) | Q(pk=customer.owner_id if customer else None)
            self.fields["owner"].queryset = User.objects.filter(may_own)  # type: ignore[attr-defined]
            self.fields["owner"].empty_label = _("Nobody yet")  # type: ignore[attr-defined]
        if "language" in self.fields:
            languages = [("", _("Not known")), *settings.LANGUAGES]
            self.fields["language"].choices = languages  # type: ignore[attr-defined]
        if customer is None:
            del self.fields["seen"]
            return
        self.initial["tags"] = [tag.name for tag in customer.tags.all()]
        self.initial["referred_by"] = customer.referred_by
        self.initial["seen"] = editing.seen(customer, self._edited())

    def _edited(self) -> dict[str, str]:
        """The names that crm.editing knows, with those of the form's fields."""
        names = {name: name for name in self.fields if name in EDITED}
        own = {name: field for name, field in self.own_fields.items() if name in self.fields}
        return names | {f"custom.{field.key}": name for name, field in own.items()}

    @property
    def own(self) -> list[forms.BoundField]:
        """The fields of one's own, for the template."""
        return [self[name] for name in self.own_fields if name in self.fields]

    def changed_meanwhile(self, refusal: editing.ChangedMeanwhile, now: Customer) -> None:
        """Say at each field what it says now; saving again then puts in what was typed."""
        names = self._edited()
        for name in refusal.names:
            said = facts.said(now, name, self.own_fields.values()) or "—"
            text = _("Now it says: %(value)s") % {"value": said}
            self.add_error(names.get(name), ValidationError(text, code="changed"))
        self.data = {**dict(self.data.items()), "seen": editing.seen(now, names)}

    def clean_referred_by(self) -> Customer | None:
        referrer: Customer | None = self.cleaned_data["referred_by"]
        if referrer and referrer.pk == self.instance.pk:
            raise ValidationError(_("Nobody refers themselves."), code="self")
        return referrer

    def clean_notes(self) -> str:
        """With plain line ends, however the browser sends them."""
        return "\n".join(self.cleaned_data["notes"].splitlines())

    def clean(self) -> dict[str, Any]:
        """Without the instance's own checks: the action makes them."""
        cleaned: dict[str, Any] = dict(self.cleaned_data)
        own = {
            field.key: custom.to_kept(field, cleaned.pop(name))
            for name, field in self.own_fields.items()
            if name in cleaned
        }
        if self.own_fields:
            cleaned["own"] = own
        if "seen" in cleaned:
            cleaned["seen"] = editing.read_seen(cleaned["seen"])
        return cleaned

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
