"""What people agreed to, and took back: each time a row of its own, which is the proof."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from crm.models import Consent, Contact
from staff import audit
from staff.models import User


@transaction.atomic
def record_consent(
    *,
    contact: Contact,
    purpose: str,
    given: bool,
    how: str,
    by: User | None,
    text: str = "",
    at: datetime | None = None,
) -> Consent:
    """They agreed to `purpose` (given) or took it back, now unless said otherwise."""
    consent = Consent.objects.create(
        contact=contact,
        purpose=purpose,
        given=given,
        at=at or timezone.now(),
        how=how,
        text=text.strip(),
        by=by,
    )
    verb = "give" if given else "withdraw"
    audit.record(
        by=by, action=f"consent.{verb}", target=contact, changes={"purpose": [None, purpose]}
    )
    return consent
