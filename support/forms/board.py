"""Moderating the board."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from staff.public.forms import PublicForm
from support.models import Suggestion

State = Suggestion.State


def state_choices() -> list[tuple[str, str]]:
    return [(state.value, capfirst(str(state.label))) for state in State if state != State.MERGED]


class SuggestionForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=150)
    text = forms.CharField(
        label=gettext_lazy("What it is about"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Everybody reads this: leave out what only its author should know."),
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=state_choices)
    answer = forms.CharField(
        label=gettext_lazy("Our answer"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    @staticmethod
    def values_of(suggestion: Suggestion) -> dict[str, Any]:
        values = {name: getattr(suggestion, name) for name in SuggestionForm.base_fields}
        if suggestion.state == State.PROPOSED:
            values["state"] = State.NEW  # to publish it is what one comes for
        return values


class JoinForm(forms.Form):
    into = forms.ModelChoiceField(
        label=gettext_lazy("The other suggestion"),
        queryset=Suggestion.objects.none(),
        empty_label=gettext_lazy("Choose one"),
        help_text=gettext_lazy("Votes, comments and followers go along."),
    )

    # So many can be chosen from; the most supported first.
    MOST = 200

    def __init__(self, *args: Any, suggestion: Suggestion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Suggestion.objects.filter(state__in=Suggestion.PUBLIC_STATES)
        best = others.exclude(pk=suggestion.pk).order_by("-votes_count", "-pk").values("pk")
        chosen = list(best.values_list("pk", flat=True)[: self.MOST])
        self.fields["into"].queryset = Suggestion.objects.filter(  # type: ignore[attr-defined]
            pk__in=chosen
        ).order_by("-votes_count", "-pk")


class SayForm(PublicForm):
    """A comment of the business's own."""

    PURPOSE = "say"
    text = forms.CharField(
        label=gettext_lazy("Comment as the business"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("There is nothing to publish yet.")},
    )
