"""A tag for comments, and the words that bring it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from surveys.actions.tags import LONGEST
from surveys.models import Response


class TagForm(forms.Form):
    """Whether another tag has the name, the action says."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST)
    phrases = forms.CharField(
        label=_("Words that bring it"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "One word or phrase a line, in every language in which people write to you: “wait” "
            "finds “waiting” too. Accents and capitals make no difference."
        ),
    )
    sentiment = forms.ChoiceField(
        label=_("Such a comment sounds"),
        required=False,
        choices=[
            ("", pgettext_lazy("comment", "like nothing in particular")),
            *Response.Sentiment.choices,
        ],
    )
