"""When an alert goes off, in the unit that people write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms.fields import NumberField
from metrics.alerts.actions import Band
from metrics.definitions import Definition
from metrics.forms import is_share, limits, outside
from metrics.models import Alert, Grain
from staff.access import Role
from staff.models import User

VALUES = ("low", "high", "margin")
MINUTES_IN_HOUR = 60


class AlertForm(forms.Form):
    """`band` has the values in the unit of the stored figure: "5" of a share is 0.05."""

    grain = forms.ChoiceField(
        label=gettext_lazy("Look at each"),
        choices=Grain.choices,
        initial=Grain.MONTH,
        help_text=gettext_lazy("Only once it is over."),
    )
    low = NumberField(label=gettext_lazy("Tell me below"), max_digits=18, required=False)
    high = NumberField(label=gettext_lazy("Tell me above"), max_digits=18, required=False)
    margin = NumberField(
        label=gettext_lazy("Back when inside by"),
        max_digits=18,
        required=False,
        min_value=Decimal(0),
        help_text=gettext_lazy("So that a figure on the border isn’t told of again and again."),
    )
    least_n = forms.IntegerField(
        label=gettext_lazy("Only when n is at least"),
        min_value=1,
        max_value=1_000_000,
        initial=30,
        help_text=gettext_lazy(
            "With fewer answers, customers or tickets a figure jumps by chance."
        ),
    )
    told = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Tell by e-mail"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("On the pages, everybody sees it."),
    )

    def __init__(self, *args: Any, definition: Definition, currency: str, **options: Any) -> None:
        self.definition = definition
        super().__init__(*args, **options)
        grains = [(grain.value, grain.label) for grain in definition.grains]
        self.fields["grain"].choices = grains  # type: ignore[attr-defined]
        people = User.objects.filter(is_active=True, role__gte=Role.READ_ONLY)
        self.fields["told"].queryset = people.order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["low"].help_text = self.fields["high"].help_text = self._unit(currency)

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
            case "minutes":
                return _("In hours.")
            case _:
                return ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        lowest, highest = limits(self.definition)
        ends = {"low": (lowest, highest), "high": (lowest, highest)}
        ends["margin"] = Decimal(0), highest - lowest
        for name, (least, most) in ends.items():
            value = data.get(name)
            if value is not None and not least <= value <= most:
                self.add_error(name, outside(least, most))
        return data

    @property
    def band(self) -> Band:
        said = self.cleaned_data
        low, high, margin = (self._stored(said[name]) for name in VALUES)
        return Band(
            grain=said["grain"],
            low=low,
            high=high,
            margin=margin or Decimal(0),
            least_n=said["least_n"],
        )

    def _stored(self, value: Decimal | None) -> Decimal | None:
        return (
            None
            if value is None
            else (value * _unit_of(self.definition)).quantize(Decimal("0.000001"))
        )

    @staticmethod
    def initial_of(definition: Definition, alert: Alert) -> dict[str, Any]:
        shown = {name: _written(definition, getattr(alert, name)) for name in VALUES}
        told = list(alert.told.values_list("pk", flat=True))
        return {**shown, "grain": alert.grain, "least_n": alert.least_n, "told": told}


def _unit_of(definition: Definition) -> Decimal:
    """What one written is of the stored figure."""
    if is_share(definition):
        return Decimal("0.01")
    return Decimal(MINUTES_IN_HOUR if definition.unit == "minutes" else 1)


def _written(definition: Definition, value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    plain = (value / _unit_of(definition)).normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain
