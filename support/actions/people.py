"""Who takes part in a ticket, watches it, or has it open."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.contacts import NotAnEmail, clean_email, holder_of
from crm.models import Contact
from staff import audit
from staff.models import User
from staff.refusals import Refusal
from support import links, search
from support.correspondents import Correspondent, clean_text
from support.models import Participant, Ticket, TicketPresence, Watcher

Role = Participant.Role
# Rows of people who left long ago go with the next one who comes.
PRESENCE_KEPT = timedelta(days=1)


class StaffTakeNoPart(Refusal):
    message = _("This is a colleague. They can watch the ticket instead.")


class CannotWatch(Refusal):
    def __init__(self, user: User) -> None:
        self.user = user
        super().__init__(_("%(name)s may not see this ticket.") % {"name": str(user)})


class AlreadyRemoved(Refusal):
    message = _("They take no part any more.")


# --- Who writes and is written to ----------------------------------------------------------------


def new_participant(
    ticket: Ticket,
    correspondent: Correspondent,
    *,
    contact: Contact | None,
    role: str = Role.REQUESTER,
    by: User | None = None,
) -> Participant | None:
    """Not saved yet; None for an address that can't be written to."""
    try:
        address = clean_email(clean_text(correspondent.address))
    except NotAnEmail:
        return None
    return Participant(
        ticket=ticket,
        address=address,
        contact=contact,
        name=clean_text(correspondent.name)[:200],
        role=role,
        added_by=by,
    )


def put_participant(
    ticket: Ticket,
    correspondent: Correspondent,
    *,
    contact: Contact | None,
    role: str = Role.REQUESTER,
    by: User | None = None,
) -> Participant | None:
    """The row alone, once per address; None for an address that can't be written to."""
    new = new_participant(ticket, correspondent, contact=contact, role=role, by=by)
    if new is None:
        return None
    values = {name: getattr(new, name) for name in ("contact", "name", "role", "added_by")}
    participant, made = Participant.objects.get_or_create(
        ticket=ticket, address=new.address, defaults=values
    )
    if not made and participant.removed_at is not None:
        participant.removed_at = None
        participant.save(update_fields=["removed_at"])
    return participant


@transaction.atomic
def add_participant(
    *, ticket: Ticket, address: str, by: User, name: str = "", role: str = Role.COPIED
) -> Participant:
    """Somebody more who is written to and may write; staff say so, never a mail's CC.

    Twice is once; whoever was removed takes part again. Raises crm's NotAnEmail or
    StaffTakeNoPart.
    """
    address = clean_email(address)
    if User.objects.filter(email=address).exists():
        raise StaffTakeNoPart
    known = Participant.objects.filter(ticket=ticket, address=address, removed_at=None).first()
    if known is not None:
        return known
    correspondent = Correspondent(address, name)
    contact = holder_of(address)
    participant = put_participant(ticket, correspondent, contact=contact, role=role, by=by)
    if participant is None:
        raise NotAnEmail
    search.index([ticket.pk])
    changes: audit.Changes = {"participant": [None, address]}
    audit.record(by=by, action="ticket.add_participant", target=ticket, changes=changes)
    return participant


def can_remove(participant: Participant) -> bool:
    return participant.removed_at is None


@transaction.atomic
def remove_participant(*, participant: Participant, by: User) -> Participant:
    """No longer written to nor let in: their links end here. Raises AlreadyRemoved."""
    now = timezone.now()
    taking_part = Participant.objects.filter(pk=participant.pk, removed_at=None)
    if not taking_part.update(removed_at=now):
        raise AlreadyRemoved
    participant.removed_at = now
    participant.accesses.filter(revoked_at=None).update(revoked_at=now)
    changes: audit.Changes = {"participant": [participant.address, None]}
    audit.record(
        by=by, action="ticket.remove_participant", target=participant.ticket, changes=changes
    )
    return participant


@transaction.atomic
def new_link(*, participant: Participant, by: User) -> str:
    """A fresh link to hand over by other means; shown once. Raises AlreadyRemoved."""
    if not can_remove(participant):
        raise AlreadyRemoved
    changes: audit.Changes = {"participant": [None, participant.address]}
    audit.record(by=by, action="ticket.new_link", target=participant.ticket, changes=changes)
    return links.new_link(participant)


@transaction.atomic
def revoke_links(*, ticket: Ticket, by: User) -> int:
    """End every link to the ticket that was ever given out; how many there were."""
    count = links.revoke(ticket)
    if count:
        changes: audit.Changes = {"links": [count, 0]}
        audit.record(by=by, action="ticket.revoke_links", target=ticket, changes=changes)
    return count


# --- Who hears of it, and who is there ---------------------------------------------------------


def watch(*, ticket: Ticket, by: User, user: User | None = None) -> Watcher:
    """Oneself, or somebody else who may see it; twice is once. Raises CannotWatch."""
    user = user or by
    if not Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists():
        raise CannotWatch(user)
    watcher, _made = Watcher.objects.get_or_create(ticket=ticket, user=user)
    return watcher


def unwatch(*, ticket: Ticket, by: User, user: User | None = None) -> None:
    Watcher.objects.filter(ticket=ticket, user=user or by).delete()


def be_present(*, ticket: Ticket, by: User, is_typing: bool = False) -> None:
    """`by` has the ticket open, and perhaps writes; said every few seconds, kept as one row."""
    now = timezone.now()
    values = {"seen_at": now} | ({"typed_at": now} if is_typing else {})
    own = TicketPresence.objects.filter(ticket=ticket, user=by)
    if not own.update(**values):
        TicketPresence.objects.bulk_create(
            [TicketPresence(ticket=ticket, user=by, **values)], ignore_conflicts=True
        )
        TicketPresence.objects.filter(seen_at__lt=now - PRESENCE_KEPT).delete()
