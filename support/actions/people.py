"""Who takes part in a ticket."""

from __future__ import annotations

from crm.actions.contacts import NotAnEmail, clean_email
from crm.models import Contact
from staff.models import User
from support.correspondents import Correspondent, clean_text
from support.models import Participant, Ticket

Role = Participant.Role


def put_participant(
    ticket: Ticket,
    correspondent: Correspondent,
    *,
    contact: Contact | None,
    role: str = Role.REQUESTER,
    by: User | None = None,
) -> Participant | None:
    """The row alone, once per address; None for an address that can't be written to."""
    try:
        address = clean_email(correspondent.address)
    except NotAnEmail:
        return None
    participant, made = Participant.objects.get_or_create(
        ticket=ticket,
        address=address,
        defaults={
            "contact": contact,
            "name": clean_text(correspondent.name)[:200],
            "role": role,
            "added_by": by,
        },
    )
    if not made and participant.removed_at is not None:
        participant.removed_at = None
        participant.save(update_fields=["removed_at"])
    return participant
