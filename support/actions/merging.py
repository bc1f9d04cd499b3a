"""Tickets that belong together: merged into one, taken apart again, split, linked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from staff import audit, changes
from staff.models import ChangeSet, User
from staff.refusals import Refusal
from support import search, targets
from support.actions.changes import SUBJECT_LENGTH, SubjectMissing
from support.correspondents import clean_text
from support.events import Change, Kind, changing
from support.models import (
    Message,
    Participant,
    ReplyPromise,
    Ticket,
    TicketEvent,
    TicketLink,
    Watcher,
)
from support.states import VOID, WRITTEN
from support.telling import retell

if TYPE_CHECKING:
    from collections.abc import Iterator

State = Ticket.State
KIND = "support.merge"


class NotTheirs(Refusal):
    """One of the two can't be seen by whoever asks: the same words as when it isn't there."""

    message = _("There is no such ticket.")


class SameTicket(Refusal):
    message = _("A ticket can’t be merged into or linked with itself.")


class CannotMerge(Refusal):
    message = _("Spam and tickets that are merged already can’t be merged.")


class OtherCustomer(Refusal):
    message = _("These tickets are of different customers. Say that this is meant.")


class MergedFurther(Refusal):
    message = _("The other ticket was merged further. Take that back first.")


class NotMerged(Refusal):
    message = _("This ticket is not merged.")


class NothingChosen(Refusal):
    message = _("Choose messages of this ticket.")


class NothingLeft(Refusal):
    message = _("At least one message stays.")


class NotLinked(Refusal):
    message = _("These tickets are not linked any more.")


def _refuse_unseen(by: User, *tickets: Ticket) -> None:
    wanted = {ticket.pk for ticket in tickets}
    if Ticket.objects.visible_to(by).filter(pk__in=wanted).count() != len(wanted):
        raise NotTheirs


@contextmanager
def _changing_both(one: Ticket, other: Ticket, by: User) -> Iterator[tuple[Change, Change]]:
    """Both locked, the lower number first: two who do the reverse at once don't wait forever."""
    if one.pk == other.pk:
        raise SameTicket
    first, second = sorted((one, other), key=lambda ticket: ticket.pk)
    with changing(first, by=by) as a, changing(second, by=by, at=a.at) as b:
        yield (a, b) if a.ticket.pk == one.pk else (b, a)


# --- Two become one --------------------------------------------------------------------------------


def can_merge(ticket: Ticket) -> bool:
    """Whether it can be merged, or take another one in."""
    return ticket.state not in VOID


@transaction.atomic
def merge(*, ticket: Ticket, into: Ticket, by: User, across_customers: bool = False) -> ChangeSet:
    """`ticket` becomes part of `into`, with all that was said in it and whoever takes part.

    What happened to it stays in its own history, what was said goes along with its messages.
    Tickets of different customers only when that is meant. Raises NotTheirs, SameTicket,
    CannotMerge or OtherCustomer. To take it back: `undo_merge`.
    """
    _refuse_unseen(by, ticket, into)
    with _changing_both(ticket, into, by) as (loser, winner):
        if not can_merge(loser.ticket) or not can_merge(winner.ticket):
            raise CannotMerge
        if loser.ticket.customer_id != winner.ticket.customer_id and not across_customers:
            raise OtherCustomer
        change_set = changes.open_change_set(
            kind=KIND,
            label=f"#{ticket.pk} → #{into.pk}",
            by=by,
            facts={"ticket": ticket.pk, "into": into.pk},
        )
        _move_contents(change_set, loser.ticket, winner.ticket)
        _mark_merged(change_set, loser, winner)
        audit.record(
            by=by,
            action="ticket.merge",
            target=loser.ticket,
            changes={"merged_into": [None, into.pk]},
            change_set=change_set,
        )
    retell([winner.ticket])
    return change_set


def _mark_merged(change_set: ChangeSet, loser: Change, winner: Change) -> None:
    row = loser.ticket
    columns = ("state", "merged_into_id", "snoozed_until")
    before = audit.values(row, columns)
    loser.move(State.MERGED)
    loser.set(merged_into=winner.ticket)
    winner.note(Kind.LINKED, after=f"#{row.pk}")
    changes.record_updated(change_set, Ticket, [(row.pk, before, audit.values(row, columns))])


