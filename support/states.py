"""What may follow what in a ticket, and what each step is called in its history."""

from __future__ import annotations

from support.models import Ticket, TicketEvent

State = Ticket.State
Kind = TicketEvent.Kind

OPEN = frozenset(Ticket.OPEN_STATES)
# An end that the customer, or we, can open again.
ENDED = frozenset({State.SOLVED, State.CLOSED})
VOID = frozenset(Ticket.VOID_STATES)
# What the customer writes in these needs somebody to look at it again.
BROUGHT_BACK = ENDED | {State.WAITING, State.ON_HOLD}

# The transition table. Nothing becomes new again, except by taking something back (RESTORED).
FOLLOWS: dict[State, frozenset[State]] = {
    # Nobody has looked at it yet.
    State.NEW: frozenset({State.OPEN, State.WAITING, State.ON_HOLD, *ENDED, *VOID}),
    State.OPEN: frozenset({State.WAITING, State.ON_HOLD, *ENDED, *VOID}),
    State.WAITING: frozenset({State.OPEN, State.ON_HOLD, *ENDED, *VOID}),
    State.ON_HOLD: frozenset({State.OPEN, State.WAITING, *ENDED, *VOID}),
    # Answering what is solved without solving it again opens it again.
    State.SOLVED: frozenset({State.OPEN, State.WAITING, State.ON_HOLD, State.CLOSED, *VOID}),
    # A closed ticket is opened again before it is solved again.
    State.CLOSED: frozenset({State.OPEN, State.WAITING, State.ON_HOLD, *VOID}),
    # Back only to where it was: by unmark_spam and undo_merge.
    State.SPAM: frozenset(),
    State.MERGED: frozenset(),
}
# Where taking something back may lead: spam that was none, a merge, a reply.
RESTORED = OPEN | ENDED


def may_follow(before: str, after: str) -> bool:
    return after in FOLLOWS[State(before)]


def event_kind(before: str, after: str) -> Kind:
    """What the step from one state to another is called."""
    if before == State.SPAM:
        return Kind.NOT_SPAM
    if before == State.MERGED:
        return Kind.UNMERGED
    if before in ENDED and after in OPEN:
        return Kind.REOPENED
    if after == State.OPEN:
        return Kind.STARTED if before == State.NEW else Kind.RESUMED
    return _ARRIVALS[State(after)]


_ARRIVALS = {
    # Only a reply taken back leads there, and that has an event of its own.
    State.NEW: Kind.WITHDRAWN,
    State.WAITING: Kind.WAITING,
    State.ON_HOLD: Kind.ON_HOLD,
    State.SOLVED: Kind.RESOLVED,
    State.CLOSED: Kind.CLOSED,
    State.SPAM: Kind.SPAM,
    State.MERGED: Kind.MERGED,
}

# Where each kind of event that changes the state leads when it doesn't say so itself: `before` and
# `after` hold both, but an import need not know.
LEADS_TO: dict[str, str] = {
    Kind.STARTED: State.OPEN,
    Kind.WAITING: State.WAITING,
    Kind.ON_HOLD: State.ON_HOLD,
    Kind.RESUMED: State.OPEN,
    Kind.RESOLVED: State.SOLVED,
    Kind.REOPENED: State.OPEN,
    Kind.CLOSED: State.CLOSED,
    Kind.SPAM: State.SPAM,
    Kind.NOT_SPAM: State.OPEN,
    Kind.MERGED: State.MERGED,
    Kind.UNMERGED: State.OPEN,
}
STEPS = frozenset(LEADS_TO)
# The kinds of event that tell of a message: they go where their message goes.
WRITTEN = frozenset({Kind.RECEIVED, Kind.REPLIED, Kind.NOTED, Kind.AUTOMATIC, Kind.WITHDRAWN})
