"""When the mail of the day comes."""

from __future__ import annotations

from datetime import time
from typing import Any, ClassVar

from django import forms
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from crm.models import MorningMail
from crm.reminders import LATEST_HOUR

FIRST_HOUR = 5


class MorningMailForm(forms.ModelForm[MorningMail]):
    hour = forms.TypedChoiceField(label=_("From"), coerce=int)

    class Meta:
        model = MorningMail
        fields: ClassVar = ["is_on", "hour"]
        labels: ClassVar = {"is_on": _("Send me a mail on days that bring something")}
        help_texts: ClassVar = {
            "is_on": _(
                "What is due, what became late, contracts that end soon. "
                "Of a promise that is due at an hour, two hours before."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hours = range(FIRST_HOUR, LATEST_HOUR)
        self.fields["hour"].choices = [  # type: ignore[attr-defined]
            (hour, formats.time_format(time(hour), "TIME_FORMAT")) for hour in hours
        ]
