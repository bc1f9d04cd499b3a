"""How current the stored figures are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Subquery

from metrics.engine import pacing
from metrics.models import Engine, Mark


@dataclass(frozen=True)
class Freshness:
    """When figures were last refreshed, whether changes wait to be counted, and by when figures that
    take long will have followed; None: they have."""

    refreshed_at: datetime | None
    is_waiting: bool
    all_by: datetime | None


def current() -> Freshness:
    """Two queries."""
    engine = Engine.objects.filter(pk=1).values_list("refreshed_at", Subquery(pacing.last_turns()))
    refreshed_at, all_by = engine.first() or (None, None)
    return Freshness(refreshed_at, is_waiting=Mark.objects.exists(), all_by=all_by)
