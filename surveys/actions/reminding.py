"""One reminder to whoever has not answered: in the thread of the first mail, and never a second."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.actions.interactions import log_interactions_bulk
from crm.models import ContactPoint, Interaction
from mail.actions import queue_emails
from mail.models import OutgoingEmail, Suppression
from staff.models import Business
from staff.tokens import hashed, new_token
from surveys.asking_hours import asking_hours, current_rules
from surveys.invitation_mail import REMINDER, Renderer
from surveys.models import Invitation
from surveys.moments import KINDS
from surveys.throttle import HARD_LIMIT

BATCH = 200
# What could not be sent in its time (no worker for a week) would remind of something forgotten.
TOO_LATE = timedelta(days=7)
# A link that works for less is none.
LAST_DAY = timedelta(days=1)
ARRIVED = (OutgoingEmail.State.SENT, OutgoingEmail.State.DELIVERED)


@transaction.atomic
def remind_batch(now: datetime | None = None) -> int:
    """Queue the next reminders; how many were queued.

    Each is claimed by compare-and-swap in the transaction that queues its mail, whose key makes it
    one besides.
    """
    now = now or timezone.now()
    business = Business.current()
    rules = current_rules()
    if business is None or rules.reminder_after_days is None:
        return 0
    if not asking_hours(rules, business.zone).is_open(now):
        return 0
    # As in queueing: nobody else may be asking the same people just now.
    Business.objects.select_for_update().get(pk=business.pk)
    found = list(_to_remind(timedelta(days=rules.reminder_after_days), now)[:BATCH])
    renderer, drafts, told = Renderer(business), [], []
    with override(business.language):
        for invitation in found:
            token = new_token(192)
            if _claim(invitation, token, now):
                first = invitation.first_message  # type: ignore[attr-defined]
                drafts.append(renderer.reminder(invitation, token, first=first))
                told.append(_told(invitation))
    queue_emails(drafts)
    log_interactions_bulk(told)
    return len(drafts)


def _to_remind(after: timedelta, now: datetime) -> QuerySet[Invitation]:
    """Sent so long ago, arrived as far as anybody knows, not answered, and still to be answered."""
    asked_since = (
        Invitation.objects.filter(contact=OuterRef("contact"))
        .exclude(pk=OuterRef("pk"))
        .exclude(state=Invitation.State.CANCELLED)
    )
    recent = asked_since.filter(
        Q(sent_at__gt=now - HARD_LIMIT)
        | Q(due_at__gt=now - HARD_LIMIT, due_at__lte=now)
        | Q(reminded_at__gt=now - HARD_LIMIT)
    )
    reachable = ContactPoint.objects.filter(
        contact=OuterRef("contact"),
        kind=ContactPoint.Kind.EMAIL,
        value=OuterRef("address"),
        retired_at=None,
        contact__erased_at=None,
    )
    mail = OutgoingEmail.objects.filter(
        about_model="surveys.invitation", about_id=OuterRef("pk"), state__in=ARRIVED
    ).exclude(message_id="")
    left = Suppression.objects.blocking(OutgoingEmail.Stream.SURVEYS)
    first = Subquery(mail.order_by("pk").values("message_id")[:1])
    waiting = Invitation.objects.annotate(first_message=first).filter(
        ~Exists(recent),
        ~Exists(left.filter(address=OuterRef("address"))),
        Exists(reachable),
        first_message__isnull=False,
        state=Invitation.State.QUEUED,
        reminded_at=None,
        bounced_at=None,
        sent_at__lte=now - after,
        sent_at__gt=now - after - TOO_LATE,
        expires_at__gt=now + LAST_DAY,
        survey__is_active=True,
        customer__archived_at=None,
    )
    for kind in KINDS.values():
        about = Invitation.objects.filter(pk=OuterRef("pk"), subject_model=kind.subject)
        waiting = waiting.filter(~Exists(kind.gone(about)))
    return waiting.select_related("survey", "run__version", "customer", "contact").order_by(
        "sent_at", "pk"
    )


def _claim(invitation: Invitation, token: str, now: datetime) -> bool:
    """Whether it is ours to remind, and nobody has answered meanwhile."""
    waiting = Invitation.objects.filter(
        pk=invitation.pk, state=Invitation.State.QUEUED, reminded_at=None
    )
    return waiting.update(reminded_at=now, reminder_hash=hashed(token)) == 1


def _told(invitation: Invitation) -> Interaction:
    return Interaction(
        customer_id=invitation.customer_id,
        contact_id=invitation.contact_id,
        kind=Interaction.Kind.SURVEY_INVITATION,
        direction=Interaction.Direction.OUT,
        channel="email",
        summary=_("Reminder: %(survey)s") % {"survey": invitation.survey.name},
        about_model="surveys.invitation",
        about_id=invitation.pk,
    )


@transaction.atomic
def call_back_reminders() -> int:
    """Withdraw reminders that wait in the outbox though they were answered meanwhile; how many."""
    answered = Invitation.objects.filter(pk=OuterRef("about_id"), state=Invitation.State.ANSWERED)
    waiting = OutgoingEmail.objects.filter(
        Exists(answered),
        about_model="surveys.invitation",
        state=OutgoingEmail.State.QUEUED,
        once_key__endswith=REMINDER,
    )
    return waiting.update(state=OutgoingEmail.State.CANCELLED)
