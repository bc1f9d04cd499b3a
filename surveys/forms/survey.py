"""A survey's settings and its words in each language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from staff import colour
from surveys import texts
from surveys.models import Survey

if TYPE_CHECKING:
    SurveyModelForm = forms.ModelForm[Survey]
else:  # generic for the type checker alone
    SurveyModelForm = forms.ModelForm

LABELS = {
    "subject": _("Subject of the e-mail"),
    "intro": _("First lines of the e-mail"),
    "question": _("Question"),
    "low": _("Lowest score means"),
    "high": _("Highest score means"),
    "reason": _("Asking for the reason"),
    "reason_low": _("… after a low score"),
    "reason_middle": _("… after a middling score"),
    "reason_high": _("… after a high score"),
    "thanks_low": _("Thanks after a low score"),
    "thanks_middle": _("Thanks after a middling score"),
    "thanks_high": _("Thanks after a high score"),
}
LONG = {"intro", "question", "thanks_low", "thanks_middle", "thanks_high"}
# Ends of the scale stand side by side on a telephone.
LENGTHS = {"low": 40, "high": 40, "subject": 120}
LONGEST = 300
_HEX = re.compile(r"#[0-9a-f]{6}")


class SurveyForm(SurveyModelForm):
    """The settings, and a field `text_<language>_<name>` for each word; blank: the stock words."""

    # A button beside the colour that can't be read sends the nearest one that can.
    SUGGESTED = "use_colour"

    has_own_colour = forms.BooleanField(
        label=_("A colour of its own"),
        required=False,
        help_text=_("Of its buttons and links; without it, that of your business."),
    )

    class Meta:
        model = Survey
        fields = (
            "name",
            "throttle_days",
            "expires_after_days",
            "is_active",
            "is_anonymous",
            "asks_for_reviews",
            "asks_for_testimonials",
            "colour",
        )
        widgets = {  # noqa: RUF012 - Django's own shape
            "colour": forms.TextInput(attrs={"type": "color", "class": "form-control-color"})
        }
        help_texts = {  # noqa: RUF012 - Django's own shape
            "name": _("Only your team sees it."),
            "throttle_days": _(
                "Nobody gets this survey more often. The settings say how long between any two surveys."
            ),
            "is_active": _("Without this, its links say that the survey is closed."),
            "is_anonymous": _(
                "Answers keep the day alone, not who gave them, and can't be changed. "
                "Once people were asked so, it stays so."
            ),
            "asks_for_reviews": _("On the page of thanks, the same links for everyone."),
            "asks_for_testimonials": _(
                "On the page of thanks: whoever agrees lets you show their words."
            ),
        }

    def __init__(self, *args: Any, kind: str, languages: list[str], **options: Any) -> None:
        own, business_colour = options.pop("own_texts", {}), options.pop("business_colour")
        super().__init__(*args, **options)
        self.kind = kind
        # The business's own languages first; what is never asked in is not in the way.
        self.languages = [code for code in languages if code in texts.LANGUAGES] or ["en"]
        self.suggestion = ""
        for field in ("throttle_days", "expires_after_days"):
            self.fields[field].widget.attrs |= {"min": 1, "max": 365}
        self.initial.setdefault("has_own_colour", bool(self.instance.colour))
        self.initial["colour"] = self.initial.get("colour") or business_colour
        for language in self.languages:
            self._add_texts(language, own.get(language, {}))

    def _add_texts(self, language: str, own: Mapping[str, str]) -> None:
        stock = texts.stock(self.kind, language)
        for name in texts.FIELDS:
            attributes = {"placeholder": getattr(stock, name), "lang": language}
            self.fields[f"text_{language}_{name}"] = forms.CharField(
                label=LABELS[name],
                required=False,
                max_length=LENGTHS.get(name, LONGEST),
                initial=own.get(name, ""),
                widget=forms.Textarea(attrs=attributes | {"rows": 2})
                if name in LONG
                else forms.TextInput(attrs=attributes),
            )

    @classmethod
    def again(cls, data: Mapping[str, Any], **options: Any) -> SurveyForm:
        """As it was typed, complaining of nothing: after a button that saves nothing."""
        sent = cls(data, **options)
        typed = {name: sent[name].value() for name in sent.fields}
        return cls(initial=typed, **options)

    def clean_expires_after_days(self) -> int:
        return _within_a_year(self.cleaned_data["expires_after_days"])

    def clean_throttle_days(self) -> int:
        return _within_a_year(self.cleaned_data["throttle_days"])

    def clean_colour(self) -> str:
        """Blank without a colour of its own; what can't be read on white is refused."""
        suggested = self.data.get(self.SUGGESTED, "")
        chosen = suggested if _HEX.fullmatch(suggested) else str(self.cleaned_data["colour"])
        if not self.data.get("has_own_colour") or not chosen:
            return ""
        self.suggestion = colour.readable_on(colour.PAPER, chosen)
        if self.suggestion == chosen:
            self.suggestion = ""
            return chosen
        raise forms.ValidationError(
            gettext("White text on %(colour)s is hard to read."), params={"colour": chosen}
        )

    @property
    def own_texts(self) -> dict[str, dict[str, str]]:
        return {
            language: {
                name: self.cleaned_data.get(f"text_{language}_{name}", "") for name in texts.FIELDS
            }
            for language in self.languages
        }

    def settings(self) -> dict[str, Any]:
        """What is kept of a valid form beside its words."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def setting_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.Meta.fields if name != "colour"]

    def text_fields(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (language, [self[f"text_{language}_{name}"] for name in texts.FIELDS])
            for language in self.languages
        ]


def _within_a_year(days: int) -> int:
    if not 1 <= days <= 365:
        raise forms.ValidationError(_("Choose between 1 and 365 days."))
    return days
