"""How people look at the list of customers, and what they do to many of them at once."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from staff.models import ChangeSet


class Segment(models.Model):
    """A saved question about customers: filters as they stand in the list's address.

    `query` is `CustomerFilter`'s own canonical query string, without order and place. Its name is
    unique among what one person sees: their own, and those for everybody.
    """

    name = models.CharField(_("name"), max_length=80)
    # Null: for everybody; else private to this person.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="segments",
    )
    query = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Those who keep it in sight above the list.
    pinned_by = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="pinned_segments")

    class Meta:
        verbose_name = _("segment")
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(owner=None), name="crm_segment_shared_name"
            ),
            models.UniqueConstraint(fields=["owner", "name"], name="crm_segment_own_name"),
            models.CheckConstraint(condition=~Q(name=""), name="crm_segment_named"),
        ]

    def __str__(self) -> str:
        return self.name


class ListColumns(models.Model):
    """The columns that one person has chosen for one list, in their order."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="list_columns"
    )
    page = models.CharField(max_length=30)
    columns = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "page"], name="crm_list_columns_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.page}"


class BulkEdit(models.Model):
    """One change to many customers, more than a request can wait for; the row is the queue.

    Whom it meant is frozen by key when it begins: it walks up `customer_ids` or, when null, all
    whom `query` finds, in the order of their keys, a batch and its change set per transaction.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("work", "waiting")
        RUNNING = "running", pgettext_lazy("work", "running")
        DONE = "done", pgettext_lazy("work", "done")
        CANCELLED = "cancelled", pgettext_lazy("work", "cancelled")
        FAILED = "failed", pgettext_lazy("work", "failed")

    # What is done, e.g. "archive", "owner", "add_tag", and with what.
    action = models.CharField(max_length=20)
    values = models.JSONField(default=dict)
    query = models.TextField(blank=True)
    customer_ids = models.JSONField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The last customer dealt with; those made after it began are above `up_to`.
    cursor = models.BigIntegerField(default=0)
    up_to = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    change_set = models.OneToOneField(
        ChangeSet, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["waiting", "running"]),
                name="crm_bulk_edit_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
