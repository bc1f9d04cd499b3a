"""How current the stored figures are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from metrics.models import Engine, Mark


@dataclass(frozen=True)
class Freshness:
    """When figures were last refreshed, and whether changes wait to be counted."""

    refreshed_at: datetime | None
    is_waiting: bool


def current() -> Freshness:
    """Two queries."""
    engine = Engine.objects.filter(pk=1).first()
    return Freshness(
        refreshed_at=engine.refreshed_at if engine else None, is_waiting=Mark.objects.exists()
    )
