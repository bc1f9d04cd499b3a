"""How the desk is set up: queues, categories, canned replies, saved views, settings."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from support.querysets import QueueQuerySet, SavedViewQuerySet


class Queue(models.Model):
    """Where tickets wait for somebody of a group."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("people"), blank=True, related_name="queues"
    )
    # New tickets go in turn to the member with the fewest open ones.
    is_round_robin = models.BooleanField(_("hand out new tickets in turn"), default=False)
    # Only its members and managers see its tickets.
    is_private = models.BooleanField(_("only its people and managers see it"), default=False)
    # Where a ticket goes when nothing says otherwise.
    is_default = models.BooleanField(_("takes what fits nowhere else"), default=False)
    # Mail to this mailbox lands here.
    mailbox = models.ForeignKey(
        "mail.Mailbox",
        verbose_name=_("mailbox"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("support", "queue")
        ordering: ClassVar = ["position", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="support_one_default"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """What a ticket is about; accents and case make no second one."""

    name = models.CharField(_("name"), max_length=80)
    folded = models.CharField(max_length=80, unique=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("category")
        ordering: ClassVar = ["folded"]

    def __str__(self) -> str:
        return self.name


class CannedReply(models.Model):
    """A reply written once, with merge fields: {contact} {customer} {agent} {ticket} {business}."""

    name = models.CharField(_("name"), max_length=80)
    # Typed after a slash in the composer: "/hours".
    shortcut = models.SlugField(_("shortcut"), max_length=30, blank=True)
    # {"es": "…", "pt-br": "…", "en": "…"}: the ticket's language, else the business's, else any.
    texts = models.JSONField(default=dict)
    # Null: everybody's.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="canned_replies",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shortcut"],
                condition=~Q(shortcut="") & Q(owner=None),
                name="support_shared_shortcut",
            ),
            models.UniqueConstraint(
                fields=["owner", "shortcut"],
                condition=~Q(shortcut=""),
                name="support_own_shortcut",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A saved question about tickets: the list's query string under a name."""

    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=1000)
    # Null: everybody's.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="ticket_views",
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class SupportSettings(models.Model):
    """The desk's rules; one row, read by `support.desk.settings()`."""

    class ClosedTicket(models.TextChoices):
        REOPENS = "reopens", _("opens it again")
        NEW = "new", _("makes a new ticket, linked to it")

    acknowledges = models.BooleanField(_("confirm that a message has arrived"), default=True)
    closes_after_days = models.PositiveSmallIntegerField(
        _("days until a solved ticket is closed"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    mail_to_closed = models.CharField(
        _("a mail to a closed ticket"),
        max_length=8,
        choices=ClosedTicket.choices,
        default=ClosedTicket.REOPENS,
    )
    # Older than so many days after closing, a mail always makes a new, linked ticket.
    reopens_within_days = models.PositiveSmallIntegerField(
        _("days for which a closed ticket can be opened again by mail"), default=30
    )
    link_works_days = models.PositiveSmallIntegerField(
        _("days for which the customer’s link works after closing"), default=60
    )
    undo_seconds = models.PositiveSmallIntegerField(
        _("seconds to take a reply back"), default=10, validators=[MaxValueValidator(120)]
    )
    has_feedback_page = models.BooleanField(_("feedback page"), default=True)
    has_board = models.BooleanField(_("board of suggestions"), default=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="support_one_settings")
        ]

    def __str__(self) -> str:
        return "support"
