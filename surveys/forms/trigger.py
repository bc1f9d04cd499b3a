"""When a survey is sent by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.models import Survey, SurveyTrigger

if TYPE_CHECKING:
    TriggerModelForm = forms.ModelForm[SurveyTrigger]
else:  # generic for the type checker alone
    TriggerModelForm = forms.ModelForm


class TriggerForm(TriggerModelForm):
    class Meta:
        model = SurveyTrigger
        fields = ("is_active", "survey", "after_hours")
        help_texts = {  # noqa: RUF012 - Django's own shape
            "is_active": _("One mail per solution; none when the ticket is opened again before."),
            "survey": _("CSAT asks how satisfied they are, CES how easy it was."),
            "after_hours": _("A day lets the solution prove itself."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        surveys = self.fields["survey"]
        assert isinstance(surveys, forms.ModelChoiceField)  # noqa: S101
        surveys.queryset = Survey.objects.filter(is_active=True)
        surveys.empty_label = None
