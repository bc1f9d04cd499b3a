"""A training as people write it: its days, its cost, and the hours of each who took part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms.fields import DayField, MoneyField, NumberField
from staff.models import User


class TrainingForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("Training"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Such as “Listening on the telephone”."),
    )
    about = forms.CharField(
        label=gettext_lazy("What it is about"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    planned_on = DayField(label=gettext_lazy("Planned for"))
    held_on = DayField(
        label=gettext_lazy("Held on"),
        required=False,
        help_text=gettext_lazy("Empty while it is only planned."),
    )
    amount = MoneyField(label=gettext_lazy("What it costs"), required=False, min_value=0)

    def __init__(
        self, *args: Any, people: Sequence[User], today: date, currency: str, **options: Any
    ) -> None:
        self.people, self.today = people, today
        super().__init__(*args, **options)
        self.fields["amount"].help_text = _(
            "In %(currency)s. It goes into the ledger on the day of the training."
        ) % {"currency": currency}
        for person in people:
            self.fields[f"hours_{person.pk}"] = NumberField(
                label=person.name,
                required=False,
                min_value=0,
                max_value=1000,
                max_digits=6,
                decimal_places=2,
            )

    @property
    def hour_fields(self) -> list[forms.BoundField]:
        return [self[f"hours_{person.pk}"] for person in self.people]

    def clean_amount(self) -> Decimal | None:
        """Nothing is no line of the ledger."""
        return self.cleaned_data["amount"] or None

    def clean_held_on(self) -> date | None:
        held_on: date | None = self.cleaned_data["held_on"]
        if held_on and held_on > self.today:
            raise forms.ValidationError(
                _("This day is still to come; until then the training is planned.")
            )
        return held_on

    @property
    def values(self) -> dict[str, Any]:
        """What metrics.training.save_training takes."""
        names = ("title", "about", "planned_on", "held_on", "amount")
        hours = {
            person.pk: value
            for person in self.people
            if (value := self.cleaned_data.get(f"hours_{person.pk}"))
        }
        return {name: self.cleaned_data[name] for name in names} | {"hours": hours}
