"""When a survey is sent by itself, and when nobody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core import validators
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import segments
from crm.models import Segment
from staff.models import User
from surveys.models import AskingRules, Survey, SurveyTrigger
from surveys.moments.words import WAITS

if TYPE_CHECKING:
    TriggerModelForm = forms.ModelForm[SurveyTrigger]
    RulesModelForm = forms.ModelForm[AskingRules]
else:  # generic for the type checker alone
    TriggerModelForm = RulesModelForm = forms.ModelForm

Moment = SurveyTrigger.Moment
# What each moment's waiting means to the customer.
WAITING_HELP = {
    Moment.TICKET_SOLVED: _(
        "A day lets the solution prove itself. Nobody is asked when the ticket is opened again before."
    ),
    Moment.ORDERED: _(
        "Long enough to have used what they bought. Nobody is asked when it was given back before."
    ),
    Moment.CONTRACT_STARTED: _(
        "Long enough to have settled in. Nobody is asked when a contract is renewed, or was cancelled "
        "before."
    ),
    Moment.RELATIONAL: _(
        "Each customer has a working day of their own in this time, so that as many are asked every "
        "day. New customers are not asked in their first month."
    ),
}


class TriggerForm(TriggerModelForm):
    class Meta:
        model = SurveyTrigger
        fields = (
            "survey",
            "after_hours",
            "after_days",
            "every_months",
            "segment",
            "daily_cap",
            "is_active",
        )
        help_texts = {  # noqa: RUF012 - Django's own shape
            "survey": _(
                "NPS asks whether they would recommend you, CSAT how satisfied they are, CES how easy "
                "it was."
            ),
            "segment": _("Asked of those whom the segment finds at that moment."),
            "daily_cap": _("Whoever comes later is asked on the next day. Empty: no limit."),
            "is_active": _("What happens while it is not sent is not asked about afterwards."),
        }

    def __init__(self, *args: Any, moment: str, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waits = WAITS[Moment(moment)]
        for name in set(WAITS.values()) - {waits}:
            del self.fields[name]
        self.fields[waits].required = True
        self.fields[waits].help_text = WAITING_HELP[Moment(moment)]
        surveys, segment = self.fields["survey"], self.fields["segment"]
        assert isinstance(surveys, forms.ModelChoiceField)  # noqa: S101
        assert isinstance(segment, forms.ModelChoiceField)  # noqa: S101
        surveys.queryset = Survey.objects.filter(is_active=True)
        surveys.empty_label = None
        # Rounds ask whether the bond holds.
        if moment == Moment.RELATIONAL:
            surveys.queryset = surveys.queryset.filter(kind=Survey.Kind.NPS)
        own = Q(pk=self.instance.segment_id)
        segment.queryset = Segment.objects.filter(
            own | Q(pk__in=segments.visible_to(by).values("pk"))
        ).order_by("name")
        segment.empty_label = _("all customers")


class AskingRulesForm(RulesModelForm):
    quiet_until = forms.TypedChoiceField(label=_("Not before"), coerce=int)
    quiet_from = forms.TypedChoiceField(label=_("Not from"), coerce=int)

    class Meta:
        model = AskingRules
        fields = (
            "quiet_until",
            "quiet_from",
            "asks_on_weekends",
            "daily_cap",
            "nps_pause_days",
            "csat_pause_days",
            "ces_pause_days",
            "reminder_after_days",
        )
        help_texts = {  # noqa: RUF012 - Django's own shape
            "daily_cap": _(
                "Of all surveys that are sent by themselves. Whoever comes later is asked on the next "
                "day. Empty: no limit."
            ),
            "reminder_after_days": _(
                "Once, to whoever has not answered. Empty: nobody is reminded."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hours = [(hour, f"{hour:02d}:00") for hour in range(25)]
        self._choices("quiet_until", hours[:24])
        self._choices("quiet_from", hours[1:])
        for name in ("nps_pause_days", "csat_pause_days", "ces_pause_days"):
            self._within(name, 0, 365)
        self._within("reminder_after_days", 1, 25)

    def _choices(self, name: str, hours: list[tuple[int, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = hours

    def _within(self, name: str, least: int, most: int) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.IntegerField)  # noqa: S101
        field.min_value, field.max_value = least, most
        field.validators += [
            validators.MinValueValidator(least),
            validators.MaxValueValidator(most),
        ]
        field.widget.attrs |= {"min": least, "max": most}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        until, since = cleaned.get("quiet_until"), cleaned.get("quiet_from")
        if until is not None and since is not None and until >= since:
            self.add_error("quiet_from", _("Choose a later hour than the one before."))
        return cleaned
