"""What is done to several tickets at once, and the views that people save."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.forms.fields import LEAVE, MomentField, OrNoneField, TagsField
from staff.access import Role
from staff.models import User
from support.actions.states import BY_HAND
from support.filters import TicketFilter
from support.forms.ticket import colleagues, queues_for
from support.models import Category, Queue, Ticket


class ChangeForm(forms.Form):
    """What is to change about all of the chosen tickets; what is left empty stays."""

    assignee = OrNoneField(
        User.objects.none(), none=gettext_lazy("Nobody"), label=gettext_lazy("Assign to")
    )
    queue = forms.ModelChoiceField(
        Queue.objects.none(),
        required=False,
        label=gettext_lazy("Move to the queue"),
        empty_label=str(LEAVE),
    )
    state = forms.ChoiceField(
        required=False,
        label=pgettext_lazy("ticket", "State"),
        choices=[("", LEAVE), *((state.value, state.label) for state in BY_HAND)],
    )
    priority = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label=gettext_lazy("Priority"),
        choices=[("", LEAVE), *Ticket.Priority.choices],
    )
    category = OrNoneField(
        Category.objects.none(),
        none=pgettext_lazy("category", "None"),
        label=gettext_lazy("Category"),
    )
    add_tags = TagsField(label=gettext_lazy("Add tags"))
    remove_tags = TagsField(label=gettext_lazy("Take tags off"))
    snoozed_until = MomentField(required=False, label=gettext_lazy("Out of sight until"))

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["assignee"].queryset = colleagues()
        fields["queue"].queryset = queues_for(user)
        fields["category"].queryset = Category.objects.filter(archived_at=None)
        for name in ("assignee", "category"):
            fields[name].widget.choices = fields[name].choices_with_none
        for name in ("add_tags", "remove_tags"):
            # The field for one record's tags completes from a list; here names are few and typed.
            fields[name].widget.attrs.pop("list", None)

    def clean_snoozed_until(self) -> Any:
        until = self.cleaned_data["snoozed_until"]
        if until and until <= timezone.now():
            raise ValidationError(_("Choose a time that is still to come."))
        return until

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors and not self.changes():
            raise ValidationError(_("Choose what is to change."))
        return self.cleaned_data

    def changes(self) -> dict[str, Any]:
        """For `change_many`: only what was chosen."""
        data = self.cleaned_data
        chosen = {name: data[name] for name in ("queue", "state", "priority") if data.get(name)}
        chosen |= {name: data[name][0] for name in ("assignee", "category") if data.get(name)}
        names = ("add_tags", "remove_tags", "snoozed_until")
        return chosen | {name: data[name] for name in names if data.get(name)}


class MergeForm(forms.Form):
    """Which of the chosen tickets the others become part of."""

    into = forms.ModelChoiceField(
        Ticket.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        label=gettext_lazy("Keep this one"),
    )
    across_customers = forms.BooleanField(
        required=False, label=gettext_lazy("Merge them all the same")
    )

    def __init__(self, *args: Any, tickets: QuerySet[Ticket], **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["into"].queryset = tickets


class SavedViewForm(forms.Form):
    """A name for a question about tickets; managers may offer it to everybody."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    query = forms.CharField(widget=forms.HiddenInput, max_length=1000, required=False)
    is_shared = forms.BooleanField(required=False, label=gettext_lazy("Everybody sees it"))

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if not user.has_role(Role.MANAGER):
            del self.fields["is_shared"]

    def clean_query(self) -> str:
        """Only what makes a list of tickets, as the list itself writes it."""
        asked = QueryDict(self.cleaned_data["query"])
        names = [*TicketFilter.base_filters, "sort"]
        return urlencode([(name, asked[name]) for name in names if asked.get(name)])
