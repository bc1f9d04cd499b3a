"""A customer's answer. The template draws the fields itself: native radios with large targets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from surveys.models import Survey


class AnswerForm(forms.Form):
    """`score` within the survey's scale, `comment` optional."""

    # A field that no person sees; programs that fill in whatever they find give themselves away.
    TRAP = "website"
    LONGEST = 4000

    score = forms.IntegerField()
    comment = forms.CharField(required=False, max_length=LONGEST)

    def __init__(self, *args: Any, survey: Survey, **options: Any) -> None:
        super().__init__(*args, **options)
        low, high = survey.scale
        words = _("Choose a number from %(low)s to %(high)s.") % {"low": low, "high": high}
        self.fields["score"].error_messages |= {"required": words, "invalid": words}
        self.words = words
        self.scale = (low, high)
        self.fields["comment"].error_messages["max_length"] = _(
            "Your reason is longer than %(limit_value)s characters. Please shorten it."
        )

    def clean_score(self) -> int:
        score: int = self.cleaned_data["score"]
        low, high = self.scale
        if not low <= score <= high:
            raise forms.ValidationError(self.words)
        return score

    @property
    def typed(self) -> str:
        """The comment as it was typed, also when something else was wrong."""
        return str(
            self.data.get("comment", "") if self.is_bound else self.initial.get("comment", "")
        )
