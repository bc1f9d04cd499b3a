"""What the engine remembers of computing everything again, and of checking itself."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Recompute(models.Model):
    """Every figure computed again as of one instant, in pieces; one at a time.

    Meanwhile nothing is refreshed: the marks that were there when it began (`Mark.seen_by`) go when
    its last piece is done, those that came later wait for the next refresh.
    """

    as_of = models.DateTimeField()
    began_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    marks = models.PositiveIntegerField(default=0)  # that were there when it began

    def __str__(self) -> str:
        return f"as of {self.as_of:%Y-%m-%d %H:%M}"


class Piece(models.Model):
    """A theme's figures of the periods that begin in [first_on, until_on): one worker's at a time."""

    recompute = models.ForeignKey(Recompute, models.CASCADE, related_name="pieces")
    theme = models.CharField(max_length=20)
    first_on = models.DateField()
    until_on = models.DateField()
    periods = models.PositiveIntegerField()
    cells = models.PositiveIntegerField(default=0)  # computed
    written = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recompute", "theme", "first_on"], name="metrics_piece_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.theme} from {self.first_on}"


class SelfCheck(models.Model):
    """Stored figures compared with their facts, by night; what differed, at most some of it."""

    checked_at = models.DateTimeField(default=timezone.now)
    compared = models.PositiveIntegerField()
    differing = models.PositiveIntegerField()
    # Each: kpi, grain, starts_on, stored, computed.
    differences = models.JSONField(default=list)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-checked_at"], name="metrics_self_check_latest")]

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d}: {self.differing} of {self.compared}"
