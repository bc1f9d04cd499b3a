"""A customer's answer. The templates draw the fields themselves: native radios with large targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from surveys.models import Survey
from surveys.questions import CHOICE, ENDS, TEXT, Question, Words


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


@dataclass(frozen=True)
class Drawn:
    """A further question as its template draws it; `options` are (value, words, is it chosen)."""

    name: str
    kind: str
    several: bool
    words: Words
    options: list[tuple[str, str, bool]]
    value: str
    errors: Sequence[str]


class FurtherForm(forms.Form):
    """The further questions in one language: a field per key, none of which has to be answered."""

    LONGEST = 2000

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[Question],
        language: str,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix="further", initial=dict(given or {}))
        self.questions, self.language = questions, language
        for question in questions:
            self.fields[question.key] = self._field(question)

    def _field(self, question: Question) -> forms.Field:
        if question.kind == TEXT:
            field = forms.CharField(required=False, max_length=self.LONGEST)
            field.error_messages["max_length"] = _(
                "This is longer than %(limit_value)s characters. Please shorten it."
            )
            return field
        if question.kind == CHOICE:
            made = forms.MultipleChoiceField if question.several else forms.ChoiceField
            return made(required=False, choices=question.choices(self.language))
        low, high = ENDS
        numbers = [(str(one), str(one)) for one in range(low, high + 1)]
        return forms.TypedChoiceField(required=False, choices=numbers, coerce=int, empty_value=None)

    @property
    def answers(self) -> dict[str, Any]:
        """By key, of a valid form; what was left open is not in it."""
        return {
            key: value for key, value in self.cleaned_data.items() if value not in (None, "", [])
        }

    def drawn(self) -> list[Drawn]:
        return [self._drawn(question) for question in self.questions]

    def _drawn(self, question: Question) -> Drawn:
        bound, field = self[question.key], self.fields[question.key]
        value = bound.value()
        chosen = {str(one) for one in value} if isinstance(value, list) else {str(value)}
        choices: Any = field.choices if isinstance(field, forms.ChoiceField) else []
        return Drawn(
            name=bound.html_name,
            kind=question.kind,
            several=question.several,
            words=question.words(self.language),
            options=[(str(code), str(words), str(code) in chosen) for code, words in choices],
            value=str(value or ""),
            errors=[str(error) for error in bound.errors],
        )
