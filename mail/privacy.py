"""Whose subjects the outbox shows to whom: what a message is about may be private.

The room above that it is about knows who may see it, and says so here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from mail.models import OutgoingEmail
from staff.models import User

# Of records of one model, by their keys: those that this person may see.
MaySee = Callable[[User, Collection[int]], Iterable[int]]
HIDDEN = "…"
_ASKED: dict[str, MaySee] = {}


def ask(model: str, may_see: MaySee) -> None:
    """Have the subjects of messages about records of `model` ("support.message") hidden from all others."""
    _ASKED[model] = may_see


def hide_subjects(user: User, messages: Iterable[OutgoingEmail]) -> None:
    """Replace, in these rows as they are shown, the subjects that are not for this person."""
    about: dict[str, list[OutgoingEmail]] = {}
    for message in messages:
        if message.about_model in _ASKED and message.about_id is not None:
            about.setdefault(message.about_model, []).append(message)
    for model, asked in about.items():
        seen = set(_ASKED[model](user, {one.about_id for one in asked if one.about_id is not None}))
        for message in asked:
            if message.about_id not in seen:
                message.subject = HIDDEN
