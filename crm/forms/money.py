"""Orders, contracts, costs, and when a silence becomes a loss."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.actions.tenures import REASONS
from crm.forms.fields import CustomerField, DayField, MomentField, MoneyField
from crm.models import Contract, Cost


def purposes() -> list[tuple[str, str]]:
    return [(purpose.value, capfirst(str(purpose.label))) for purpose in Cost.Purpose]


def said_reasons() -> list[tuple[str, str]]:
    return [(reason.value, capfirst(str(reason.label))) for reason in REASONS]


class OrderForm(forms.Form):
    """A purchase, or with a minus a refund."""

    total = MoneyField(
        label=gettext_lazy("Total"),
        help_text=gettext_lazy("With a minus in front it is a refund."),
    )
    ordered_at = MomentField(label=pgettext_lazy("of an order", "When"))
    cost = MoneyField(
        label=gettext_lazy("Cost of goods"),
        required=False,
        help_text=gettext_lazy("What it cost you, when you know it."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["ordered_at"].initial = timezone.now()


class RefundForm(forms.Form):
    """What is given back of a purchase."""

    total = MoneyField(
        label=gettext_lazy("Given back"),
        help_text=gettext_lazy("All that was paid, or a part of it."),
    )
    ordered_at = MomentField(label=pgettext_lazy("of a refund", "When"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["ordered_at"].initial = timezone.now()


class ContractForm(forms.Form):
    """A recurring agreement."""

    amount = MoneyField(label=gettext_lazy("Amount"), min_value=0)
    interval = forms.ChoiceField(
        label=pgettext_lazy("an amount of money", "Per"),
        choices=[
            (Contract.Interval.MONTH, gettext_lazy("Month")),
            (Contract.Interval.YEAR, gettext_lazy("Year")),
        ],
    )
    starts_on = DayField(label=gettext_lazy("Starts"))
    ends_on = DayField(
        label=gettext_lazy("Ends"),
        required=False,
        help_text=gettext_lazy("The first day on which it no longer runs. Empty: it has no end."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["starts_on"].initial = timezone.localdate()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        return _forward(self, cleaned, "starts_on", "ends_on")


class CancelContractForm(forms.Form):
    cancelled_on = DayField(
        label=gettext_lazy("Cancelled"),
        help_text=gettext_lazy("The first day on which it no longer runs."),
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=lambda: [*said_reasons(), ("", capfirst(_("other")))],
        widget=forms.RadioSelect,
        required=False,
        initial="unknown",
    )
    words = forms.CharField(
        label=gettext_lazy("In their words"),
        max_length=250,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["cancelled_on"].initial = timezone.localdate()

    def clean(self) -> dict[str, Any]:
        """One's own words stand instead of a reason from the list."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        words = cleaned.pop("words", "")
        if words:
            cleaned["reason"] = words
        return cleaned


class LossForm(forms.Form):
    """That they left, and why."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=said_reasons, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=gettext_lazy("In their words"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    lost_at = MomentField(
        label=pgettext_lazy("when someone left", "When"),
        required=False,
        help_text=gettext_lazy("Empty: now."),
    )

    def clean_lost_at(self) -> Any:
        moment = self.cleaned_data["lost_at"]
        if moment and moment > timezone.now():
            raise ValidationError(_("This day is still to come."), code="future")
        return moment


class CostForm(forms.Form):
    """Money spent, on a day or spread over days."""

    amount = MoneyField(label=gettext_lazy("Amount"))
    purpose = forms.ChoiceField(label=gettext_lazy("For"), choices=purposes)
    category = forms.CharField(
        label=gettext_lazy("Category"),
        max_length=60,
        widget=forms.TextInput(attrs={"list": "category-names", "autocomplete": "off"}),
    )
    on = DayField(label=pgettext_lazy("a day", "On"))
    until = DayField(
        label=pgettext_lazy("a day", "Until"),
        required=False,
        help_text=gettext_lazy("Spreads it evenly over the days before this one."),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("The way of finding you that it was spent on."),
        widget=forms.TextInput(attrs={"list": "source-names", "autocomplete": "off"}),
    )
    customer = CustomerField(label=gettext_lazy("Customer"), required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=250, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["on"].initial = timezone.localdate()
        if isinstance(self.initial.get("category"), str):
            self.initial["category"] = _category_label(self.initial["category"])

    def clean_category(self) -> str:
        """The key of an offered category, whatever language it was picked in; else one's own word."""
        word: str = " ".join(self.cleaned_data["category"].split())
        offered = {str(label).casefold(): key for key, label in Cost.CATEGORIES.items()}
        return offered.get(word.casefold(), word)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        return _forward(self, cleaned, "on", "until")


def _category_label(key: str) -> str:
    return str(Cost.CATEGORIES.get(key, key))


def _forward(form: forms.Form, cleaned: dict[str, Any], start: str, end: str) -> dict[str, Any]:
    first: date | None = cleaned.get(start)
    last: date | None = cleaned.get(end)
    if first and last and last <= first:
        form.add_error(end, _("This must be after %(day)s.") % {"day": _shown(first)})
    return cleaned


def _shown(day: date) -> str:
    from staff.templatetags.vinculo import date_short

    return date_short(day)


class SilenceForm(forms.Form):
    """From a day on, how long a customer may be silent before they count as lost."""

    days = forms.IntegerField(
        label=gettext_lazy("Days without a purchase"),
        min_value=1,
        max_value=3650,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    since = DayField(
        label=gettext_lazy("For purchases from"),
        help_text=gettext_lazy("Purchases before this day keep the rule of their time."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["since"].initial = timezone.localdate()
