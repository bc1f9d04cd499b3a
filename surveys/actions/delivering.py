"""From frozen invitations to mails in the outbox, and back from the outbox to what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from crm.actions.interactions import log_interactions_bulk
from crm.models import Interaction
from mail.actions import queue_emails
from mail.models import OutgoingEmail
from staff.bulk import save_columns
from staff.models import Business
from staff.tokens import hashed, new_token
from surveys.actions import sparing
from surveys.asking_hours import asking_hours, current_rules
from surveys.invitation_mail import REMINDER, Renderer
from surveys.models import Invitation

BATCH = 500
# How long the post room is asked about a mail: bounces come within days.
FOLLOWED = timedelta(days=45)
LEFT = (
    OutgoingEmail.State.SENT,
    OutgoingEmail.State.DELIVERED,
    OutgoingEmail.State.BOUNCED,
    OutgoingEmail.State.COMPLAINED,
)


@transaction.atomic
def queue_batch(size: int = BATCH, now: datetime | None = None) -> int:
    """Put the mails of the next waiting invitations into the outbox; how many were dealt with.

    One transaction: an invitation has its mail, its link and its line on the timeline, or it is
    still waiting. Several workers take different rows where the database can skip locked ones.
    Nothing leaves in quiet hours, and nobody is asked whom another asking has reached meanwhile.
    """
    now = now or timezone.now()
    business = Business.current()
    if business is None or not Invitation.objects.due(now).exists():
        return 0
    rules = current_rules()
    hours = asking_hours(rules, business.zone)
    if not hours.is_open(now):
        return 0
    # Of two workers the second sees whom the first one asked.
    Business.objects.select_for_update().get(pk=business.pk)
    invitations = _claimed(size, now)
    open_ones = [one for one in invitations if one.expires_at > now and one.survey.is_active]
    worth, put_off = sparing.spare(open_ones, business, rules, hours, now)
    renderer = Renderer(business)
    drafts = []
    for invitation in worth:
        token = new_token(192)
        invitation.token_hash = hashed(token)
        invitation.state = Invitation.State.QUEUED
        drafts.append(renderer.draft(invitation, token))
    queue_emails(drafts)
    _mark_queued(worth, now)
    log_interactions_bulk([_told(invitation) for invitation in worth])
    waiting = {one.pk for one in put_off}
    missed = [
        one.pk
        for one in invitations
        if one.state == Invitation.State.PENDING and one.pk not in waiting
    ]
    if missed:
        Invitation.objects.filter(pk__in=missed).update(state=Invitation.State.CANCELLED)
    return len(invitations)


def _claimed(size: int, now: datetime) -> list[Invitation]:
    waiting = Invitation.objects.due(now)
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True, of=("self",))
    return list(waiting.select_related("survey", "run__version", "customer", "contact")[:size])


def _mark_queued(invitations: Sequence[Invitation], now: datetime) -> None:
    """From now on `due_at` is when they were asked: the throttle measures from it."""
    for one in invitations:
        one.due_at = now
    save_columns(invitations, ["token_hash", "state", "due_at"])


def _told(invitation: Invitation) -> Interaction:
    return Interaction(
        customer_id=invitation.customer_id,
        contact_id=invitation.contact_id,
        kind=Interaction.Kind.SURVEY_INVITATION,
        direction=Interaction.Direction.OUT,
        channel="email",
        summary=invitation.survey.name,
        by_id=invitation.run.by_id,
        about_model="surveys.invitation",
        about_id=invitation.pk,
    )


def follow_mail() -> int:
    """Copy from the outbox when mails left and which bounced; how many invitations changed."""
    since = timezone.now() - FOLLOWED
    own = OutgoingEmail.objects.filter(about_model="surveys.invitation", about_id=OuterRef("pk"))
    # The first mail is the asking; its reminder changes nothing of it.
    left = own.filter(state__in=LEFT, sent_at__isnull=False).order_by("pk")
    sent = (
        Invitation.objects.filter(sent_at=None, created_at__gt=since)
        .exclude(token_hash="")
        .filter(Exists(left))
        .update(sent_at=Subquery(left.values("sent_at")[:1]))
    )
    bounced_mails = OutgoingEmail.objects.filter(
        about_model="surveys.invitation",
        state=OutgoingEmail.State.BOUNCED,
        created_at__gt=since,
    ).exclude(once_key__endswith=REMINDER)
    bounced = Invitation.objects.filter(
        pk__in=bounced_mails.values("about_id"), bounced_at=None
    ).update(bounced_at=timezone.now())
    return sent + bounced
