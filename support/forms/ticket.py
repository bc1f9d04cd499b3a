"""What can be said about a ticket: its facts, where it goes, with whom it belongs; a new one."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.forms.fields import (
    CustomerField,
    MomentField,
    MomentInput,
    SeveralRowsField,
    TagsField,
)
from crm.models import Contact, Customer
from staff.access import Role
from staff.models import User
from staff.uploads import FilesField, FilesInput
from support.models import Category, Message, Queue, Ticket, TicketLink

LONGEST = 100_000
SELECT = {"class": "form-select"}
CONTROL = {"class": "form-control"}


def colleagues() -> QuerySet[User]:
    """Those who work with tickets."""
    return User.objects.filter(is_active=True, role__gte=Role.AGENT).order_by("name", "email")


def queues_for(user: User) -> QuerySet[Queue]:
    """Where this person may put a ticket: queues that they see."""
    return Queue.objects.visible_to(user).active()


class TicketField(forms.CharField):
    """Another ticket by its number, "12" or "#12", among those that the person may see."""

    default_error_messages: ClassVar = {
        "unknown": gettext_lazy("There is no ticket with the number “%(text)s”."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget",
            forms.TextInput(attrs={**CONTROL, "inputmode": "numeric", "autocomplete": "off"}),
        )
        super().__init__(**options)
        self.among: QuerySet[Ticket] = Ticket.objects.none()

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").strip()
        if not text:
            return None
        number = re.fullmatch(r"#?\s*([0-9]{1,18})", text)
        found = self.among.filter(pk=int(number[1])).first() if number else None
        if found is None:
            # The same words whether it is not there or not theirs to see.
            raise ValidationError(
                self.error_messages["unknown"], code="unknown", params={"text": text}
            )
        return found


class SubjectForm(forms.Form):
    subject = forms.CharField(
        label=gettext_lazy("Subject"),
        max_length=250,
        error_messages={"required": gettext_lazy("A ticket needs a subject.")},
        widget=forms.TextInput(attrs={**CONTROL, "autocomplete": "off", "autofocus": True}),
    )


class FactsForm(forms.Form):
    """The facts beside the thread, edited in place."""

    queue = forms.ModelChoiceField(
        label=pgettext_lazy("support", "Queue"),
        queryset=Queue.objects.none(),
        empty_label=None,
        # It takes the place of what was pressed, and the focus with it.
        widget=forms.Select(attrs={**SELECT, "autofocus": True}),
    )
    assignee = forms.ModelChoiceField(
        label=pgettext_lazy("of a ticket", "Who"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody yet"),
        widget=forms.Select(attrs=SELECT),
    )
    priority = forms.TypedChoiceField(
        label=gettext_lazy("Priority"),
        choices=Ticket.Priority.choices,
        coerce=int,
        widget=forms.Select(attrs=SELECT),
    )
    category = forms.ModelChoiceField(
        label=gettext_lazy("Category"),
        queryset=Category.objects.none(),
        required=False,
        empty_label=gettext_lazy("None yet"),
        widget=forms.Select(attrs=SELECT),
    )
    tags = TagsField(
        label=gettext_lazy("Tags"),
        help_text=gettext_lazy("With commas between them."),
        widget=forms.TextInput(attrs=CONTROL),
    )

    def __init__(self, *args: Any, ticket: Ticket, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "queue": ticket.queue_id,
            "assignee": ticket.assignee_id,
            "priority": ticket.priority,
            "category": ticket.category_id,
            "tags": [tag.name for tag in ticket.tags.all()],
        }
        super().__init__(*args, **kwargs)
        # What it has stays among the choices, though nobody could choose it now.
        mine = Queue.objects.filter(Q(pk__in=queues_for(user).values("pk")) | Q(pk=ticket.queue_id))
        people = User.objects.filter(
            Q(pk__in=colleagues().values("pk")) | Q(pk=ticket.assignee_id)
        ).order_by("name", "email")
        kinds = Category.objects.filter(Q(archived_at=None) | Q(pk=ticket.category_id))
        self.fields["queue"].queryset = mine  # type: ignore[attr-defined]
        self.fields["assignee"].queryset = people  # type: ignore[attr-defined]
        self.fields["category"].queryset = kinds  # type: ignore[attr-defined]


class CustomerForm(forms.Form):
    """Whose ticket it is."""

    customer = CustomerField(label=gettext_lazy("Customer"))


class SnoozeForm(forms.Form):
    until = MomentField(label=gettext_lazy("Out of sight until"), widget=MomentInput(attrs=CONTROL))

    def clean_until(self) -> datetime:
        until: datetime = self.cleaned_data["until"]
        if until <= timezone.now():
            raise ValidationError(_("Choose a moment that is still to come."), code="past")
        return until


def snooze_choices() -> list[tuple[str, datetime]]:
    """Usual moments: this afternoon's end excepted, mornings at nine."""
    now = timezone.localtime()

    def nine(days: int) -> datetime:
        day = now.date() + timedelta(days=days)
        return timezone.make_aware(datetime.combine(day, time(9)))

    monday = 7 - now.weekday()
    return [
        (_("In three hours"), now + timedelta(hours=3)),
        (_("Tomorrow at nine"), nine(1)),
        (_("On Monday at nine"), nine(monday)),
        (_("In a week"), nine(7)),
        (_("In a month"), nine(30)),
    ]


