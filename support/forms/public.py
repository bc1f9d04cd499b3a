"""What strangers and customers fill in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff.public.forms import PublicForm, text_field
from staff.uploads import FilesField, accept_all
from support.files import FileDraft
from support.models import Ticket


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
