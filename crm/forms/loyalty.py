"""What it takes to be in a tier of loyalty."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.fields import MoneyField


class TierForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("As customers may read it, such as “Gold”."),
        error_messages={"required": _("A tier needs a name.")},
    )
    min_tenure_days = forms.IntegerField(
        label=_("Customer for at least (days)"),
        required=False,
        min_value=1,
        max_value=36_500,
        help_text=_("Without a break until today; a year is 365 days."),
    )
    min_income = MoneyField(
        label=_("Income of the last twelve months, at least"),
        required=False,
        min_value=0,
        help_text=_("Orders less refunds. What you leave empty is not asked."),
    )
