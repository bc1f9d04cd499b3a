"""Hours and service levels that were changed while tickets were open."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class NewTerms(models.Model):
    """A new version of hours or promises, until every ticket that still runs follows it.

    The row is the queue: a sweep takes tickets by number and notes how far it came.
    """

    since = models.DateTimeField(default=timezone.now)
    # The number of the last ticket that follows.
    reached = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(done_at=None), name="support_new_terms")
        ]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M}: #{self.reached}"
