"""What is said in a ticket: received, replied, taken back, noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions import promise as promise_to
from crm.actions.tasks import withdraw_promise
from crm.models import Interaction
from mail.actions import CannotCancel, cancel
from mail.models import InboundEmail, OutgoingEmail
from staff.models import User
from staff.refusals import Refusal
from support import desk, letters, notifications
from support.actions.tickets import known_message, written_kind
from support.correspondents import Correspondent, clean_text
from support.events import Actor, Change, Kind, changing
from support.files import FileDraft, attach
from support.models import Mention, Message, Participant, ReplyPromise, Ticket, TicketEvent
from support.projection import THANKS
from support.states import BROUGHT_BACK, STEPS, may_follow
from support.telling import tell, untell

State = Ticket.State
Direction = Interaction.Direction
# How often a merged ticket may have been merged further.
MOST_MERGES = 50
# What somebody who answers should have seen.
WORTH_SEEING = STEPS | {Kind.RECEIVED, Kind.REPLIED, Kind.NOTED, Kind.ASSIGNED, Kind.LINKED}
# What a reply may leave the ticket as; "" leaves it as it is.
THEN = frozenset({"", State.OPEN, State.WAITING, State.ON_HOLD, State.SOLVED})


class EmptyMessage(Refusal):
    message = _("There is nothing to send yet.")


class CannotReply(Refusal):
    message = _("Spam and merged tickets are not answered.")


class StaleTicket(Refusal):
    """Others have changed the ticket meanwhile: `ticket` as it is now, `since` their events."""

    message = _("This ticket has changed since you opened it. Have a look, then send again.")

    def __init__(self, ticket: Ticket, since: Sequence[TicketEvent]) -> None:
        super().__init__()
        self.ticket, self.since = ticket, since


class TooLate(Refusal):
    message = _("It has left already and can’t be taken back.")


class NotYourReply(Refusal):
    message = _("Only whoever wrote a reply can take it back.")


class CannotBeTold(Refusal):
    """Somebody was named in a note who may not see the ticket."""

    def __init__(self, user: User) -> None:
        self.user = user
        super().__init__(_("%(name)s may not see this ticket.") % {"name": user})


@dataclass(frozen=True)
class PromiseDraft:
    """What a reply promises, and until when."""

    title: str
    due_at: datetime


# --- From outside ---------------------------------------------------------------------------


def where_it_went(ticket: Ticket) -> Ticket:
    """The ticket that it was merged into, to the end; itself when it was not."""
    for _step in range(MOST_MERGES):
        if ticket.state != State.MERGED or ticket.merged_into is None:
            break
        ticket = ticket.merged_into
    return ticket


def needs_new_ticket(ticket: Ticket, now: datetime) -> bool:
    """Whether a message to this ticket makes a new one, linked to it: closed, and for too long, or
    merged into what is no longer there.

    By the desk's rule for closed tickets. Spam takes messages as before: they stay with it.
    """
    ticket = where_it_went(ticket)
    if ticket.state == State.MERGED:
        return True
    if ticket.state != State.CLOSED or ticket.closed_at is None:
        return False
    rules = desk.settings()
    if rules.mail_to_closed == rules.ClosedTicket.NEW:
        return True
    return now - ticket.closed_at > timedelta(days=rules.reopens_within_days)


def receive(
    *,
    ticket: Ticket,
    text: str,
    sender: Correspondent,
    html: str = "",
    is_proven: bool = False,
    inbound: InboundEmail | None = None,
    automatic: str = "",
    is_thanks: bool = False,
    notes: Sequence[str] = (),
    files: Sequence[FileDraft] = (),
    at: datetime | None = None,
    once_key: str = "",
    also_addressed: Sequence[dict[str, str]] = (),
) -> Message:
    """What came from outside goes where the ticket was merged, and brings back what had ended.

    Automatic mail and mere thanks are shown, but change nothing. The same mail, or `once_key`,
    twice is one message. Whether a closed ticket is to be left alone: ask `needs_new_ticket`.
    """
    message = Message(
        kind=Message.Kind.RECEIVED,
        from_name=clean_text(sender.name)[:200],
        from_address=clean_text(sender.address)[:254].lower(),
        is_proven=is_proven,
        automatic=automatic,
        is_thanks=is_thanks,
        text=text,
        html=html,
        notes=list(notes),
        also_addressed=list(also_addressed),
        inbound=inbound,
        once_key=once_key,
    )
    try:
        return _receive(ticket, message, files=files, at=at)
    except IntegrityError:
        # The very same arrived at this moment, in another ticket.
        if known := known_message(once_key, inbound):
            return known
        raise


@transaction.atomic
def _receive(
    ticket: Ticket, message: Message, *, files: Sequence[FileDraft], at: datetime | None
) -> Message:
    with changing(ticket, by=None, actor=Actor.CUSTOMER, at=at) as change:
        if change.ticket.state != State.MERGED:
            return _put_received(change, message, files)
    goes_on = where_it_went(change.ticket)
    if goes_on.state == State.MERGED:  # into what is no longer there
        raise CannotReply
    return _receive(goes_on, message, files=files, at=at)


def _put_received(change: Change, message: Message, files: Sequence[FileDraft]) -> Message:
    # A mail that is filed twice is seen by its constraint, and found by `receive`.
    if known := known_message(message.once_key, None):
        return known
    participants = Participant.objects.filter(
        ticket=change.ticket, address=message.from_address, removed_at=None
    )
    participant = participants.select_related("contact").first()
    message.contact = participant.contact if participant else None
    _put(change, message, files, after=THANKS if message.is_thanks else "")
    if message.automatic:
        return message
    if not message.is_thanks:
        _bring_back(change, message)
    tell(change.ticket, at=change.at, by=None, direction=Direction.IN, message=message)
    return message


def _bring_back(change: Change, message: Message) -> None:
    ticket = change.ticket
    if ticket.snoozed_until is not None:
        change.note(Kind.AWOKEN, message=message)
        change.set(snoozed_until=None)
    if ticket.state in BROUGHT_BACK:
        change.move(State.OPEN, message=message)


def _put(change: Change, message: Message, files: Sequence[FileDraft], after: str = "") -> None:
    """Write the message and note it."""
    message.ticket, message.created_at = change.ticket, change.at
    message.save(force_insert=True)
    if files:
        attach(message, files)
    change.note(written_kind(message), after=after, message=message)


# --- From us ----------------------------------------------------------------------------------


def can_reply(ticket: Ticket) -> bool:
    return ticket.state not in Ticket.VOID_STATES


@transaction.atomic
def reply(
    *,
    ticket: Ticket,
    text: str,
    by: User,
    files: Sequence[FileDraft] = (),
    then: str = State.WAITING,
    version: int | None = None,
    once_key: str = "",
    promise: PromiseDraft | None = None,
    at: datetime | None = None,
) -> Message:
    """A person's public answer; its mails leave when it can no longer be taken back.

    Leaves the ticket in `then` ("": as it is), and in the hands of `by` when it was in nobody's.
    With the `version` that the person saw, raises StaleTicket when others have changed it since.
    Raises EmptyMessage or CannotReply.
    """
    if not text.strip() and not files:
        raise EmptyMessage
    if then not in THEN:
        raise ValueError(f"A reply does not leave a ticket {then}")
    with changing(ticket, by=by, at=at) as change:
        if known := known_message(once_key, None):
            return known
        if not can_reply(change.ticket):
            raise CannotReply
        if version is not None:
            _refuse_stale(change.ticket, version, by)
        message = Message(
            kind=Message.Kind.REPLY,
            author=by,
            text=text,
            once_key=once_key,
            leaves_at=timezone.now() + timedelta(seconds=desk.settings().undo_seconds),
        )
        _put(change, message, files)
        if change.ticket.assignee_id is None:
            change.note(Kind.ASSIGNED, after=by)
            change.set(assignee=by)
        if then and may_follow(change.ticket.state, then):
            change.move(then, message=message)
        if promise is not None:
            _promise(change, message, promise)
        tell(change.ticket, at=change.at, by=by, direction=Direction.OUT, message=message)
    letters.queue_reply(message)
    return message


def _refuse_stale(ticket: Ticket, version: int, by: User) -> None:
    """One's own changes, and what no answer depends on, make nothing stale."""
    if ticket.version <= version:
        return
    since = TicketEvent.objects.filter(
        ticket=ticket, version__gt=version, kind__in=WORTH_SEEING
    ).exclude(by=by)
    events = list(since.select_related("by", "message").order_by("at", "pk"))
    if events:
        raise StaleTicket(ticket, events)


