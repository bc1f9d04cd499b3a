"""A survey's settings and its words in each language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

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


class SurveyForm(SurveyModelForm):
    """The settings, and a field `text_<language>_<name>` for each word; blank: the stock words."""

    class Meta:
        model = Survey
        fields = ("name", "throttle_days", "expires_after_days", "is_active")
        help_texts = {  # noqa: RUF012 - Django's own shape
            "name": _("Only your team sees it."),
            "throttle_days": _(
                "Nobody gets this survey more often. The settings say how long between any two surveys."
            ),
            "is_active": _("Without this, its links say that the survey is closed."),
        }

    def __init__(self, *args: Any, kind: str, languages: list[str], **options: Any) -> None:
        own = options.pop("own_texts", {})
        super().__init__(*args, **options)
        self.kind = kind
        # The business's own languages first; what is never asked in is not in the way.
        self.languages = [code for code in languages if code in texts.LANGUAGES] or ["en"]
        for field in ("throttle_days", "expires_after_days"):
            self.fields[field].widget.attrs |= {"min": 1, "max": 365}
        for language in self.languages:
            stock = texts.stock(kind, language)
            for name in texts.FIELDS:
                self.fields[f"text_{language}_{name}"] = forms.CharField(
                    label=LABELS[name],
                    required=False,
                    max_length=LENGTHS.get(name, LONGEST),
                    initial=own.get(language, {}).get(name, ""),
                    widget=forms.Textarea(attrs={"rows": 2}) if name in LONG else forms.TextInput(),
                )
                self.fields[f"text_{language}_{name}"].widget.attrs |= {
                    "placeholder": getattr(stock, name),
                    "lang": language,
                }

    def clean_expires_after_days(self) -> int:
        return _within_a_year(self.cleaned_data["expires_after_days"])

    def clean_throttle_days(self) -> int:
        return _within_a_year(self.cleaned_data["throttle_days"])

    @property
    def own_texts(self) -> dict[str, dict[str, str]]:
        return {
            language: {name: self.cleaned_data[f"text_{language}_{name}"] for name in texts.FIELDS}
            for language in self.languages
        }

    def setting_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.Meta.fields]

    def text_fields(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (language, [self[f"text_{language}_{name}"] for name in texts.FIELDS])
            for language in self.languages
        ]


def _within_a_year(days: int) -> int:
    if not 1 <= days <= 365:
        raise forms.ValidationError(_("Choose between 1 and 365 days."))
    return days
