"""Everything that was written to some addresses, and what became of each message."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest

from mail.delivery import hold
from mail.models import OutgoingEmail, Suppression
from mail.privacy import hide_subjects
from staff.access import acting_user
from staff.pages import paginate

# A page of them: each has its events beside it.
SIZE = 30


def of(request: HttpRequest, addresses: Collection[str]) -> dict[str, Any]:
    """The context of mail/_log.html: a page of messages with their events, and who gets none."""
    mine = {address.lower() for address in addresses}
    rows = OutgoingEmail.objects.for_list().filter(to_address__in=mine).prefetch_related("events")
    page = paginate(rows, request, key=("-created_at", "-pk"), size=SIZE)
    hide_subjects(acting_user(request), page)
    stopped = Suppression.objects.active().filter(address__in=mine).order_by("-at")
    return {"page": page, "stopped": stopped, "addresses": sorted(mine), "hold": hold()}
