"""What people agreed to, how long things are kept, and the word that erases."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import privacy
from crm.actions.privacy import days_of
from crm.models import Consent, Contact

LONGEST_DAYS = 36_500


class ConsentForm(forms.Form):
    """Something that they said to us, noted by hand, with the words that prove it."""

    purpose = forms.ChoiceField(label=gettext_lazy("For"), choices=Consent.Purpose.choices)
    given = forms.TypedChoiceField(
        label=gettext_lazy("What they said"),
        choices=[
            ("1", gettext_lazy("They agree")),
            ("0", gettext_lazy("They don't, or no longer")),
        ],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        initial="1",
    )
    text = forms.CharField(
        label=gettext_lazy("How and in which words"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "This is the proof: for example “On the phone, 3 May: yes to offers by e-mail”."
        ),
        error_messages={
            "required": gettext_lazy("Write how it was said: without it there is no proof.")
        },
    )


class EraseForm(forms.Form):
    """Erasing can't be undone: the person's own name is asked for."""

    word = forms.CharField(label=gettext_lazy("Write their name to confirm"), required=False)

    def __init__(self, data: Any = None, *, contact: Contact) -> None:
        super().__init__(data)
        self.contact = contact

    def clean_word(self) -> str:
        word = " ".join(str(self.cleaned_data["word"]).split())
        if word.casefold() != " ".join(self.contact.name.split()).casefold():
            raise forms.ValidationError(
                _("Write “%(name)s”, exactly so.") % {"name": self.contact.name}
            )
        return word


class RetentionForm(forms.Form):
    """One field per kind of data: days, or empty for ever."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        for keeping in privacy.keepings():
            self.fields[field_name(keeping.name)] = forms.IntegerField(
                label=str(keeping.title),
                help_text=str(keeping.help),
                required=False,
                min_value=1,
                max_value=LONGEST_DAYS,
                initial=days_of(keeping.name),
                widget=forms.NumberInput(
                    attrs={"inputmode": "numeric", "placeholder": _("for ever")}
                ),
            )

    def days(self) -> dict[str, int | None]:
        """By kind, what was asked for."""
        return {
            keeping.name: self.cleaned_data[field_name(keeping.name)]
            for keeping in privacy.keepings()
        }


def field_name(what: str) -> str:
    return what.replace(".", "_")
