"""Who takes part in a ticket: by mail, by link, by watching, by having it open."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Contact
from support.models.tickets import Ticket


class Participant(models.Model):
    """An address that may write into a ticket and is written to. Never added from a mail's CC alone."""

    class Role(models.TextChoices):
        REQUESTER = "requester", _("asked")
        COPIED = "copied", _("copied in")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="participants")
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    address = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=9, choices=Role.choices, default=Role.REQUESTER)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    # No longer written to, and no longer let in.
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "address"], name="support_participant_once"),
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="support_participant_lower"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["address"], name="support_participant_address")]

    def __str__(self) -> str:
        return self.address


class TicketAccess(models.Model):
    """A secret link by which a participant follows a ticket: /t/<token>/. Only its hash is kept."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="accesses")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.participant_id} {self.created_at:%Y-%m-%d}"


class Watcher(models.Model):
    """Somebody of the business who hears of what happens in a ticket that is not theirs."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="watchers")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watched_tickets"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "user"], name="support_watches_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} watches #{self.ticket_id}"


class TicketPresence(models.Model):
    """Who has a ticket open, and who is writing in it; believed for half a minute."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    typed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "user"], name="support_present_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at #{self.ticket_id}"


class NoticeChoice(models.Model):
    """What a person of the business hears of by mail; without a row, the defaults."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notice_choice",
    )
    mentioned = models.BooleanField(_("somebody mentions me in a note"), default=True)
    assigned = models.BooleanField(_("a ticket is given to me"), default=True)
    answered = models.BooleanField(_("a customer writes in a ticket of mine"), default=True)
    watched = models.BooleanField(_("a customer writes in a ticket that I watch"), default=True)
    due = models.BooleanField(_("a ticket of mine, or of my queue, is due soon"), default=True)

    def __str__(self) -> str:
        return f"{self.user_id}"
