"""Facts about a ticket, each changed on its own and told of by an event."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from crm.actions.customers import tags_named
from crm.actions.interactions import move_interactions
from crm.models import Contact, Customer, Tag, Task
from staff.access import Role
from staff.models import User
from staff.refusals import Refusal
from support.actions.turns import next_in_turn
from support.correspondents import clean_text
from support.events import Actor, Change, Kind, changing
from support.models import Category, Message, Queue, Ticket
from support.telling import retell

SUBJECT_LENGTH = 250


class CannotBeGiven(Refusal):
    """To somebody who may not see the ticket, or not answer it."""

    def __init__(self, user: User) -> None:
        self.user = user
        super().__init__(_("%(name)s can’t answer tickets of this queue.") % {"name": str(user)})


class NoLongerUsed(Refusal):
    message = _("This is not used any more. Choose another one.")


class SubjectMissing(Refusal):
    message = _("A ticket needs a subject.")


class MergedAway(Refusal):
    message = _("This ticket was merged into another one. Change that one.")


def may_work_in(user: User, queue: Queue) -> bool:
    """Whether tickets of this queue can be given to this person."""
    if not user.has_role(Role.AGENT):
        return False
    if not queue.is_private or user.has_role(Role.MANAGER):
        return True
    return queue.members.filter(pk=user.pk).exists()


def can_change(ticket: Ticket) -> bool:
    return ticket.state != Ticket.State.MERGED


def _refuse_merged(change: Change) -> Ticket:
    if not can_change(change.ticket):
        raise MergedAway
    return change.ticket


# --- Whose it is --------------------------------------------------------------------------------


def assign(*, ticket: Ticket, assignee: User | None, by: User | None) -> Ticket:
    """Give it to somebody, or to nobody; theirs already changes nothing. Raises CannotBeGiven."""
    with changing(ticket, by=by) as change:
        _refuse_merged(change)
        if assignee is not None and not may_work_in(assignee, change.ticket.queue):
            raise CannotBeGiven(assignee)
        put_assignee(change, assignee)
    return change.ticket


def can_take(ticket: Ticket, by: User) -> bool:
    return can_change(ticket) and ticket.assignee_id != by.pk and by.has_role(Role.AGENT)


def take(*, ticket: Ticket, by: User) -> Ticket:
    """Make it one's own. Raises CannotBeGiven."""
    return assign(ticket=ticket, assignee=by, by=by)


def put_assignee(change: Change, assignee: User | None, *, actor: str = "") -> None:
    """Within a change, with its event."""
    ticket = change.ticket
    if ticket.assignee_id == (assignee.pk if assignee else None):
        return
    change.note(Kind.ASSIGNED, before=ticket.assignee or "", after=assignee or "", actor=actor)
    change.set(assignee=assignee)


# --- Where it waits and what it is about -------------------------------------------------------


def set_queue(*, ticket: Ticket, queue: Queue, by: User | None) -> Ticket:
    """Another queue, also one that `by` does not see: so one hands something over.

    Whoever had it and may not see it there has it no longer; a queue that hands out in turn gives
    it to somebody. Raises NoLongerUsed.
    """
    with changing(ticket, by=by) as change:
        row = _refuse_merged(change)
        if row.queue_id == queue.pk:
            return row
        if queue.archived_at is not None:
            raise NoLongerUsed
        was_private = row.queue.is_private
        change.note(Kind.QUEUE, before=row.queue, after=queue)
        change.set(queue=queue)
        if row.assignee is not None and not may_work_in(row.assignee, queue):
            put_assignee(change, None, actor=Actor.SYSTEM)
        if row.assignee is None and queue.is_round_robin and row.is_open:
            put_assignee(change, next_in_turn(queue), actor=Actor.SYSTEM)
        if was_private != queue.is_private:
            retell([row])
    return change.ticket


def set_priority(*, ticket: Ticket, priority: int, by: User | None) -> Ticket:
    """What is due when follows at once."""
    with changing(ticket, by=by) as change:
        row = _refuse_merged(change)
        wanted = Ticket.Priority(priority)
        if row.priority != wanted:
            change.note(Kind.PRIORITY, before=row.priority, after=wanted.value)
            change.set(priority=wanted.value)
    return change.ticket


def set_category(*, ticket: Ticket, category: Category | None, by: User | None) -> Ticket:
    """Raises NoLongerUsed."""
    with changing(ticket, by=by) as change:
        row = _refuse_merged(change)
        if row.category_id != (category.pk if category else None):
            if category is not None and category.archived_at is not None:
                raise NoLongerUsed
            change.note(Kind.CATEGORY, before=row.category or "", after=category or "")
            change.set(category=category)
    return change.ticket


def set_subject(*, ticket: Ticket, subject: str, by: User | None) -> Ticket:
    """Raises SubjectMissing."""
    subject = clean_text(subject)[:SUBJECT_LENGTH]
    if not subject:
        raise SubjectMissing
    with changing(ticket, by=by) as change:
        row = _refuse_merged(change)
        if row.subject != subject:
            change.note(Kind.SUBJECT, before=row.subject, after=subject)
            change.set(subject=subject)
            retell([row])
    return change.ticket


def set_customer(
    *, ticket: Ticket, customer: Customer, by: User | None, contact: Contact | None = None
) -> Ticket:
    """It is about another customer: their timeline tells of it, and what it promised is theirs.

    Who asked stays who asked, unless a `contact` is given.
    """
    with changing(ticket, by=by) as change:
        row = _refuse_merged(change)
        if contact is not None and row.contact_id != contact.pk:
            change.set(contact=contact)
        if row.customer_id != customer.pk:
            change.note(Kind.CUSTOMER, before=row.customer, after=customer)
            change.set(customer=customer)
            move_interactions(about=Message.objects.filter(ticket=row), customer=customer)
            move_interactions(about=Ticket.objects.filter(pk=row.pk), customer=customer)
            promised = Task.objects.filter(pk__in=row.promises.values("task"))
            promised.update(customer=customer)
            move_interactions(about=promised, customer=customer)
    return change.ticket


def set_tags(*, ticket: Ticket, tags: Iterable[str], by: User | None) -> Ticket:
    """These tags and no others, by name. Raises crm's TagTooLong."""
    with changing(ticket, by=by) as change:
        row = _refuse_merged(change)
        wanted = tags_named(tags)
        had = list(row.tags.all())
        if {tag.pk for tag in had} != {tag.pk for tag in wanted}:
            change.note(Kind.TAGS, before=names(had), after=names(wanted))
            row.tags.set(wanted)
    return change.ticket


def names(tags: Iterable[Tag]) -> str:
    """As an event shows them."""
    return ", ".join(tag.name for tag in sorted(tags, key=lambda tag: tag.folded))