def _promise(change: Change, message: Message, draft: PromiseDraft) -> None:
    task = promise_to(
        customer=change.ticket.customer,
        title=draft.title,
        due_at=draft.due_at,
        by=change.by,
        owner=change.by,
    )
    ReplyPromise.objects.create(ticket=change.ticket, message=message, task=task)


def can_withdraw(message: Message, by: User) -> bool:
    return (
        message.kind == Message.Kind.REPLY
        and message.withdrawn_at is None
        and message.author_id == by.pk
        and message.leaves_at is not None
        and message.leaves_at > timezone.now()
    )


@transaction.atomic
def withdraw_reply(*, message: Message, by: User) -> Message:
    """Take a reply back before it leaves: as if it had not been, but for the note that it was.

    The message keeps its text for the composer. The ticket is again what it was, unless it has
    moved on since. Raises TooLate or NotYourReply.
    """
    if message.author_id != by.pk:
        raise NotYourReply
    with changing(message.ticket, by=by) as change:
        message = Message.objects.select_for_update().get(pk=message.pk)
        if not can_withdraw(message, by):
            raise TooLate
        _cancel_mails(message, by)
        message.withdrawn_at = change.at
        message.save(update_fields=["withdrawn_at"])
        untell(message)
        for promised in ReplyPromise.objects.filter(message=message).select_related("task"):
            withdraw_promise(task=promised.task, by=by)
        _undo_step(change, message)
    return message


