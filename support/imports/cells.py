"""What other desks write in their cells: priorities, states and events, in three languages."""

from __future__ import annotations

from django.utils.translation import gettext as _

from crm.folding import fold
from crm.imports.parsing import BadCell, Context
from support import states
from support.models import Ticket, TicketEvent

State = Ticket.State
Kind = TicketEvent.Kind
Priority = Ticket.Priority

# By folded word. Numbers: ours, or 1 (low) to 4 (urgent).
PRIORITIES = {
    **{str(number): Priority(number) for number in Priority.values},
    **{str(place): Priority(number) for place, number in enumerate(Priority.values, 1)},
    **dict.fromkeys(["low", "baja", "baixa"], Priority.LOW),
    **dict.fromkeys(["normal", "medium", "media"], Priority.NORMAL),
    **dict.fromkeys(["high", "alta"], Priority.HIGH),
    **dict.fromkeys(["urgent", "urgente", "critical", "critica"], Priority.URGENT),
}
STATES = {
    **{fold(state): State(state) for state in State.values},
    **dict.fromkeys(["nuevo", "nueva", "novo", "nova"], State.NEW),
    **dict.fromkeys(["abierto", "abierta", "aberto", "aberta", "reopened"], State.OPEN),
    **dict.fromkeys(["pending", "pendiente", "pendente"], State.WAITING),
    **dict.fromkeys(["hold", "en espera", "em espera"], State.ON_HOLD),
    **dict.fromkeys(["resolved", "resuelto", "resuelta", "resolvido", "resolvida"], State.SOLVED),
    **dict.fromkeys(["cerrado", "cerrada", "fechado", "fechada"], State.CLOSED),
    **dict.fromkeys(["fusionado", "fusionada", "mesclado", "mesclada"], State.MERGED),
}
# What may be told of an imported ticket, and in which state each step leaves it.
LEADS_TO: dict[str, str] = {
    **states.LEADS_TO,
    Kind.OPENED: "",
    Kind.RECEIVED: "",
    Kind.REPLIED: "",
    Kind.NOTED: "",
    Kind.AUTOMATIC: "",
}
KINDS = {
    **{fold(kind): kind for kind in LEADS_TO},
    **dict.fromkeys(["created", "new"], Kind.OPENED),
    **dict.fromkeys(["reply", "answered"], Kind.REPLIED),
    **dict.fromkeys(["note"], Kind.NOTED),
    **dict.fromkeys(["solved"], Kind.RESOLVED),
    **dict.fromkeys(["pending"], Kind.WAITING),
}


def priority(cell: str, _context: Context) -> int:
    found = PRIORITIES.get(fold(cell).removesuffix(" 0"))
    if found is None:
        raise BadCell(
            _(
                "“%(text)s” is not a priority. Write low, normal, high or urgent, "
                "or a number from 1 (low) to 4 (urgent)."
            )
            % {"text": cell}
        )
    return found


def state(cell: str, _context: Context) -> str:
    found = STATES.get(fold(cell))
    if found is None:
        raise BadCell(
            _("“%(text)s” is not one of: %(allowed)s.")
            % {"text": cell, "allowed": ", ".join(State.values)}
        )
    return found


def event_kind(cell: str, _context: Context) -> str:
    found = KINDS.get(fold(cell))
    if found is None:
        raise BadCell(
            _("“%(text)s” is not one of: %(allowed)s.")
            % {"text": cell, "allowed": ", ".join(LEADS_TO)}
        )
    return found
