"""Being named in a note, and having seen it."""

from __future__ import annotations

from django.utils import timezone

from staff.models import User
from support.models import Mention, Ticket


def see_mentions(*, ticket: Ticket, by: User) -> int:
    """`by` has seen where they were named in this ticket; how many notes that were."""
    unseen = Mention.objects.filter(message__ticket=ticket, user=by, seen_at=None)
    return unseen.update(seen_at=timezone.now())
