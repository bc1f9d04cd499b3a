"""Shapes of input for the business and its people; each ends in an action."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from staff import audit, currency, zones
from staff.access import Role
from staff.actions.business import LOGO_LIMIT, NotALogo, logo_kind
from staff.colour import PAPER, READABLE, contrast, readable_on
from staff.models import AuditEntry, Business, User
from staff.sign_in_forms import PASSWORD_HELP

TIME_ZONE_HELP = gettext_lazy("Days, weeks and months begin at midnight there.")
LANGUAGES_HELP = gettext_lazy("Customers are written to in their own language, if it is here.")


class BusinessFields(forms.Form):
    """What set-up and settings ask alike."""

    name = forms.CharField(label=gettext_lazy("Name of the business"), max_length=120)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=zones.choices, help_text=TIME_ZONE_HELP
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=currency.choices)
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages of your customers"),
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        help_text=LANGUAGES_HELP,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Main language"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("For customers whose language isn't known."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        languages = data.get("languages")
        if languages and data.get("language") and data["language"] not in languages:
            self.add_error("language", _("Choose one of the languages of your customers."))
        return data


class SetupForm(BusinessFields):
    owner_name = forms.CharField(label=gettext_lazy("Your name"), max_length=120, required=False)
    owner_email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        max_length=254,
        help_text=gettext_lazy("You sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.FIRST_TIME_ZONE:
            self.fields["time_zone"].widget.attrs["data-guess-zone"] = ""  # static/js/time-zone.js

    @staticmethod
    def first_values() -> dict[str, object]:
        """What to begin with: the environment's choice, the browser's language."""
        return {
            "time_zone": settings.FIRST_TIME_ZONE or "UTC",
            "currency": settings.FIRST_CURRENCY or "EUR",
            "languages": [code for code, _name in settings.LANGUAGES],
            "language": get_language(),
        }

    def clean_owner_email(self) -> str:
        return str(self.cleaned_data["owner_email"]).lower()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("password"):
            owner = User(email=data.get("owner_email", ""), name=data.get("owner_name", ""))
            try:
                validate_password(data["password"], owner)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")


class BusinessForm(BusinessFields):
    # Sent by a button beside a colour that can't be read.
    SUGGESTED = "use_colour"
    suggestion = ""

    colour = forms.CharField(
        label=gettext_lazy("Colour"),
        max_length=7,
        validators=[RegexValidator(COLOUR)],
        widget=forms.TextInput(attrs={"type": "color", "class": "form-control-color"}),
        help_text=gettext_lazy("Of buttons and links, here and on the pages for customers."),
    )
    email = forms.EmailField(
        label=gettext_lazy("Sender address"),
        required=False,
        help_text=gettext_lazy("Mails to customers come from here, and answers go there."),
    )
    postal_address = forms.CharField(
        label=gettext_lazy("Postal address"),
        max_length=250,
        required=False,
        help_text=gettext_lazy("At the foot of mails: many countries require it."),
    )
    survey_pause_days = forms.IntegerField(
        label=gettext_lazy("Days between two surveys"),
        min_value=1,
        max_value=365,
        help_text=gettext_lazy("Nobody is asked more often than this, whichever the survey."),
    )
    outreach_pause_days = forms.IntegerField(
        label=gettext_lazy("Days between two messages of outreach"),
        min_value=1,
        max_value=365,
        help_text=gettext_lazy("Nobody gets news and offers more often than this."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if currency.currency_is_fixed():
            self.fields["currency"].disabled = True
            self.fields["currency"].help_text = _(
                "Amounts have been recorded in it, so it can't change any more."
            )

    @staticmethod
    def values_of(business: Business) -> dict[str, Any]:
        return {name: getattr(business, name) for name in BusinessForm.base_fields}

    def clean_colour(self) -> str:
        """What can't be read is refused; the form then has the nearest one that can, for a button."""
        colour = str(self.cleaned_data["colour"]).lower()
        suggested = self.data.get(self.SUGGESTED, "")
        if COLOUR.fullmatch(suggested):
            colour = suggested
        if contrast(PAPER, colour) < READABLE:
            self.suggestion = readable_on(PAPER, colour)
            raise forms.ValidationError(
                _(
                    "White text on %(colour)s is hard to read. %(darker)s is as close and can be read."
                ),
                params={"colour": colour, "darker": self.suggestion},
            )
        return colour


class LogoForm(forms.Form):
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        help_text=gettext_lazy("PNG or JPEG, at most 1 MB."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
    )

    def clean_logo(self) -> bytes:
        upload: UploadedFile[Any] = self.cleaned_data["logo"]
        if (upload.size or 0) > LOGO_LIMIT:
            raise forms.ValidationError(str(NotALogo()))
        content = bytes(upload.read())
        if logo_kind(content) is None:
            raise forms.ValidationError(str(NotALogo()))
        return content


def language_choices() -> list[tuple[str, object]]:
    return [("", _("The browser's")), *settings.LANGUAGES]


class ProfileForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=120, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=language_choices, required=False
    )


ROLE_HELP = gettext_lazy(
    "Read-only sees everything. An agent also works with customers. A manager also changes costs, "
    "surveys and imports. An owner also changes settings and people."
)


class PersonForm(forms.Form):
    role = forms.TypedChoiceField(
        label=gettext_lazy("Role"),
        choices=Role.choices,
        coerce=lambda value: Role(int(value)),
        initial=Role.AGENT,
        help_text=ROLE_HELP,
    )


class InvitationForm(PersonForm):
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=language_choices, required=False
    )
    field_order = ("email", "name", "role", "language")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class AuditFilterForm(forms.Form):
    """All optional, all combined; what can't be read filters nothing and says so."""

    by = forms.ModelChoiceField(
        label=gettext_lazy("Person"),
        queryset=User.objects.all(),
        required=False,
        empty_label=gettext_lazy("Anybody"),
    )
    action = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    model = forms.ChoiceField(label=gettext_lazy("Of what"), required=False)
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        anything = [("", _("Anything"))]
        self.fields["action"].choices = anything + audit.action_choices()  # type: ignore[attr-defined]
        self.fields["model"].choices = anything + audit.model_choices()  # type: ignore[attr-defined]
        for field in self.fields.values():
            look = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = look

    def chosen(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Those that a valid form asks for."""
        wanted = self.cleaned_data
        if wanted["by"]:
            entries = entries.filter(by=wanted["by"])
        if wanted["action"]:
            entries = entries.filter(action=wanted["action"])
        if wanted["model"]:
            entries = entries.filter(target_model=wanted["model"])
        if wanted["since"]:
            entries = entries.filter(at__gte=_midnight(wanted["since"]))
        if wanted["until"]:
            entries = entries.filter(at__lt=_midnight(wanted["until"] + timedelta(days=1)))
        return entries


def _midnight(day: date) -> datetime:
    """The first instant of a day in the business's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
