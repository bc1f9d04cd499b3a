"""One line about what passed, and things to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.actions.tasks import END_OF_DAY
from crm.forms.fields import CustomerField, DayField, DayInput, MomentField, MomentInput
from crm.models import Interaction, Task
from staff.models import User

# Nobody speaks to oneself: these kinds have no direction.
WITHOUT_DIRECTION = {Interaction.Kind.NOTE}


def end_of(day: Any) -> datetime:
    """The last minute of a day of the business's calendar: until then a promise is kept."""
    return datetime.combine(day, END_OF_DAY, tzinfo=timezone.get_current_timezone())


class LogForm(forms.Form):
    """What passed, in one line; the rest only when it is wanted."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What it was"),
        choices=[(kind.value, kind.label) for kind in Interaction.LOGGABLE],
        initial=Interaction.Kind.CALL,
        widget=forms.RadioSelect,
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Who began"),
        choices=[
            (Interaction.Direction.IN, pgettext_lazy("direction", "From them")),
            (Interaction.Direction.OUT, pgettext_lazy("direction", "From us")),
        ],
        required=False,
        initial=Interaction.Direction.IN,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    summary = forms.CharField(
        label=gettext_lazy("What passed"),
        max_length=300,
        error_messages={"required": gettext_lazy("Write a few words about what passed.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "class": "form-control",
                "placeholder": gettext_lazy("One line is enough"),
            }
        ),
    )
    body = forms.CharField(
        label=gettext_lazy("In full"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )
    occurred_at = MomentField(
        label=pgettext_lazy("when it passed", "When"),
        required=False,
        widget=MomentInput(attrs={"class": "form-control"}),
        help_text=gettext_lazy("Empty: now."),
    )
    promise = forms.CharField(
        label=gettext_lazy("We promised"),
        required=False,
        max_length=250,
        help_text=gettext_lazy("Becomes a promise to keep; empty: the line above."),
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    promise_until = DayField(
        label=gettext_lazy("Promised until"),
        required=False,
        widget=DayInput(attrs={"class": "form-control"}),
    )

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(kind.value, capfirst(str(kind.label))) for kind in Interaction.LOGGABLE]

    def focused(self) -> LogForm:
        """The same, with the cursor in its line once it stands on the page."""
        self.fields["summary"].widget.attrs["autofocus"] = True
        return self

    @property
    def folded_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("body", "occurred_at", "promise_until", "promise")]

    @property
    def more_is_open(self) -> bool:
        """Whether what is folded away holds something, so that it must be seen."""
        return any(field.errors or field.value() for field in self.folded_fields)

    def clean_occurred_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["occurred_at"]
        if moment and moment > timezone.now() + timedelta(minutes=5):
            raise ValidationError(
                _("This has not passed yet. Make it a task instead."), code="future"
            )
        return moment

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") in WITHOUT_DIRECTION:
            cleaned["direction"] = Interaction.Direction.NONE
        if cleaned.get("promise") and not cleaned.get("promise_until"):
            self.add_error("promise_until", _("Until when is it promised?"))
        return cleaned


class LogSomewhereForm(LogForm):
    """The same, from a page that has no customer yet."""

    customer = CustomerField(label=gettext_lazy("Customer"))
    field_order = ("customer",)


class TaskForm(forms.Form):
    """Something to do; with a customer and a day it may be a promise."""

    title = forms.CharField(
        label=gettext_lazy("What is to be done"),
        max_length=250,
        error_messages={"required": gettext_lazy("Write what is to be done.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    customer = CustomerField(label=gettext_lazy("Customer"), required=False)
    due_on = DayField(
        label=gettext_lazy("Due"),
        required=False,
        widget=DayInput(attrs={"class": "form-control"}),
    )
    owner = forms.ModelChoiceField(
        label=pgettext_lazy("of a task", "Who"),
        queryset=User.objects.filter(is_active=True),
        empty_label=None,
    )
    is_promise = forms.BooleanField(label=gettext_lazy("Promised to the customer"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("is_promise"):
            if not cleaned.get("due_on") and "due_on" not in self.errors:
                self.add_error("due_on", _("A promise needs a day until which it is kept."))
            if (
                "customer" in self.fields
                and not cleaned.get("customer")
                and "customer" not in self.errors
            ):
                self.add_error("customer", _("To whom was it promised?"))
        return cleaned


class TaskEditForm(TaskForm):
    """The same of a task that is there; to whom it was promised stays as it is.

    An unchanged day keeps its hour: `due_at` in `cleaned_data` is the whole moment.
    """

    def __init__(self, data: Any = None, *, task: Task) -> None:
        self.task = task
        self.due = timezone.localtime(task.due_at) if task.due_at else None
        day = self.due.date() if self.due else None
        initial = {"title": task.title, "due_on": day, "owner": task.owner_id}
        super().__init__(data, initial=initial)
        del self.fields["customer"], self.fields["is_promise"]
        if task.owner and not task.owner.is_active:
            self.fields["owner"].queryset = User.objects.filter(  # type: ignore[attr-defined]
                Q(is_active=True) | Q(pk=task.owner_id)
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        day = cleaned.get("due_on")
        if self.task.is_promise and not day and "due_on" not in self.errors:
            self.add_error("due_on", _("A promise needs a day until which it is kept."))
        same = self.due is not None and day == self.due.date()
        cleaned["due_at"] = self.task.due_at if same else (end_of(day) if day else None)
        return cleaned

    @property
    def moves(self) -> bool:
        return bool(self.cleaned_data["due_at"] != self.task.due_at)