def _cancel_mails(message: Message, by: User) -> None:
    mails = OutgoingEmail.objects.filter(
        about_model=message._meta.label_lower, about_id=message.pk
    ).exclude(state=OutgoingEmail.State.CANCELLED)
    for outgoing in mails:
        try:
            cancel(outgoing=outgoing, by=by)
        except CannotCancel:
            raise TooLate from None


def _undo_step(change: Change, message: Message) -> None:
    """Forget what the reply made happen: in the figures it never was."""
    ticket = change.ticket
    own = TicketEvent.objects.filter(ticket=ticket, message=message)
    step = own.filter(kind__in=STEPS).order_by("-pk").first()
    moved_on = TicketEvent.objects.filter(
        ticket=ticket, kind__in=STEPS, pk__gt=step.pk if step else 0
    )
    before = after = ""
    if step is not None and not moved_on.exists():
        before, after = ticket.state, step.before
        change.set(state=step.before)
    own.filter(kind__in=STEPS | {Kind.REPLIED}).delete()
    change.note(Kind.WITHDRAWN, before=before, after=after, message=message)


@transaction.atomic
def add_note(
    *,
    ticket: Ticket,
    text: str,
    by: User | None,
    files: Sequence[FileDraft] = (),
    mentioned: Sequence[User] = (),
    once_key: str = "",
) -> Message:
    """What only staff see; those `mentioned` are told. Raises EmptyMessage or CannotBeTold."""
    if not text.strip() and not files:
        raise EmptyMessage
    for user in mentioned:
        if not Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists():
            raise CannotBeTold(user)
    with changing(ticket, by=by) as change:
        if known := known_message(once_key, None):
            return known
        message = Message(kind=Message.Kind.NOTE, author=by, text=text, once_key=once_key)
        _put(change, message, files)
    if mentioned:
        Mention.objects.bulk_create(
            [
                Mention(message=message, user=user)
                for user in {one.pk: one for one in mentioned}.values()
            ]
        )
        notifications.tell_mentioned(message)
    return message
