"""What staff do with received mail by hand."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mail import inbox, tasks
from mail.models import InboundEmail, WebhookDelivery
from staff import audit
from staff.models import User
from staff.refusals import Refusal

State = InboundEmail.State


class CannotRetry(Refusal):
    message = _("Only a mail that was set aside can be tried again.")


class CannotIgnore(Refusal):
    message = _("Only a mail that waits or was set aside can be left as it is.")


class CallNotFailed(Refusal):
    message = _("Only a provider's call that could not be read can be tried again.")


def can_retry(inbound: InboundEmail) -> bool:
    """Set aside by the program, or by a person who has thought better of it."""
    by_hand = inbound.state == State.IGNORED and inbound.reason == inbox.BY_HAND
    return inbound.state == State.QUARANTINED or by_hand


@transaction.atomic
def retry(*, inbound: InboundEmail, by: User) -> InboundEmail:
    """Begin anew with the raw mail, as if it had just arrived. Raises CannotRetry."""
    if not can_retry(inbound):
        raise CannotRetry
    aside = InboundEmail.objects.filter(pk=inbound.pk, state=inbound.state, reason=inbound.reason)
    fields = {"reason": "", "detail": "", "attempts": 0, "due_at": timezone.now()}
    if not aside.update(state=State.RECEIVED, **fields):
        raise CannotRetry
    transaction.on_commit(tasks.sort_inbound.delay, robust=True)
    return _changed(inbound, by=by, action="inbound_email.retry")


def can_ignore(inbound: InboundEmail) -> bool:
    return inbound.state in {State.QUARANTINED, State.WAITING}


@transaction.atomic
def ignore(*, inbound: InboundEmail, by: User) -> InboundEmail:
    """Leave a mail as it is; its raw form stays. Raises CannotIgnore."""
    there = InboundEmail.objects.filter(pk=inbound.pk, state__in=[State.QUARANTINED, State.WAITING])
    if not there.update(state=State.IGNORED, reason=inbox.BY_HAND):
        raise CannotIgnore
    return _changed(inbound, by=by, action="inbound_email.ignore")


def _changed(inbound: InboundEmail, *, by: User, action: str) -> InboundEmail:
    before = audit.values(inbound, ["state"])
    inbound.refresh_from_db()
    changes = audit.diff(before, inbound, ["state"])
    audit.record(by=by, action=action, target=inbound, changes=changes)
    return inbound


@transaction.atomic
def retry_call(*, delivery: WebhookDelivery, by: User) -> WebhookDelivery:
    """Read a provider's stored call once more. Raises CallNotFailed."""
    failed = WebhookDelivery.objects.filter(pk=delivery.pk, state=WebhookDelivery.State.FAILED)
    if not failed.update(state=WebhookDelivery.State.WAITING, attempts=0, detail=""):
        raise CallNotFailed
    transaction.on_commit(lambda: tasks.read_webhook.delay(delivery.pk), robust=True)
    before = audit.values(delivery, ["state"])
    delivery.refresh_from_db()
    changes = audit.diff(before, delivery, ["state"])
    audit.record(by=by, action="webhook_delivery.retry", target=delivery, changes=changes)
    return delivery
