"""Deals, how they end, and the stages that they go through."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.deals import stages_in_use
from crm.forms.fields import CustomerField, DayField, DayInput, MoneyField
from crm.forms.money import said_reasons
from crm.models import Contact, Contract, Customer, Deal, Stage
from staff.models import User

LARGEST_KEY = 2**63 - 1


class DealForm(forms.Form):
    """A deal of a customer who is asked for unless known; its stage only before there is one."""

    title = forms.CharField(
        label=gettext_lazy("What"),
        max_length=200,
        help_text=gettext_lazy("In a few words, such as “Five cargo bikes”."),
        error_messages={"required": gettext_lazy("Write what it is about.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    customer = CustomerField(label=gettext_lazy("Customer"))
    amount = MoneyField(
        label=gettext_lazy("Amount"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("Empty while nobody can say."),
    )
    stage = forms.TypedChoiceField(
        label=pgettext_lazy("of a pipeline", "Stage"), coerce=int, empty_value=None
    )
    expected_on = DayField(label=gettext_lazy("Expected"), required=False)
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        label=gettext_lazy("Owner"),
        required=False,
        empty_label=gettext_lazy("Nobody"),
    )
    contact = forms.ModelChoiceField(
        Contact.objects.none(),
        label=gettext_lazy("Contact"),
        required=False,
        empty_label=gettext_lazy("Nobody in particular"),
    )
    version = forms.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput
    )

    def __init__(
        self, *args: Any, customer: Customer | None, deal: Deal | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.stages = {} if deal else {stage.pk: stage for stage in stages_in_use()}
        if deal is None:
            del self.fields["version"]
        if self.stages:
            self.fields["stage"].choices = self._stage_choices()  # type: ignore[attr-defined]
        else:
            del self.fields["stage"]
        if customer is None:
            del self.fields["contact"]
        else:
            del self.fields["customer"]
            people = Contact.objects.filter(affiliations__customer=customer).distinct()
            self.fields["contact"].queryset = people  # type: ignore[attr-defined]

    def _stage_choices(self) -> list[tuple[int, str]]:
        several = len({stage.pipeline_id for stage in self.stages.values()}) > 1
        return [
            (pk, f"{stage.pipeline} · {stage}" if several else stage.name)
            for pk, stage in self.stages.items()
        ]

    @property
    def said(self) -> dict[str, Any]:
        """What the action takes."""
        said = dict(self.cleaned_data)
        if "stage" in said:
            said["stage"] = self.stages[said["stage"]]
        return said


class MoveForm(forms.Form):
    """Where a card goes: into a stage, and above which card, or last; or a step up or down."""

    stage = forms.ModelChoiceField(Stage.objects.all(), required=False)
    above = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY)
    to = forms.ChoiceField(
        choices=[("up", "up"), ("down", "down"), ("last", "last")], required=False
    )
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    def __init__(self, data: Any) -> None:
        data = data.copy()
        if len(data.get("stage", "")) > 18:  # more than any column holds
            data["stage"] = ""
        super().__init__(data)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("stage") and cleaned.get("to") not in {"up", "down"}:
            self.add_error(None, _("Say where it goes."))
        return cleaned


MADE = [
    ("order", gettext_lazy("An order")),
    ("contract", gettext_lazy("A contract")),
    ("", gettext_lazy("Neither, just note it")),
]


class WinForm(forms.Form):
    """What winning a deal makes."""

    made = forms.ChoiceField(
        label=gettext_lazy("It becomes"), choices=MADE, required=False, widget=forms.RadioSelect
    )
    amount = MoneyField(label=gettext_lazy("Amount"), required=False, min_value=0)
    cost = MoneyField(
        label=gettext_lazy("Cost of goods"),
        required=False,
        help_text=gettext_lazy("What it cost you, when you know it."),
    )
    interval = forms.ChoiceField(
        label=pgettext_lazy("an amount of money", "Per"),
        required=False,
        choices=[
            (Contract.Interval.MONTH, gettext_lazy("Month")),
            (Contract.Interval.YEAR, gettext_lazy("Year")),
        ],
    )
    starts_on = DayField(label=gettext_lazy("Starts"), required=False)
    ends_on = DayField(
        label=gettext_lazy("Ends"),
        required=False,
        help_text=gettext_lazy("The first day on which it no longer runs. Empty: it has no end."),
    )
    version = forms.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput
    )

    def __init__(self, data: Any = None, *, deal: Deal) -> None:
        is_made = deal.order_id or deal.contract_id
        initial = {
            "made": "" if is_made else "order",
            "amount": deal.amount,
            "starts_on": timezone.localdate(),
            "version": deal.version,
        }
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        made = cleaned.get("made")
        if made and cleaned.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Write the amount."))
        if made == "contract" and not cleaned.get("starts_on") and "starts_on" not in self.errors:
            self.add_error("starts_on", _("Write the day on which it starts."))
        return cleaned

    @property
    def said(self) -> dict[str, Any]:
        """What the action takes."""
        said = self.cleaned_data
        of_contract = ("amount", "interval", "starts_on", "ends_on")
        made: dict[str, dict[str, Any]] = {
            "order": {"total": said["amount"], "cost": said["cost"]},
            "contract": {name: said[name] or None for name in of_contract}
            | {"amount": said["amount"], "interval": said["interval"] or Contract.Interval.MONTH},
        }
        chosen = said["made"]
        return {"version": said["version"]} | ({chosen: made[chosen]} if chosen else {})


class LoseForm(forms.Form):
    """Why it came to nothing."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=said_reasons, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=gettext_lazy("In their words"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = forms.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput
    )


class DealTaskForm(forms.Form):
    """The next thing to do about a deal, in one line."""

    title = forms.CharField(
        label=gettext_lazy("What is to be done"),
        max_length=250,
        error_messages={"required": gettext_lazy("Write what is to be done.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "class": "form-control",
                "placeholder": gettext_lazy("What comes next"),
            }
        ),
    )
    due_on = DayField(
        label=gettext_lazy("Due"),
        required=False,
        widget=DayInput(attrs={"class": "form-control"}),
    )


class PipelineForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)


class StageForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    probability = forms.IntegerField(
        label=gettext_lazy("Probability (%)"),
        min_value=0,
        max_value=100,
        initial=50,
        help_text=gettext_lazy(
            "How many in a hundred that get here are won; it weighs what may be expected."
        ),
    )
    stale_days = forms.IntegerField(
        label=gettext_lazy("Old after (days)"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=gettext_lazy("A deal that stays longer is marked. Empty: never."),
    )
