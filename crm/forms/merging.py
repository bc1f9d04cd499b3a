"""Whom to merge with, and whose values stay."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import custom, sides
from crm.actions.contact_merging import FIELDS
from crm.forms.fields import CustomerField
from crm.models import Contact, Customer, CustomField
from crm.sides import Difference, Side
from staff.formats import date_long


class OtherForm(forms.Form):
    """The customer who may be the same."""

    customer = CustomerField(
        label=gettext_lazy("The other customer"),
        help_text=gettext_lazy("Begin to write their name, e-mail or telephone."),
    )


class MergeForm(forms.Form):
    """A choice per field of which the two say something else; `choices` is what was chosen."""

    LABELS: ClassVar = {"created_at": gettext_lazy("Known since")}

    def __init__(self, data: Any, *, winner: Customer, loser: Customer) -> None:
        super().__init__(data)
        self.shown = Shown([winner, loser])
        for one in sides.differences(winner, loser):
            if self._looks_the_same(one):
                continue  # two instants of one day: the earlier one stays
            self.fields[one.name] = forms.ChoiceField(
                label=self.shown.label(one.name, self.LABELS),
                choices=self._offered(one),
                initial=str(one.suggested),
                widget=forms.RadioSelect,
            )

    def _offered(self, one: Difference) -> list[tuple[str, str]]:
        offered = [
            (str(side), self.shown.value(one.name, value))
            for side, value in ((Side.WINNER, one.winner), (Side.LOSER, one.loser))
        ]
        if one.name == "notes" and one.winner and one.loser:
            offered.append((str(Side.BOTH), _("Both, one below the other")))
        return offered

    def _looks_the_same(self, one: Difference) -> bool:
        return self.shown.value(one.name, one.winner) == self.shown.value(one.name, one.loser)

    @property
    def choices(self) -> dict[str, Side]:
        return {name: Side(value) for name, value in self.cleaned_data.items()}


class ContactMergeForm(forms.Form):
    """Whose name and language stay where both have one; `choices` is what was chosen."""

    def __init__(self, data: Any, *, winner: Contact, loser: Contact) -> None:
        super().__init__(data)
        for name in FIELDS:
            ours, theirs = getattr(winner, name), getattr(loser, name)
            if not ours or not theirs or ours == theirs:
                continue
            field: Any = Contact._meta.get_field(name)
            shown = dict(field.flatchoices)
            better = sides.better_name(ours, theirs) if name == "name" else Side.WINNER
            self.fields[name] = forms.ChoiceField(
                label=str(field.verbose_name),
                choices=[
                    (str(side), str(shown.get(value, value)))
                    for side, value in ((Side.WINNER, ours), (Side.LOSER, theirs))
                ],
                initial=str(better),
                widget=forms.RadioSelect,
            )

    @property
    def choices(self) -> dict[str, Side]:
        return {name: Side(value) for name, value in self.cleaned_data.items()}


class Shown:
    """Fields of two customers in the reader's words; one query for the fields of one's own."""

    def __init__(self, customers: list[Customer]) -> None:
        self.fields = {field.key: field for field in CustomField.objects.all()}
        people = [one.owner for one in customers] + [one.referred_by for one in customers]
        self.names = {(type(one), one.pk): str(one) for one in people if one is not None}

    def label(self, name: str, labels: Any) -> str:
        if name.startswith(sides.CUSTOM):
            key = name.removeprefix(sides.CUSTOM)
            return self.fields[key].label if key in self.fields else key
        return str(labels.get(name) or Customer._meta.get_field(name).verbose_name)  # type: ignore[union-attr]

    def value(self, name: str, value: Any) -> str:
        if value in (None, ""):
            return _("nothing")
        if name.startswith(sides.CUSTOM):
            own = self.fields.get(name.removeprefix(sides.CUSTOM))
            return custom.show(own, value) if own else str(value)
        field: Any = Customer._meta.get_field(name)
        if field.is_relation:
            return self.names.get((field.related_model, value), "")
        if name in {"birthday", "created_at"}:
            return date_long(value)
        return str(dict(field.flatchoices).get(value, value))
