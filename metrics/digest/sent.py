"""What this room has sent to somebody by mail: the outbox shows account mail to owners alone."""

from __future__ import annotations

from django.db.models import Q

from mail.models import OutgoingEmail
from staff.models import User

MOST = 12  # the latest


def to(user: User) -> list[OutgoingEmail]:
    """Digests and alerts, the latest first. One query."""
    theirs = Q(once_key__startswith=f"metrics.digest:{user.pk}:") | Q(
        once_key__startswith="metrics.alert:", once_key__endswith=f":{user.pk}"
    )
    found = OutgoingEmail.objects.filter(theirs, to_address=user.email)
    return list(found.defer("html").order_by("-created_at", "-pk")[:MOST])
