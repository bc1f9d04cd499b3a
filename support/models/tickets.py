"""Tickets, what happened to them, and how they hang together."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Contact, Customer, Tag
from crm.models.origins import Imported, once
from support.models.desk import Category, Queue
from support.querysets import TicketQuerySet

if TYPE_CHECKING:
    from support.models.messages import Message
    from support.models.people import Participant


class Ticket(Imported):
    """A request for help. Its number is its key; what changes it is an action of support.actions.

    Everything from `first_replied_at` on is a projection of its events and messages
    (support.projection): it can always be rebuilt.
    """

    class State(models.TextChoices):
        NEW = "new", pgettext_lazy("ticket", "new")
        OPEN = "open", pgettext_lazy("ticket", "open")
        WAITING = "waiting", pgettext_lazy("ticket", "waiting for the customer")
        ON_HOLD = "on_hold", pgettext_lazy("ticket", "on hold")
        SOLVED = "solved", pgettext_lazy("ticket", "solved")
        CLOSED = "closed", pgettext_lazy("ticket", "closed")
        SPAM = "spam", pgettext_lazy("ticket", "spam")
        MERGED = "merged", pgettext_lazy("ticket", "merged")

    # Somebody still has to do something, or the customer has.
    OPEN_STATES = (State.NEW, State.OPEN, State.WAITING, State.ON_HOLD)
    # Never counted, never shown among the others.
    VOID_STATES = (State.SPAM, State.MERGED)

    class Priority(models.IntegerChoices):
        LOW = 10, pgettext_lazy("priority", "low")
        NORMAL = 20, pgettext_lazy("priority", "normal")
        HIGH = 30, pgettext_lazy("priority", "high")
        URGENT = 40, pgettext_lazy("priority", "urgent")

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        FORM = "form", _("feedback page")
        PHONE = "phone", _("phone")
        SURVEY = "survey", _("survey")
        STAFF = "staff", _("written by us")
        IMPORT = "import", _("import")

    class Kind(models.TextChoices):
        QUESTION = "question", _("question")
        COMPLAINT = "complaint", _("complaint")
        SUGGESTION = "suggestion", _("suggestion")
        PRAISE = "praise", _("praise")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tickets")
    # Who asked; null when only the customer is known (an import, a survey).
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    subject = models.CharField(_("subject"), max_length=250)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.NEW, editable=False
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL
    )
    queue = models.ForeignKey(
        Queue, verbose_name=_("queue"), on_delete=models.PROTECT, related_name="tickets"
    )
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="tickets",
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="tickets",
    )
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), blank=True, related_name="tickets")
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Out of sight until then, or until the customer writes.
    snoozed_until = models.DateTimeField(null=True, blank=True)
    # Bumped by every change: a form made from an older one is told so.
    version = models.PositiveIntegerField(default=1, editable=False)

    first_replied_at = models.DateTimeField(null=True, blank=True, editable=False)
    first_resolved_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_resolved_at = models.DateTimeField(null=True, blank=True, editable=False)
    # After its first solution; a second opening by the customer or by us.
    first_reopened_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Human public replies before the first solution.
    replies_to_solve = models.PositiveSmallIntegerField(default=0, editable=False)
    # Seconds within business hours from the opening, by the calendar of the time.
    first_reply_business_seconds = models.BigIntegerField(null=True, blank=True, editable=False)
    first_resolution_business_seconds = models.BigIntegerField(
        null=True, blank=True, editable=False
    )
    last_resolution_business_seconds = models.BigIntegerField(null=True, blank=True, editable=False)
    # The customer's last message, ours, and whichever came last.
    last_inbound_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_outbound_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_activity_at = models.DateTimeField(default=timezone.now, editable=False)
    # The next service-level target that runs out; null while none runs.
    next_due_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TicketQuerySet.as_manager()

    # The first message and who asked, on the instance that open_ticket has just made of them.
    opening: tuple[Message, Participant] | None = None

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints: ClassVar = [
            once("support_ticket_external"),
            models.CheckConstraint(condition=~Q(subject=""), name="support_ticket_subject"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "new",
                        "open",
                        "waiting",
                        "on_hold",
                        "solved",
                        "closed",
                        "spam",
                        "merged",
                    ]
                ),
                name="support_ticket_state",
            ),
            models.CheckConstraint(
                condition=Q(priority__in=[10, 20, 30, 40]), name="support_ticket_priority"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(state="merged"), name="support_merged_state"
            ),
        ]
        indexes: ClassVar = [
            # Each view of the queue is one of these: only what is open is ever walked through.
            # What is included is what its counter asks of a row, so that no row is read for it.
            models.Index(
                fields=["assignee", "-last_activity_at", "-id"],
                include=["state", "queue", "snoozed_until"],
                condition=Q(state__in=["new", "open", "waiting", "on_hold"]),
                name="support_open_assignee",
            ),
            models.Index(
                fields=["queue", "-last_activity_at", "-id"],
                # All that any counter asks (support.tally).
                include=["state", "assignee", "snoozed_until", "next_due_at"],
                condition=Q(state__in=["new", "open", "waiting", "on_hold"]),
                name="support_open_queue",
            ),
            models.Index(
                fields=["state", "-last_activity_at", "-id"],
                include=["queue", "snoozed_until"],
                condition=Q(state__in=["new", "open", "waiting", "on_hold"]),
                name="support_open_state",
            ),
            models.Index(
                fields=["-last_activity_at", "-id"],
                include=["state", "queue", "snoozed_until"],
                condition=Q(state__in=["new", "open", "waiting", "on_hold"]),
                name="support_open",
            ),
            models.Index(
                fields=["next_due_at", "id"],
                include=["state", "queue", "snoozed_until"],
                condition=Q(state__in=["new", "open", "waiting", "on_hold"]),
                name="support_open_due",
            ),
            models.Index(
                fields=["-priority", "-last_activity_at", "-id"],
                condition=Q(state__in=["new", "open", "waiting", "on_hold"]),
                name="support_open_priority",
            ),
            models.Index(
                fields=["next_due_at", "id"],
                condition=Q(next_due_at__isnull=False),
                name="support_due",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(snoozed_until__isnull=False),
                name="support_snoozed",
            ),
            models.Index(
                fields=["last_resolved_at"], condition=Q(state="solved"), name="support_to_close"
            ),
            models.Index(fields=["-last_activity_at", "-id"], name="support_all"),
            models.Index(fields=["customer", "opened_at"], name="support_customer_opened"),
            models.Index(fields=["opened_at"], name="support_opened"),
            models.Index(fields=["first_resolved_at"], name="support_first_resolved"),
            models.Index(fields=["last_resolved_at"], name="support_last_resolved"),
            models.Index(fields=["first_replied_at"], name="support_first_replied"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @property
    def is_late(self) -> bool:
        return self.next_due_at is not None and self.next_due_at < timezone.now()


class TicketEvent(models.Model):
    """One thing that happened to a ticket. Append-only: every figure follows from these rows."""

    class Kind(models.TextChoices):
        OPENED = "opened", pgettext_lazy("ticket event", "opened")
        # What somebody wrote: the customer; a person of the business, publicly; a note; a program.
        RECEIVED = "received", pgettext_lazy("ticket event", "the customer wrote")
        REPLIED = "replied", pgettext_lazy("ticket event", "replied")
        NOTED = "noted", pgettext_lazy("ticket event", "noted")
        AUTOMATIC = "automatic", pgettext_lazy("ticket event", "automatic message")
        WITHDRAWN = "withdrawn", pgettext_lazy("ticket event", "reply taken back")
        # A change of state: `before` and `after` hold both.
        STARTED = "started", pgettext_lazy("ticket event", "opened up")
        WAITING = "waiting", pgettext_lazy("ticket event", "waiting for the customer")
        ON_HOLD = "on_hold", pgettext_lazy("ticket event", "put on hold")
        RESUMED = "resumed", pgettext_lazy("ticket event", "taken up again")
        RESOLVED = "resolved", pgettext_lazy("ticket event", "solved")
        REOPENED = "reopened", pgettext_lazy("ticket event", "opened again")
        CLOSED = "closed", pgettext_lazy("ticket event", "closed")
        SPAM = "spam", pgettext_lazy("ticket event", "marked as spam")
        NOT_SPAM = "not_spam", pgettext_lazy("ticket event", "marked as no spam")
        MERGED = "merged", pgettext_lazy("ticket event", "merged")
        UNMERGED = "unmerged", pgettext_lazy("ticket event", "merge taken back")
        SPLIT = "split", pgettext_lazy("ticket event", "split off")
        LINKED = "linked", pgettext_lazy("ticket event", "linked")
        # A change of a fact about it.
        ASSIGNED = "assigned", pgettext_lazy("ticket event", "assigned")
        QUEUE = "queue", pgettext_lazy("ticket event", "moved to a queue")
        PRIORITY = "priority", pgettext_lazy("ticket event", "priority changed")
        CATEGORY = "category", pgettext_lazy("ticket event", "category changed")
        SUBJECT = "subject", pgettext_lazy("ticket event", "subject changed")
        CUSTOMER = "customer", pgettext_lazy("ticket event", "moved to a customer")
        TAGS = "tags", pgettext_lazy("ticket event", "tags changed")
        SNOOZED = "snoozed", pgettext_lazy("ticket event", "snoozed")
        AWOKEN = "awoken", pgettext_lazy("ticket event", "back from snoozing")
        # The clock.
        DUE_CHANGED = "due_changed", pgettext_lazy("ticket event", "due times changed")
        BREACH_NEAR = "breach_near", pgettext_lazy("ticket event", "due soon")
        MISSED = "missed", pgettext_lazy("ticket event", "due time missed")
        ASKED = "asked", pgettext_lazy("ticket event", "asked how it went")
        RATED = "rated", pgettext_lazy("ticket event", "the customer answered how it went")

    class Actor(models.TextChoices):
        STAFF = "staff", _("staff")
        CUSTOMER = "customer", _("customer")
        SYSTEM = "system", _("system")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=8, choices=Actor.choices, default=Actor.SYSTEM)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # As shown and as recomputed from: state codes, priorities, names at the time.
    before = models.CharField(max_length=250, blank=True)
    after = models.CharField(max_length=250, blank=True)
    message = models.ForeignKey(
        "support.Message", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The ticket's version that it made: what a form from an older one doesn't know of.
    version = models.PositiveIntegerField(default=0)
    # Of an imported event: what makes importing it twice change nothing.
    external_source = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=190, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["external_source", "external_id"],
                condition=~Q(external_id=""),
                name="support_event_external",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["ticket", "at", "id"], name="support_event_ticket"),
            models.Index(fields=["kind", "at"], name="support_event_kind"),
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.kind}"


class OpenSpan(models.Model):
    """An interval during which a ticket was open: [started_at, ended_at), none yet for `ended_at`.

    A projection of its events (support.spans), as tenures are of customers: what was open at any
    instant is counted from these. Spam and merged tickets have none.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="open_spans")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "started_at"], name="support_span_once"),
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(ended_at=None), name="support_one_open_span"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=models.F("started_at")),
                name="support_span_forward",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["started_at"], name="support_span_started"),
            models.Index(fields=["ended_at"], name="support_span_ended"),
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.started_at:%Y-%m-%d}"


class TicketLink(models.Model):
    """Two tickets that belong together: `other` follows `ticket`, or they are merely related."""

    class Kind(models.TextChoices):
        RELATED = "related", _("related")
        FOLLOW_UP = "follow_up", _("follows it up")
        SPLIT = "split", _("split off from it")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="linked_from")
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.RELATED)
    created_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "other"], name="support_linked_once"),
            models.CheckConstraint(
                condition=~Q(ticket=models.F("other")), name="support_not_linked_to_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.kind} #{self.other_id}"


class TicketSearch(models.Model):
    """What a ticket can be found by, folded (support.search fills and reads it)."""

    ticket = models.OneToOneField(
        Ticket, on_delete=models.CASCADE, primary_key=True, related_name="search_row"
    )
    text = models.TextField()

    def __str__(self) -> str:
        return self.text
