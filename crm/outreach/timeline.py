"""How a message of outreach shows on a customer's timeline: which it was, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from crm import registry
from crm.models import OutreachMessage
from mail.models import OutgoingEmail

# What of a mail's ways is worth a word beside it: it never arrived.
FAILED = (OutgoingEmail.State.BOUNCED, OutgoingEmail.State.FAILED, OutgoingEmail.State.CANCELLED)


def contexts(ids: Collection[int]) -> Mapping[int, dict[str, Any]]:
    """One query."""
    rows = OutreachMessage.objects.filter(pk__in=ids).select_related("outreach", "outgoing")
    found = {}
    for one in rows.defer("outgoing__text", "outgoing__html", "outgoing__headers"):
        mail = one.outgoing
        failed = mail.get_state_display() if mail and mail.state in FAILED else ""
        found[one.pk] = {"outreach": one.outreach, "failed": failed, "message": one}
    return found


def register() -> None:
    """Called from CrmConfig.ready."""
    mark = registry.TimelineMark(
        "crm.outreachmessage", "crm/outreach/_timeline_mark.html", contexts, order=40
    )
    registry.TIMELINE_MARKS.register(mark)
