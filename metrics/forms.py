"""Targets in the units that people write, and annotations."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.forms.fields import DayField, NumberField
from metrics import showing
from metrics.definitions import DEFINITIONS, Compared, Definition

# Of spans of time: what stands behind the number, and how many minutes it is.
SPANS = {"minutes": 1, "hours": 60, "days": 1440}
SPAN_NAMES = [
    ("minutes", gettext_lazy("minutes")),
    ("hours", gettext_lazy("hours")),
    ("days", gettext_lazy("days")),
]
MOST = Decimal(10) ** 12


def is_share(definition: Definition) -> bool:
    """Whether people write it in per cent."""
    return showing.chart_unit(definition)[0] == "percent"


def limits(definition: Definition) -> tuple[Decimal, Decimal]:
    """Between which a target can lie, in the unit that people write."""
    if definition.unit == "points":
        return Decimal(-100), Decimal(100)
    if definition.unit == "points_1_7":
        return Decimal(1), Decimal(7)
    if definition.unit == "points_1_5":
        return Decimal(1), Decimal(5)
    if is_share(definition) and definition.compared is Compared.PROPORTION:
        return Decimal(0), Decimal(100)
    return (-MOST if definition.unit in {"money", "ratio"} else Decimal(0)), MOST


def outside(low: Decimal, high: Decimal) -> str:
    return _("This figure lies between %(low)s and %(high)s.") % {"low": low, "high": high}


class TargetForm(forms.Form):
    """`stored` is the value in the unit of the stored figure: "5" of a share is 0.05."""

    value = NumberField(label=gettext_lazy("Target"), max_digits=18, decimal_places=4)
    span = forms.ChoiceField(label=gettext_lazy("Unit"), choices=SPAN_NAMES, initial="hours")
    from_on = DayField(
        label=pgettext_lazy("a target holds", "From"),
        help_text=gettext_lazy("A period is judged by what holds on its last day."),
    )

    def __init__(
        self, *args: Any, definition: Definition, currency: str, today: date, **options: Any
    ) -> None:
        self.definition = definition
        super().__init__(*args, **options)
        self.fields["from_on"].initial = today.replace(day=1)
        if definition.unit != "minutes":
            del self.fields["span"]
        self.fields["value"].help_text = self._unit(currency)

    def _unit(self, currency: str) -> str:
        if is_share(self.definition):
            return _("In per cent: write 5 for 5%.")
        match self.definition.unit:
            case "money":
                return _("In %(currency)s.") % {"currency": currency}
            case "points":
                return _("In points, from −100 to 100.")
            case "points_1_7":
                return _("In points, from 1 to 7.")
            case _:
                return ""

    def clean_value(self) -> Decimal:
        value: Decimal = self.cleaned_data["value"]
        low, high = limits(self.definition)
        if not low <= value <= high:
            raise forms.ValidationError(outside(low, high))
        return value

    def clean(self) -> dict[str, Any]:
        """Of a span of time the limit is one of minutes, by which it is stored."""
        data = super().clean() or self.cleaned_data
        minutes = SPANS.get(data.get("span", ""), 1)
        if "value" in data and data["value"] * minutes > MOST:
            self.add_error("value", outside(Decimal(0), MOST // minutes))
        return data

    @property
    def stored(self) -> Decimal:
        value: Decimal = self.cleaned_data["value"]
        if is_share(self.definition):
            value /= 100
        if self.definition.unit == "minutes":
            value *= SPANS[self.cleaned_data["span"]]
        return value.quantize(Decimal("0.000001"))

    @classmethod
    def initial_of(cls, definition: Definition, stored: Decimal) -> dict[str, Any]:
        """What to show of a stored value."""
        if is_share(definition):
            return {"value": _plain(stored * 100)}
        if definition.unit != "minutes":
            return {"value": _plain(stored)}
        fits = [name for name, minutes in SPANS.items() if stored % minutes == 0]
        span = fits[-1] if fits else "minutes"
        return {"value": _plain(stored / SPANS[span]), "span": span}


def _plain(value: Decimal) -> Decimal:
    """Without zeros at its end, and never as 1E+2."""
    value = value.normalize()
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


class AnnotationForm(forms.Form):
    on = DayField(label=pgettext_lazy("of an annotation", "Day"))
    title = forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("In a few words, as charts show it: “New return policy”."),
    )
    text = forms.CharField(
        label=gettext_lazy("More about it"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    kpis = forms.MultipleChoiceField(
        label=gettext_lazy("Which figures should it have moved?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Before and after are compared for these. The fewer, the smaller the differences that can "
            "be told from chance. None: it is shown with all figures."
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kpis: Any = self.fields["kpis"]
        kpis.choices = [(one.kpi, one.name) for one in DEFINITIONS.values() if one.is_stored]
