"""The check-up's eight answers, and objectives in the units that people write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.forms.fields import DayField
from metrics.check_ups import TEXTS, Answered
from metrics.forms import TargetForm
from metrics.models import CheckUp, CheckUpAnswer

MOST_TEXT = 5000
LABELS = {
    "mission": gettext_lazy("Mission"),
    "vision": gettext_lazy("Vision"),
    "value_proposition": gettext_lazy("Value proposition"),
}
HELPS = {
    "mission": gettext_lazy("What you are there for, and for whom."),
    "vision": gettext_lazy("Where you want to be in some years."),
    "value_proposition": gettext_lazy("Why somebody buys from you and not from another."),
}
Question = CheckUpAnswer.Question


def marks() -> list[tuple[int, str]]:
    return [(mark.value, capfirst(str(mark.label))) for mark in CheckUpAnswer.Mark]


class CheckUpForm(forms.Form):
    """Nothing is required: it is kept as it grows."""

    def __init__(self, data: Mapping[str, Any] | None, *, check_up: CheckUp) -> None:
        answers = {answer.question: answer for answer in check_up.answers.all()}
        initial: dict[str, Any] = {name: getattr(check_up, name) for name in TEXTS}
        for question, answer in answers.items():
            initial |= {f"text_{question}": answer.text, f"mark_{question}": answer.mark}
        super().__init__(data, initial=initial)
        for name in TEXTS:
            self.fields[name] = _words(LABELS[name], HELPS[name], rows=2)
        for question in Question.values:
            self.fields[f"mark_{question}"] = forms.TypedChoiceField(
                label=gettext_lazy("Do we do this?"),
                choices=marks,
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
            )
            self.fields[f"text_{question}"] = _words(gettext_lazy("In your own words"), "", rows=3)

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in TEXTS if name in self.cleaned_data}

    @property
    def answers(self) -> dict[str, Answered]:
        data = self.cleaned_data
        return {
            question: Answered(data[f"text_{question}"], data[f"mark_{question}"])
            for question in Question.values
            if f"text_{question}" in data and f"mark_{question}" in data
        }

    def questions(self) -> Iterator[tuple[Question, forms.BoundField, forms.BoundField]]:
        for question in Question:
            yield question, self[f"mark_{question.value}"], self[f"text_{question.value}"]


def _words(label: Any, help_text: Any, *, rows: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _title() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Objective"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Such as “Every complaint has a reply within a day”."),
    )


class ObjectiveForm(forms.Form):
    """Something to reach that no figure tells."""

    title = _title()
    due_on = DayField(label=pgettext_lazy("a day", "By"))

    @property
    def values(self) -> dict[str, Any]:
        """What metrics.check_ups.add_objective takes."""
        return {"title": self.cleaned_data["title"], "due_on": self.cleaned_data["due_on"]}


class FigureObjectiveForm(TargetForm):
    """Something to reach that a figure tells."""

    title = _title()
    due_on = DayField(label=pgettext_lazy("a day", "By"))
    draws_target = forms.BooleanField(
        label=gettext_lazy("From today on, show it as the figure’s target too"),
        required=False,
        initial=True,
    )
    field_order = ("title", "value", "span", "due_on", "draws_target")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["from_on"]

    @property
    def values(self) -> dict[str, Any]:
        """What metrics.check_ups.add_objective takes."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "due_on": data["due_on"],
            "kpi": self.definition.kpi,
            "value": self.stored,
            "draws_target": data["draws_target"],
        }
