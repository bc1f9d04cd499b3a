"""A rule of what an answer sets going; where customers can review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Segment
from support.forms.ticket import colleagues
from support.models import CannedReply
from surveys.models import LoopRule, ReviewSite, Survey

if TYPE_CHECKING:
    RuleModelForm = forms.ModelForm[LoopRule]
    SiteModelForm = forms.ModelForm[ReviewSite]
else:  # generic for the type checker alone
    RuleModelForm = SiteModelForm = forms.ModelForm

LANGUAGES = [("", pgettext_lazy("language", "Any")), *settings.LANGUAGES]


class RuleForm(RuleModelForm):
    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGES,
        required=False,
        help_text=_("In which the survey was answered."),
    )

    class Meta:
        model = LoopRule
        fields = (
            "name",
            "group",
            "kind",
            "survey",
            "segment",
            "language",
            "opens_ticket",
            "owner",
            "due_hours",
            "priority",
            "tag",
            "canned_reply",
            "ask_again_days",
            "sends_thanks",
            "is_active",
        )
        help_texts = {  # noqa: RUF012 - Django's own shape
            "segment": _("Looked up when the answer comes in."),
            "opens_ticket": _(
                "With the answer in it. When the answer is about a ticket, that one opens again."
            ),
            "due_hours": _(
                "Working hours of the help desk. Shown on Today until somebody replies."
            ),
            "ask_again_days": _(
                "The same survey once more, when the ticket has been solved for so many days."
            ),
            "canned_reply": _("Stands in the reply until somebody changes it."),
            "sends_thanks": _("At most every 90 days, never to whoever left the surveys."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["survey"].queryset = Survey.objects.order_by("name")
        fields["segment"].queryset = Segment.objects.filter(owner=None).order_by("name")
        fields["owner"].queryset = colleagues()
        fields["canned_reply"].queryset = CannedReply.objects.filter(owner=None).order_by("name")
        fields["survey"].empty_label = pgettext_lazy("survey", "Any")
        fields["segment"].empty_label = _("All customers")
        fields["owner"].empty_label = _("The customer’s owner, else whose turn it is")
        fields["canned_reply"].empty_label = pgettext_lazy("canned reply", "None")
        fields["kind"].choices = [
            ("", pgettext_lazy("kind of survey", "Any")),
            *Survey.Kind.choices,
        ]
        fields["group"].choices = LoopRule.Group.choices


class SiteForm(SiteModelForm):
    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGES,
        required=False,
        help_text=_("Shown to those who answer in this language alone."),
    )
    url = forms.URLField(
        label=_("Address of your page there"), max_length=500, assume_scheme="https"
    )

    class Meta:
        model = ReviewSite
        fields = ("name", "url", "language", "is_shown")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if urlsplit(url).scheme != "https":
            raise forms.ValidationError(_("The address has to begin with https://."))
        return url
