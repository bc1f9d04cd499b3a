"""Files on their way in: what was asked, how far it is, what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from staff.models import ChangeSet, StoredFile


class FileImport(models.Model):
    """One file and its import, from the browser or the command line; the row is the queue.

    draft → checking → checked → waiting → running → done; cancelled and failed keep what whole
    batches brought in, which `reverting` takes back. `checkpoint` moves in the same transaction
    as each batch, so that a killed run goes on behind the last row that is in.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("import", "to be mapped")
        CHECKING = "checking", pgettext_lazy("import", "being checked")
        CHECKED = "checked", pgettext_lazy("import", "checked")
        WAITING = "waiting", pgettext_lazy("import", "waiting")
        RUNNING = "running", pgettext_lazy("import", "running")
        DONE = "done", pgettext_lazy("import", "done")
        CANCELLED = "cancelled", pgettext_lazy("import", "cancelled")
        FAILED = "failed", pgettext_lazy("import", "failed")
        REVERTING = "reverting", pgettext_lazy("import", "being taken back")
        REVERTED = "reverted", pgettext_lazy("import", "taken back")

    # What a worker has to do something about.
    AT_WORK = (State.CHECKING, State.WAITING, State.RUNNING, State.REVERTING)

    kind = models.CharField(_("kind"), max_length=30)
    # Null when a file on the command line was read where it lay.
    file = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    file_name = models.CharField(_("file"), max_length=250)
    # How the file is read: encoding, separator, sheet, as found or as corrected by hand.
    reading = models.JSONField(default=dict, blank=True)
    # Target → the file's column; "" is "not taken".
    mapping = models.JSONField(default=dict, blank=True)
    # source, create_customers and what else a kind asks.
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    # Of the check or of the run, whichever is on; null while nobody has counted.
    rows_total = models.PositiveIntegerField(null=True, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    # The last row of the file that is in, counted from 1 without the header.
    checkpoint = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    # What the check of the whole file found: counts, per field how many would change with
    # examples from → to, the first refusals, warnings (crm.imports.checking says the shape).
    report = models.JSONField(default=dict, blank=True)
    # Why it failed, for people.
    problem = models.TextField(blank=True)
    refused_file = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    change_set = models.OneToOneField(
        ChangeSet, on_delete=models.SET_NULL, null=True, blank=True, related_name="file_import"
    )

    class Meta:
        verbose_name = pgettext_lazy("noun", "import")
        indexes: ClassVar = [
            models.Index(fields=["-created_at", "-id"], name="crm_import_history"),
            models.Index(
                fields=["id"],
                condition=Q(state__in=["checking", "waiting", "running", "reverting"]),
                name="crm_import_at_work",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class ColumnMapping(models.Model):
    """How a file of this shape was mapped the last time: the same header, the same kind."""

    kind = models.CharField(max_length=30)
    # SHA-256 of the folded header names in their order.
    shape = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "shape"], name="crm_column_mapping_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.shape[:8]}"
