"""The arc of an answer: score → promise → ticket → solved → asked again → new score."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateTimeField,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils import timezone

from support.models import Ticket
from surveys.models import FollowUp, Response

# What a row of the panel's one query has besides what, when, words, score and until.
COLUMNS = ("note", "ticket_key", "replied_at", "solved_at", "again_at", "new_score", "new_at")
ENDED = (Ticket.State.SOLVED, Ticket.State.CLOSED)


@dataclass(frozen=True)
class Arc:
    """How far it has come; what has not happened yet is None."""

    kind: str
    score: int
    at: datetime
    due_at: datetime | None
    ticket: int
    replied_at: datetime | None
    solved_at: datetime | None
    again_at: datetime | None
    new_score: int | None
    new_at: datetime | None

    @property
    def is_late(self) -> bool:
        """Nobody has replied, and it is past the time by which somebody was to."""
        return (
            self.replied_at is self.solved_at is None
            and self.due_at is not None
            and self.due_at < timezone.now()
        )


def nothing() -> dict[str, Any]:
    """COLUMNS of the rows that are no arc, each of its own type."""
    instants = ("replied_at", "solved_at", "again_at", "new_at")
    found: dict[str, Any] = {name: Cast(Value(None), DateTimeField()) for name in instants}
    return found | {
        "note": Value("", CharField()),
        "ticket_key": Cast(Value(None), BigIntegerField()),
        "new_score": Cast(Value(None), IntegerField()),
    }


def rows(customer: int) -> Any:
    """Of the customer's answers that a ticket followed, for the union of the panel."""
    asked = ~Q(asked_again__state="cancelled")
    again = Response.objects.counted().filter(invitation=OuterRef("asked_again"))
    return (
        FollowUp.objects.filter(response__customer=customer, ticket__isnull=False)
        .annotate(
            what=Value("arc", CharField()),
            at=F("response__answered_at"),
            words=F("response__kind"),
            score=F("response__score"),
            until=F("due_at"),
            note=F("ticket__state"),
            ticket_key=F("ticket"),
            replied_at=F("ticket__last_outbound_at"),
            solved_at=F("ticket__last_resolved_at"),
            again_at=Case(When(asked, then=F("asked_again__created_at"))),
            new_score=Subquery(again.values("score")[:1]),
            new_at=Subquery(again.values("answered_at")[:1]),
        )
        .values_list("what", "at", "words", "score", "until", *COLUMNS)
    )


def arc_of(at: datetime, kind: str, score: int, due_at: datetime | None, *columns: Any) -> Arc:
    """From a row of `rows`. What was said or solved before the answer is none of it."""
    state, ticket, replied_at, solved_at, again_at, new_score, new_at = columns
    return Arc(
        kind=kind,
        score=score,
        at=at,
        due_at=due_at,
        ticket=ticket,
        replied_at=replied_at if replied_at and replied_at > at else None,
        solved_at=solved_at if solved_at and solved_at > at and state in ENDED else None,
        again_at=again_at,
        new_score=new_score,
        new_at=new_at,
    )
