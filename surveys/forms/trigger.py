"""When a survey is sent by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.actions.triggers import OutsideTheScale
from surveys.models import Survey, SurveyTrigger

if TYPE_CHECKING:
    TriggerModelForm = forms.ModelForm[SurveyTrigger]
else:  # generic for the type checker alone
    TriggerModelForm = forms.ModelForm


class TriggerForm(TriggerModelForm):
    class Meta:
        model = SurveyTrigger
        fields = ("is_active", "survey", "after_hours", "follows_up_at")
        help_texts = {  # noqa: RUF012 - Django's own shape
            "is_active": _("One mail per solution; none when the ticket is opened again before."),
            "survey": _("CSAT asks how satisfied they are, CES how easy it was."),
            "after_hours": _("A day lets the solution prove itself."),
            "follows_up_at": _(
                "Whoever gives this score or a lower one has their ticket opened again, with high "
                "priority. Leave it empty to have none opened."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        surveys = self.fields["survey"]
        assert isinstance(surveys, forms.ModelChoiceField)  # noqa: S101
        surveys.queryset = Survey.objects.filter(is_active=True)
        surveys.empty_label = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        survey, score = cleaned.get("survey"), cleaned.get("follows_up_at")
        if survey and score is not None and not survey.scale[0] <= score <= survey.scale[1]:
            self.add_error("follows_up_at", str(OutsideTheScale()))
        return cleaned
