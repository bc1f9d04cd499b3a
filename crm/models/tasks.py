"""Things to do, some of them promised."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.customers import Customer
from crm.querysets import TaskQuerySet


class Task(models.Model):
    """Something to do; a promise is one made to the customer, and has a due time."""

    title = models.CharField(_("what"), max_length=250)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="tasks"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="tasks",
    )
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    is_promise = models.BooleanField(_("promised to the customer"), default=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # What it is about, where that has a page: "crm.deal" and its key, as in a timeline.
    about_model = models.CharField(max_length=60, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)
    # When its owner was last reminded by e-mail; moving the due time empties it.
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_promise=False) | Q(due_at__isnull=False, customer__isnull=False),
                name="crm_promise_has_due_and_customer",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["owner", "due_at"], condition=Q(done_at=None), name="crm_task_open"
            ),
            models.Index(fields=["customer", "due_at"], name="crm_task_customer"),
            # Of which their owners have still to be reminded.
            models.Index(
                fields=["due_at"],
                condition=Q(is_promise=True, done_at=None, reminded_at=None),
                name="crm_promise_to_remind",
            ),
            # What metrics count by the day on which it was due.
            models.Index(fields=["due_at"], condition=Q(is_promise=True), name="crm_promise_due"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    @property
    def is_late(self) -> bool:
        return self.done_at is None and self.due_at is not None and self.due_at < timezone.now()

    @property
    def was_kept(self) -> bool | None:
        """Whether a promise was kept by its due time; None while that is open."""
        if not self.is_promise or self.due_at is None:
            return None
        if self.done_at is not None:
            return self.done_at <= self.due_at
        return False if self.due_at < timezone.now() else None


class CalendarFeed(models.Model):
    """A person's tasks as a calendar at a secret address; a new secret takes the old one's place."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feed"
    )
    # SHA-256 of the secret, hex: who reads the database can't read calendars by it.
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.user_id)


class MorningMail(models.Model):
    """Whether a person gets a mail of what the day brings, from which hour on, and the last such day."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="morning_mail"
    )
    is_on = models.BooleanField(_("a mail in the morning"), default=True)
    hour = models.PositiveSmallIntegerField(_("from"), default=8)
    # Set together with the mail: of two sweeps one sends it.
    sent_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(hour__lte=23), name="crm_morning_hour")
        ]

    def __str__(self) -> str:
        return str(self.user_id)
