"""What anybody says on the feedback page becomes a ticket, and a suggestion is put to the board."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from support import desk, letters
from support.actions.states import mark_spam
from support.actions.tickets import known_message, open_ticket
from support.correspondents import Correspondent, clean_text
from support.files import FileDraft
from support.models import Suggestion, Ticket


@transaction.atomic
def give_feedback(
    *,
    kind: str,
    text: str,
    sender: Correspondent,
    files: Sequence[FileDraft] = (),
    once_key: str = "",
    is_suspicious: bool = False,
) -> Ticket:
    """A ticket of this kind; twice with one `once_key` is one.

    Nobody proved that the address is theirs. What looks like a program's is kept as spam, where
    somebody who was mistaken for one can be found. A suggestion also waits to be put on the board.
    """
    if known := known_message(once_key, None):
        return known.ticket
    ticket = open_ticket(
        customer=None,
        requester=sender,
        subject="",
        text=text,
        channel=Ticket.Channel.FORM,
        kind=kind,
        language=sender.language,
        files=files,
        once_key=once_key,
    )
    if is_suspicious:
        return mark_spam(ticket=ticket, by=None)
    if kind == Ticket.Kind.SUGGESTION and desk.settings().has_board:
        Suggestion.objects.get_or_create(
            ticket=ticket,
            defaults={
                "title": _title(text),
                "text": text[:5000],
                "language": sender.language,
            },
        )
    letters.acknowledge(ticket)
    return ticket


def _title(text: str) -> str:
    """The first line, as far as it goes."""
    line = clean_text(next((one for one in text.splitlines() if one.strip()), "")) or "…"
    return line if len(line) <= 150 else f"{line[:149].rstrip()}…"
