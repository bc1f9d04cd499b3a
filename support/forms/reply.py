"""Writing into a ticket: a reply to the customer or a note among colleagues."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import forms
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from crm.folding import fold
from crm.forms.fields import DayField, DayInput
from staff.models import User
from staff.uploads import FilesField, FilesInput
from support.models import Ticket

LONGEST = 100_000
REPLY, NOTE = "reply", "note"
State = Ticket.State


class SeveralOfThatName(Exception):
    """The name after an @ fits several people; `args` are the name and theirs."""


class ComposeForm(forms.Form):
    """What is written, what comes of it, and what its writer had seen by then."""

    kind = forms.ChoiceField(
        label=gettext_lazy("To whom"),
        choices=[
            (REPLY, pgettext_lazy("what to write", "Reply")),
            (NOTE, pgettext_lazy("what to write", "Note")),
        ],
        initial=REPLY,
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=LONGEST,
        error_messages={"required": gettext_lazy("Write a few words first.")},
        widget=forms.Textarea(attrs={"rows": 6, "class": "form-control"}),
    )
    attachments = FilesField(widget=FilesInput(attrs={"class": "form-control", "multiple": True}))
    then = forms.ChoiceField(
        label=gettext_lazy("Then it is"),
        choices=[
            (State.WAITING, State.WAITING.label),
            (State.SOLVED, State.SOLVED.label),
            (State.OPEN, State.OPEN.label),
        ],
        initial=State.WAITING,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    promise = forms.CharField(
        label=gettext_lazy("We promise"),
        required=False,
        max_length=250,
        help_text=gettext_lazy("Becomes a promise to keep, on the customer’s page and on Today."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    promise_until = DayField(
        label=gettext_lazy("Promised until"),
        required=False,
        widget=DayInput(attrs={"class": "form-control"}),
    )
    version = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)
    once_key = forms.RegexField(
        regex=r"^[\w-]{1,64}$", required=False, widget=forms.HiddenInput, strip=True
    )

    @classmethod
    def for_page(
        cls, ticket: Ticket, *, seen: int, text: str = "", kind: str = REPLY
    ) -> ComposeForm:
        """An empty one, or one that begins with `text`."""
        return cls(
            initial={
                "kind": kind,
                "text": text,
                "version": ticket.version,
                "seen": seen,
                "once_key": new_key(),
                "then": State.WAITING,
            }
        )

    @property
    def is_note(self) -> bool:
        return bool(self["kind"].value() == NOTE)

    @property
    def promise_fields(self) -> list[tuple[forms.BoundField, SafeString]]:
        return [(self[name], self._widget(name)) for name in ("promise", "promise_until")]

    @property
    def then_widget(self) -> SafeString:
        return self._widget("then")

    @property
    def attachments_widget(self) -> SafeString:
        return self._widget("attachments")

    def _widget(self, name: str) -> SafeString:
        """A field's input; drawn once for all who have not written anything into it yet."""
        value = None if self.is_bound else self[name].value()
        if self.is_bound or value not in {None, "", State.WAITING}:
            return SafeString(self[name])
        return _drawn(name, value, get_language() or "")

    @property
    def more_is_open(self) -> bool:
        """Whether what is folded away holds something, so that it must be seen."""
        return any(self[name].errors or self[name].value() for name in ("promise", "promise_until"))

    def clean_then(self) -> str:
        return str(self.cleaned_data["then"] or State.WAITING)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        said = cleaned.get("kind", ""), cleaned.get("text", "")
        cleaned["once_key"] = key_for(cleaned.get("once_key", ""), *said)
        if cleaned.get("kind") == NOTE:
            cleaned["promise"], cleaned["promise_until"] = "", None
        elif cleaned.get("promise") and not cleaned.get("promise_until"):
            if "promise_until" not in self.errors:
                self.add_error("promise_until", _("Until when is it promised?"))
        elif cleaned.get("promise_until") and not cleaned.get("promise"):
            self.add_error("promise", _("What is promised?"))
        return cleaned


@lru_cache(maxsize=64)
def _drawn(name: str, value: str | None, _language: str) -> SafeString:
    return SafeString(ComposeForm(initial={name: value})[name])


def new_key() -> str:
    """What makes pressing the button twice one message."""
    return secrets.token_urlsafe(18)


def key_for(key: str, *words: str) -> str:
    """The key of these words: a page that "Back" brings again may send others under its old one."""
    digest = hashlib.sha256("\0".join(words).encode()).hexdigest()
    return f"{key[:31]}-{digest[:32]}" if key else ""


# An @ within an e-mail address names nobody.
_AT = re.compile(r"(?<![\w.@])@(?=\w)")


def mentioned(text: str, people: Iterable[User]) -> list[User]:
    """The colleagues whom `text` names: "@Ana Reis", "@ana", or "@" and what their address begins with.

    Raises SeveralOfThatName where a first name fits more than one.
    """
    colleagues = list(people)
    found: dict[int, User] = {}
    for match in _AT.finditer(text):
        said = fold(text[match.end() : match.end() + 130])
        for one in _named(said, colleagues):
            found[one.pk] = one
    return list(found.values())


def _named(said: str, people: list[User]) -> list[User]:
    def begins(name: str) -> bool:
        return (
            bool(name) and said.startswith(name) and not said[len(name) : len(name) + 1].isalnum()
        )

    whole = [one for one in people if begins(fold(one.name)) or begins(fold(_local(one)))]
    if whole:
        longest = max(len(one.name) for one in whole)
        return [one for one in whole if len(one.name) == longest][:1]
    first = [one for one in people if one.name and begins(fold(one.name.split()[0]))]
    if len(first) > 1:
        raise SeveralOfThatName(first[0].name.split()[0], ", ".join(str(one) for one in first))
    return first


def _local(user: User) -> str:
    return user.email.split("@")[0]
