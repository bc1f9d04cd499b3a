"""What people say when they act on a finding, put it off or dismiss it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from crm.forms.fields import DayField
from staff.access import Role
from staff.models import User

# In how many days one may want to hear of it again.
LATER = (7, 14, 30, 90)


class ActForm(forms.Form):
    title = forms.CharField(label=_("What is to be done"), max_length=250)
    owner = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.none(), empty_label=None, required=False
    )
    due_on = DayField(label=_("Until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, role__gte=Role.AGENT).order_by("name", "pk")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]


class SnoozeForm(forms.Form):
    days = forms.TypedChoiceField(
        label=_("Tell me again in"),
        coerce=int,
        choices=[
            (days, ngettext_lazy("%(days)s day", "%(days)s days", days) % {"days": days})
            for days in LATER
        ],
        initial=LATER[1],
    )
    reason = forms.CharField(label=_("Why"), max_length=500, required=False)

    @property
    def until(self) -> Any:
        return timezone.localdate() + timedelta(days=self.cleaned_data["days"])


class DismissForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        error_messages={"required": _("Say why, so that others know later.")},
    )
