"""What pages ask: figures at once where that takes a moment, else the row in which they are counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlencode

from django.db import transaction
from django.utils import timezone, translation

from metrics import breakdown, checks, reading
from metrics.breakdown import Breakdown
from metrics.checks import Check
from metrics.choosing import Choice
from metrics.counting.kept import group_of, lines_of, point_of
from metrics.definitions import Definition
from metrics.dimensions import Dimension
from metrics.formulas import Result
from metrics.models import Asked
from metrics.points import Point
from metrics.reading import Charted
from metrics.segmenting import Chosen
from metrics.sql import TookTooLong, at_most
from staff.models import User

PATIENCE = 0.4  # seconds that a page may take to measure
KEPT_FOR = timedelta(hours=1)
MOST_AT_ONCE = 3  # that wait for one person: a fourth takes the place of the oldest

Answer = TypeVar("Answer")


def charted(definition: Definition, choice: Choice, whom: Chosen, *, by: User) -> Charted | Asked:
    """A figure and the same over time; what is stored is there at once, in one query."""
    scope = whom.scope
    what = (definition, choice.period, choice.grain, *choice.charted)

    def read(asked: Asked) -> Charted:
        zone = choice.period.zone
        found = [point_of(one, definition, zone) for one in asked.found["points"]]
        return reading.charted(*what, now=asked.asked_at, scope=scope, found=found)

    if not reading.unstored(*what, scope=scope):
        return reading.charted(*what, now=choice.now)
    return _answered(
        _asked(definition, choice, whom, by=by),
        lambda: reading.charted(*what, now=choice.now, scope=scope),
        read,
    )


def broken_down(
    definition: Definition, choice: Choice, whom: Chosen, dimension: Dimension, *, by: User
) -> Breakdown | Asked:
    """A figure by groups of customers."""

    def read(asked: Asked) -> Breakdown:
        found, zone = asked.found, choice.period.zone
        return breakdown.beside_each_other(
            dimension,
            point_of(found["whole"], definition, zone),
            lines_of(found["lines"], definition, zone),
            [group_of(one) for one in found["others"]],
        )

    def measure() -> Breakdown:
        return breakdown.by_dimension(
            definition, choice.period, dimension, chosen=whom, user=by, now=choice.now
        )

    return _answered(
        _asked(definition, choice, whom, by=by, dimension=dimension.name), measure, read
    )


def behind(definition: Definition, choice: Choice, whom: Chosen) -> Result | Point | None:
    """The figure that rows add up to; where measuring takes long as it is stored, if it is."""
    try:
        with at_most(PATIENCE):
            return reading.measured(definition, choice.period, now=choice.now, scope=whom.scope)
    except TookTooLong:
        stored = None if whom.scope else reading.stored_for(definition, choice.period)
        return Point(definition, choice.period, stored) if stored else None


def checks_beside(definition: Definition, choice: Choice, whom: Chosen) -> list[Check]:
    """What is held against a figure; nothing where that would take long."""
    if definition.kpi not in checks.CHECKED:
        return []
    try:
        with at_most(PATIENCE):
            return checks.beside(definition, choice.period, now=choice.now, scope=whom.scope)
    except TookTooLong:
        return []


def _answered(
    asked: Asked, measure: Callable[[], Answer], read: Callable[[Asked], Answer]
) -> Answer | Asked:
    """What was counted, or is measured at once; else the row that says how far it is."""
    known = Asked.objects.filter(key=asked.key).first()
    if known and known.counted_at is None:
        return known
    if known and known.asked_at > timezone.now() - KEPT_FOR:
        return known if known.has_failed else read(known)
    try:
        with at_most(PATIENCE):
            return measure()
    except TookTooLong:
        return _wait_for(asked)


def _asked(
    definition: Definition, choice: Choice, whom: Chosen, *, by: User, dimension: str = ""
) -> Asked:
    """Unsaved."""
    period = choice.period
    asked = Asked(
        asker=by,
        kpi=definition.kpi,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        grain=period.grain or "",
        chart_grain=choice.grain,
        customers=urlencode(whom.pairs),
        dimension=dimension,
        language=translation.get_language() or "en",
    )
    what = [
        *(by.pk, asked.kpi, definition.version, str(asked.starts_on), str(asked.ends_on)),
        *(asked.grain, asked.chart_grain, asked.customers, dimension, asked.language),
    ]
    asked.key = hashlib.sha256(json.dumps(what).encode()).hexdigest()
    return asked


def _wait_for(asked: Asked) -> Asked:
    """Have a worker count it. Of two who ask at once, one finds the other's row."""
    from metrics.tasks import count_asked  # tasks import what they do

    with transaction.atomic():
        Asked.objects.filter(key=asked.key).exclude(counted_at=None).delete()
        waiting = Asked.objects.filter(asker=asked.asker, counted_at=None).order_by("-pk")
        too_many = list(waiting.values_list("pk", flat=True)[MOST_AT_ONCE - 1 :])
        Asked.objects.filter(pk__in=too_many).delete()
        Asked.objects.bulk_create([asked], ignore_conflicts=True)
        transaction.on_commit(count_asked.delay, robust=True)
    return asked
