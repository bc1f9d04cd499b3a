"""What people agreed to, and took back: each time a row of its own, which is the proof."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from crm.consents import with_consent
from crm.models import Consent, Contact, Outreach, OutreachMessage
from mail.actions import cancel_about
from mail.models import OutgoingEmail
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
    """They agreed to `purpose` (given) or took it back, now unless said otherwise.

    What waits in the outbox for them stays there then.
    """
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
    if not given:
        hold_back([contact.pk])
    return consent


@transaction.atomic
def hold_back(contact_ids: Collection[int]) -> int:
    """Withdraw the mails of outreach that wait for those among them who don't agree; how many."""
    disagree = set(contact_ids) - with_consent(contact_ids, Consent.Purpose.OUTREACH)
    written = OutreachMessage.objects.filter(
        contact__in=disagree,
        state=OutreachMessage.State.QUEUED,
        outreach__purpose=Outreach.Purpose.NEWS,
    )
    waiting = written.filter(outgoing__state=OutgoingEmail.State.QUEUED)
    ids = list(waiting.values_list("pk", flat=True))
    held = cancel_about(
        model="crm.outreachmessage", ids=OutreachMessage.objects.filter(pk__in=ids).values("pk")
    )
    # Whoever was sent to at this very moment was written to.
    withdrawn = written.filter(pk__in=ids, outgoing__state=OutgoingEmail.State.CANCELLED)
    withdrawn.update(state=OutreachMessage.State.SKIPPED, reason=OutreachMessage.Reason.NO_CONSENT)
    return held