def _move_contents(change_set: ChangeSet, loser: Ticket, winner: Ticket) -> None:
    """All that goes along; an address or a watcher that is there already stays where it is."""
    addresses = Participant.objects.filter(ticket=winner).values("address")
    watching = Watcher.objects.filter(ticket=winner).values("user")
    moving: list[models.QuerySet[Any]] = [
        Message.objects.filter(ticket=loser),
        TicketEvent.objects.filter(ticket=loser, kind__in=WRITTEN),
        Participant.objects.filter(ticket=loser).exclude(address__in=addresses),
        Watcher.objects.filter(ticket=loser).exclude(user__in=watching),
        ReplyPromise.objects.filter(ticket=loser),
    ]
    for rows in moving:
        _move(change_set, rows, winner)


def _move(change_set: ChangeSet | None, rows: models.QuerySet[Any], target: Ticket) -> None:
    """To another ticket, of whose versions an event from elsewhere made none."""
    to: dict[str, Any] = {"ticket_id": target.pk}
    if rows.model is TicketEvent:
        to["version"] = 0
    before = {row.pop("pk"): row for row in rows.order_by("pk").values("pk", *to)}
    rows.model._default_manager.filter(pk__in=before).update(**to)
    if change_set is not None and before:
        moved = ((pk, was, to) for pk, was in before.items())
        changes.record_updated(change_set, rows.model, moved)


def merge_of(ticket: Ticket) -> ChangeSet | None:
    """How a merged ticket came to be so, to take it back; None when it isn't merged."""
    if ticket.state != State.MERGED:
        return None
    sets = ChangeSet.objects.filter(kind=KIND, facts__ticket=ticket.pk, reverted_at=None)
    return sets.order_by("-pk").first()


@transaction.atomic
def undo_merge(*, change_set: ChangeSet, by: User) -> changes.RevertOutcome:
    """Apart again: the ticket is what it was, with what was its own; what came since stays.

    Raises staff.changes.AlreadyReverted, NotTheirs, NotMerged or MergedFurther.
    """
    if not changes.can_revert(change_set):
        raise changes.AlreadyReverted
    pair = (change_set.facts["ticket"], change_set.facts["into"])
    # In the order of their numbers, as merging locks them.
    rows = Ticket.objects.select_for_update().filter(pk__in=pair).order_by("pk")
    found = {row.pk: row for row in rows}
    loser, winner = found.get(pair[0]), found.get(pair[1])
    if loser is None or winner is None or loser.state != State.MERGED:
        raise NotMerged
    _refuse_unseen(by, loser, winner)
    if winner.state == State.MERGED:
        raise MergedFurther
    return changes.revert(change_set=change_set, by=by)


# --- One becomes two -------------------------------------------------------------------------------


@transaction.atomic
def split(*, ticket: Ticket, messages: Sequence[Message], subject: str, by: User) -> Ticket:
    """These messages become a ticket of their own, linked to this one, opened when the first came.

    Raises NotTheirs, CannotMerge, NothingChosen or NothingLeft.
    """
    subject = clean_text(subject)[:SUBJECT_LENGTH]
    if not subject:
        raise SubjectMissing
    _refuse_unseen(by, ticket)
    with changing(ticket, by=by) as change:
        old = change.ticket
        if not can_merge(old):
            raise CannotMerge
        chosen = Message.objects.filter(ticket=old, pk__in=[one.pk for one in messages])
        first = chosen.order_by("created_at", "pk").first()
        if first is None or len(chosen) != len({one.pk for one in messages}):
            raise NothingChosen
        if not Message.objects.filter(ticket=old, withdrawn_at=None).exclude(
            pk__in=chosen.values("pk")
        ).exists():  # fmt: skip
            raise NothingLeft
        return _split_off(old, chosen, first, subject, change)


