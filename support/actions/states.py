"""A ticket moved from state to state, out of sight for a while, and out of the way."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions import archive_customer, restore_customer
from crm.models import Customer
from crm.querysets import CustomerQuerySet
from staff.models import User
from staff.refusals import Refusal
from support.correspondents import NOBODY, SOURCE
from support.events import Change, Kind, changing
from support.models import Ticket, TicketEvent
from support.states import ENDED, FOLLOWS, OPEN, may_follow
from support.telling import tell

State = Ticket.State
# Where a person may move a ticket by hand; merging is an action of its own.
BY_HAND = (State.OPEN, State.WAITING, State.ON_HOLD, State.SOLVED, State.CLOSED, State.SPAM)


class CannotMove(Refusal):
    def __init__(self, before: str, after: str) -> None:
        self.before, self.after = before, after
        super().__init__(
            _("A ticket that is %(before)s can’t become %(after)s.")
            % {"before": State(before).label, "after": State(after).label}
        )


class NotSpam(Refusal):
    message = _("This ticket is not marked as spam.")


class NotOpen(Refusal):
    message = _("Only an open ticket can be snoozed.")


class NotLater(Refusal):
    message = _("Choose a time that is still to come.")


def can_move(ticket: Ticket, to: str) -> bool:
    return to in BY_HAND and may_follow(ticket.state, to)


def moves(ticket: Ticket) -> list[State]:
    """Where a person can move it from here, in the order of BY_HAND."""
    return [state for state in BY_HAND if state in FOLLOWS[State(ticket.state)]]


def move(*, ticket: Ticket, to: str, by: User | None, at: datetime | None = None) -> Ticket:
    """To another state, by hand or by a job (`by` None). Raises CannotMove, also for the same one."""
    if to == State.SPAM:
        return mark_spam(ticket=ticket, by=by, at=at)
    with changing(ticket, by=by, at=at) as change:
        if not can_move(change.ticket, to):
            raise CannotMove(change.ticket.state, to)
        change.move(to)
        if to == State.SOLVED:
            tell(change.ticket, at=change.at, by=by)
    return change.ticket


def resolve(*, ticket: Ticket, by: User | None, at: datetime | None = None) -> Ticket:
    return move(ticket=ticket, to=State.SOLVED, by=by, at=at)


def can_reopen(ticket: Ticket) -> bool:
    return ticket.state in ENDED


def reopen(*, ticket: Ticket, by: User | None, at: datetime | None = None) -> Ticket:
    """Solved or closed, and not so after all. Raises CannotMove."""
    return _from(ENDED, ticket, State.OPEN, by, at)


def can_resume(ticket: Ticket) -> bool:
    return ticket.state in OPEN - {State.OPEN}


def resume(*, ticket: Ticket, by: User | None, at: datetime | None = None) -> Ticket:
    """New, waiting or on hold, and taken up (again). Raises CannotMove."""
    return _from(OPEN, ticket, State.OPEN, by, at)


def wait(*, ticket: Ticket, by: User | None, at: datetime | None = None) -> Ticket:
    return move(ticket=ticket, to=State.WAITING, by=by, at=at)


def hold(*, ticket: Ticket, by: User | None, at: datetime | None = None) -> Ticket:
    return move(ticket=ticket, to=State.ON_HOLD, by=by, at=at)


def close(*, ticket: Ticket, by: User | None, at: datetime | None = None) -> Ticket:
    return move(ticket=ticket, to=State.CLOSED, by=by, at=at)


def _from(
    froms: frozenset[State], ticket: Ticket, to: State, by: User | None, at: datetime | None
) -> Ticket:
    with changing(ticket, by=by, at=at) as change:
        if change.ticket.state not in froms or not can_move(change.ticket, to):
            raise CannotMove(change.ticket.state, to)
        change.move(to)
    return change.ticket


# --- Spam ---------------------------------------------------------------------------------------


@transaction.atomic
def mark_spam(*, ticket: Ticket, by: User | None, at: datetime | None = None) -> Ticket:
    """Out of every list and figure; a lead who only ever sent spam goes to the archive with it.

    Raises CannotMove.
    """
    with changing(ticket, by=by, at=at) as change:
        if not can_move(change.ticket, State.SPAM):
            raise CannotMove(change.ticket.state, State.SPAM)
        change.move(State.SPAM)
    for lead in only_spam(desk_leads([change.ticket.customer_id])).active():
        archive_customer(customer=lead, by=by)
    return change.ticket


@transaction.atomic
def unmark_spam(*, ticket: Ticket, by: User | None, at: datetime | None = None) -> Ticket:
    """Back to the state in which it was, and its lead out of the archive. Raises NotSpam."""
    with changing(ticket, by=by, at=at) as change:
        if change.ticket.state != State.SPAM:
            raise NotSpam
        change.move(_before_spam(change))
    for lead in desk_leads([change.ticket.customer_id]).archived():
        restore_customer(customer=lead, by=by)
    return change.ticket


def _before_spam(change: Change) -> str:
    marked = TicketEvent.objects.filter(ticket=change.ticket, kind=Kind.SPAM)
    before = marked.order_by("-at", "-pk").values_list("before", flat=True).first()
    # An imported one may have been spam from the beginning.
    return before if before in OPEN | ENDED else State.OPEN


def desk_leads(customer_ids: Collection[int]) -> CustomerQuerySet:
    """Leads made by writing to the desk whom nobody has taken up since."""
    return Customer.objects.filter(
        pk__in=customer_ids, source=SOURCE, stage=Customer.Stage.LEAD, owner=None
    ).exclude(external_id=NOBODY)


def only_spam(leads: CustomerQuerySet) -> CustomerQuerySet:
    """Of whom there is no ticket that counts."""
    return leads.filter(~Exists(Ticket.objects.counted().filter(customer=OuterRef("pk"))))


# --- Out of sight for a while -----------------------------------------------------------------


def can_snooze(ticket: Ticket) -> bool:
    return ticket.is_open


def snooze(*, ticket: Ticket, until: datetime, by: User) -> Ticket:
    """Out of the lists until then, or until the customer writes. Raises NotOpen or NotLater."""
    if until <= timezone.now():
        raise NotLater
    with changing(ticket, by=by) as change:
        if not can_snooze(change.ticket):
            raise NotOpen
        before = _instant(change.ticket.snoozed_until)
        change.note(Kind.SNOOZED, before=before, after=_instant(until))
        change.set(snoozed_until=until)
    return change.ticket


def wake(*, ticket: Ticket, by: User | None) -> Ticket:
    """Back into the lists, by hand or because its time has come; awake already changes nothing."""
    with changing(ticket, by=by) as change:
        if change.ticket.snoozed_until is not None:
            change.note(Kind.AWOKEN, before=_instant(change.ticket.snoozed_until))
            change.set(snoozed_until=None)
    return change.ticket


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at else ""