class MergeForm(forms.Form):
    into = TicketField(label=gettext_lazy("Number of the ticket that stays"))

    def __init__(self, *args: Any, among: QuerySet[Ticket], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].among = among  # type: ignore[attr-defined]


class LinkForm(forms.Form):
    other = TicketField(label=gettext_lazy("Number of the other ticket"))
    kind = forms.ChoiceField(
        label=gettext_lazy("How they belong together"),
        choices=[
            (TicketLink.Kind.RELATED, TicketLink.Kind.RELATED.label),
            (TicketLink.Kind.FOLLOW_UP, gettext_lazy("the other one follows this one up")),
        ],
        widget=forms.Select(attrs=SELECT),
    )

    def __init__(self, *args: Any, among: QuerySet[Ticket], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].among = among  # type: ignore[attr-defined]


class SplitForm(SubjectForm):
    """Which messages become a ticket of their own, and how it is called."""

    messages = SeveralRowsField(
        label=gettext_lazy("Messages"),
        queryset=Message.objects.none(),
        error_messages={"required": gettext_lazy("Tick what goes into the new ticket.")},
    )

    def __init__(self, *args: Any, among: QuerySet[Message], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["messages"].queryset = among  # type: ignore[attr-defined]
        # The messages come first.
        del self.fields["subject"].widget.attrs["autofocus"]


class ParticipantForm(forms.Form):
    address = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={**CONTROL, "autocomplete": "off"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={**CONTROL, "autocomplete": "off"}),
    )

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).lower()


class NewTicketForm(forms.Form):
    """A call written down, or a conversation begun by us."""

    channel = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=[
            (Ticket.Channel.PHONE, gettext_lazy("They told us: a call or a visit")),
            (Ticket.Channel.STAFF, gettext_lazy("We write to them first")),
        ],
        initial=Ticket.Channel.PHONE,
        widget=forms.RadioSelect,
    )
    customer = CustomerField(label=gettext_lazy("Customer"))
    contact = forms.ModelChoiceField(
        label=gettext_lazy("Contact"),
        queryset=Contact.objects.none(),
        required=False,
        empty_label=gettext_lazy("The first to ask"),
        widget=forms.Select(attrs=SELECT),
    )
    subject = forms.CharField(
        label=gettext_lazy("Subject"),
        max_length=250,
        widget=forms.TextInput(attrs={**CONTROL, "autocomplete": "off"}),
    )
    text = forms.CharField(
        label=gettext_lazy("What it is about"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={**CONTROL, "rows": 8}),
        help_text=gettext_lazy("If we write first, this is the mail that they receive."),
    )
    attachments = FilesField(widget=FilesInput(attrs={**CONTROL, "multiple": True}))
    priority = forms.TypedChoiceField(
        label=gettext_lazy("Priority"),
        choices=Ticket.Priority.choices,
        coerce=int,
        initial=Ticket.Priority.NORMAL,
        widget=forms.Select(attrs=SELECT),
    )
    queue = forms.ModelChoiceField(
        label=pgettext_lazy("support", "Queue"),
        queryset=Queue.objects.none(),
        required=False,
        empty_label=gettext_lazy("The usual one"),
        widget=forms.Select(attrs=SELECT),
    )
    assignee = forms.ModelChoiceField(
        label=pgettext_lazy("of a ticket", "Who"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody yet"),
        widget=forms.Select(attrs=SELECT),
    )
    once_key = forms.RegexField(regex=r"^[\w-]{1,64}$", required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, customer: Customer | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["queue"].queryset = queues_for(user)  # type: ignore[attr-defined]
        self.fields["assignee"].queryset = colleagues()  # type: ignore[attr-defined]
        if customer:
            people = Contact.objects.filter(
                affiliations__customer=customer, affiliations__until=None
            )
            self.fields["contact"].queryset = people.order_by("name", "pk")  # type: ignore[attr-defined]