def _split_off(
    old: Ticket,
    chosen: models.QuerySet[Message],
    first: Message,
    subject: str,
    change: Change,
) -> Ticket:
    new = Ticket.objects.create(
        customer=old.customer,
        contact=first.contact or old.contact,
        subject=subject,
        channel=old.channel,
        kind=old.kind,
        language=old.language,
        priority=old.priority,
        queue=old.queue,
        category=old.category,
        assignee=old.assignee,
        opened_at=first.created_at,
        opened_by=first.author,
    )
    new.tags.set(old.tags.all())
    _copy_participants(old, new, set(chosen.values_list("from_address", flat=True)))
    ids = list(chosen.values_list("pk", flat=True))
    own = TicketEvent.objects.filter(ticket=old, message__in=ids, kind__in=WRITTEN)
    _move(None, own, new)
    _move(None, ReplyPromise.objects.filter(message__in=ids), new)
    _move(None, Message.objects.filter(pk__in=ids), new)
    TicketLink.objects.create(ticket=old, other=new, kind=TicketLink.Kind.SPLIT, by=change.by)
    opening = Change(ticket=new, at=new.opened_at, by=first.author, actor=_actor_of(first))
    opening.note(Kind.OPENED, message=first)
    opening.write_first(targets.Changes())
    targets.refresh([new], at=change.at, tells=False)
    search.index([new.pk])
    change.note(Kind.SPLIT, after=f"#{new.pk}")
    with changing(new, by=change.by, at=change.at) as later:
        later.note(Kind.SPLIT, before=f"#{old.pk}")
    retell([later.ticket])
    return later.ticket


def _actor_of(message: Message) -> str:
    if message.author_id is not None:
        return TicketEvent.Actor.STAFF
    return TicketEvent.Actor.CUSTOMER if message.from_address else TicketEvent.Actor.SYSTEM


def _copy_participants(old: Ticket, new: Ticket, addresses: set[str]) -> None:
    """Who wrote the messages takes part in the new one; when nobody did, whoever asked."""
    everybody = Participant.objects.filter(ticket=old, removed_at=None)
    writers = everybody.filter(address__in=addresses)
    if not writers.exists():
        writers = everybody.filter(role=Participant.Role.REQUESTER)
    Participant.objects.bulk_create(
        Participant(
            ticket=new,
            contact_id=one.contact_id,
            address=one.address,
            name=one.name,
            role=one.role,
            added_by_id=one.added_by_id,
        )
        for one in writers
    )


# --- Side by side ----------------------------------------------------------------------------------


@transaction.atomic
def link(
    *, ticket: Ticket, other: Ticket, by: User | None, kind: str = TicketLink.Kind.RELATED
) -> TicketLink:
    """They belong together; linked already, either way round, stays as it is.

    `by` None: the system, that filed the one as following the other. Raises NotTheirs or
    SameTicket.
    """
    if ticket.pk == other.pk:
        raise SameTicket
    if by is not None:
        _refuse_unseen(by, ticket, other)
    known = TicketLink.objects.filter(
        models.Q(ticket=ticket, other=other) | models.Q(ticket=other, other=ticket)
    ).first()
    if known is not None:
        return known
    made, is_new = TicketLink.objects.get_or_create(
        ticket=ticket, other=other, defaults={"kind": kind, "by": by}
    )
    if is_new:
        _note_linked(ticket, other, by, is_linked=True)
    return made


@transaction.atomic
def unlink(*, link: TicketLink, by: User) -> None:
    """Raises NotTheirs or NotLinked."""
    _refuse_unseen(by, link.ticket, link.other)
    if not TicketLink.objects.filter(pk=link.pk).delete()[0]:
        raise NotLinked
    _note_linked(link.ticket, link.other, by, is_linked=False)


def _note_linked(ticket: Ticket, other: Ticket, by: User | None, *, is_linked: bool) -> None:
    first, second = sorted((ticket, other), key=lambda one: one.pk)
    for one, its_other in ((first, second), (second, first)):
        with changing(one, by=by) as change:
            name = f"#{its_other.pk}"
            change.note(
                Kind.LINKED, before="" if is_linked else name, after=name if is_linked else ""
            )
