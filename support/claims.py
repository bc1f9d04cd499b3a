"""Rooms above that take a mail before it becomes a ticket: an answer to a survey, say.

They are asked, within the transaction that files the mail, about what a person wrote and what
belongs to no ticket yet. What they take, they keep; of the rest they may say what staff should know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models

from mail.models import InboundEmail
from mail.parsing.parsed import ParsedMail


@dataclass(frozen=True)
class Taken:
    """The mail has become `about`; there is no ticket."""

    about: models.Model


@dataclass(frozen=True)
class Named:
    """It becomes a ticket as any other, with a note for staff in the business's language."""

    note: str


Claim = Callable[[InboundEmail, ParsedMail], Taken | Named | None]
_CLAIMS: dict[str, Claim] = {}


def register(name: str, claim: Claim) -> None:
    """Called from AppConfig.ready. What `claim` raises sets the mail back, to be tried again."""
    _CLAIMS[name] = claim


def of(inbound: InboundEmail, mail: ParsedMail) -> Taken | Named | None:
    """The first room's word that has one."""
    for claim in _CLAIMS.values():
        if said := claim(inbound, mail):
            return said
    return None
