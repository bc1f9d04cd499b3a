"""What strangers and customers fill in: each form keeps what was typed, and is sent once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff.refusals import Refusal
from staff.uploads import FilesField, accept_all
from support import stamps
from support.files import FileDraft
from support.models import Ticket

LONGEST_TEXT = 10_000


class PublicForm(forms.Form):
    """With a stamp instead of a cookie, and a field that no person sees."""

    PURPOSE: ClassVar[str] = ""
    FASTEST: ClassVar[timedelta] = stamps.FASTEST
    # Programs that fill in whatever they find give themselves away.
    TRAP = "website"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.once_key = ""
        for field in self.fields.values():
            if not isinstance(field.widget, (forms.RadioSelect, forms.CheckboxInput)):
                field.widget.attrs.setdefault("class", "form-control")

    def clean(self) -> dict[str, Any]:
        """Subclasses look at their fields first: the stamp is spoken of only when all else is right."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            key = stamps.key_of(self.data.get("stamp", ""), self.PURPOSE, fastest=self.FASTEST)
        except Refusal as refusal:
            self.add_error(None, str(refusal))
        else:
            # Who goes back and writes something else in the same form has said something else.
            said = [f"{name}={data[name]}" for name in sorted(data) if isinstance(data[name], str)]
            self.once_key = hashlib.sha256("\0".join([key, *said]).encode()).hexdigest()
        return data

    @property
    def is_programs(self) -> bool:
        """Whether a program filled it in."""
        return bool(self.data.get(self.TRAP))

    @property
    def stamp(self) -> str:
        """For the form as it is shown: the same again while it is good, so that twice is once."""
        given = self.data.get("stamp", "") if self.is_bound else ""
        good = given and stamps.may_be_pressed_again(given, self.PURPOSE)
        return given if good else stamps.new_stamp(self.PURPOSE)


def text_field(label: Any, *, rows: int = 6, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=options.pop("max_length", LONGEST_TEXT),
        widget=forms.Textarea(attrs={"rows": rows}),
        **options,
    )


class FilesForm(PublicForm):
    """A form that files can go with."""

    attachments = FilesField()

    def kept_files(self) -> list[FileDraft]:
        """The files of this valid form, stored."""
        return [
            FileDraft(name=one.name, content_type=one.content_type, stored=one.stored)
            for one in accept_all(self.cleaned_data["attachments"])
        ]


class AnswerForm(FilesForm):
    """What a customer adds to a ticket."""

    PURPOSE = "answer"
    FASTEST = timedelta(0)  # whoever holds the link has proved more
    text = text_field(gettext_lazy("Your message"), required=False)
    field_order = ("text", "attachments")

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("text") and not data.get("attachments") and not self.errors:
            self.add_error("text", _("Write something, or add a file."))
        return super().clean()


class FeedbackForm(FilesForm):
    """A question, complaint, suggestion or praise from anybody."""

    PURPOSE = "feedback"
    # Only these need to be answered.
    ANSWERED = frozenset({Ticket.Kind.QUESTION, Ticket.Kind.COMPLAINT})

    kind = forms.ChoiceField(
        label=gettext_lazy("What is it?"),
        choices=[
            (Ticket.Kind.QUESTION, gettext_lazy("A question")),
            (Ticket.Kind.COMPLAINT, gettext_lazy("A complaint")),
            (Ticket.Kind.SUGGESTION, gettext_lazy("A suggestion")),
            (Ticket.Kind.PRAISE, gettext_lazy("Praise")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what it is.")},
    )
    text = text_field(gettext_lazy("Your message"))
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("Needed for a question or a complaint, so that we can answer you."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("kind", "text", "attachments", "name", "email")

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        needs_answer = data.get("kind") in self.ANSWERED
        if needs_answer and not data.get("email") and "email" not in self.errors:
            self.add_error("email", _("We need your e-mail to answer you."))
        return super().clean()


class ProposalForm(PublicForm):
    """A suggestion for the board."""

    PURPOSE = "proposal"
    title = forms.CharField(
        label=gettext_lazy("Your suggestion in one line"), max_length=150, min_length=5
    )
    text = text_field(gettext_lazy("What it is about"), rows=5, required=False, max_length=5000)
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("Only if you want to hear when it is done. It is shown to nobody."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class CommentForm(PublicForm):
    PURPOSE = "comment"
    text = text_field(gettext_lazy("Your comment"), rows=4, max_length=2000)
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Shown beside your comment, if you like."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class FollowForm(PublicForm):
    PURPOSE = "follow"
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
