"""What workers do: count what was asked, in slices; the row is the queue, the message a nudge."""

from __future__ import annotations

import logging
import time
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone, translation

from metrics import breakdown, reading, segmenting
from metrics.choosing import Choice
from metrics.counting.asking import KEPT_FOR
from metrics.counting.kept import kept_group, kept_line, kept_point, pairs_of, point_of
from metrics.definitions import find
from metrics.dimensions import dimensions
from metrics.models import Asked, Grain
from metrics.periods import Period
from metrics.sql import TookTooLong, at_most, much_room
from staff import leases
from staff.models import Business

log = logging.getLogger(__name__)

LEASE = "metrics.asked"
SLICE_SECONDS = 5
# One step is a group, or some periods. So long may it take; a worker that died is waited for as long.
STEP_SECONDS = 300
PERIODS_AT_ONCE = 4
LEASE_SECONDS = STEP_SECONDS + 30
MOST_FAILURES = 3


def is_waiting() -> bool:
    return _undone().exists()


def work() -> bool:
    """Count what waits for some seconds, what was asked first comes first; whether more remains.

    One worker at a time, so that however much is asked, the database counts one thing at once.
    """
    business = Business.current()
    with leases.held(LEASE, LEASE_SECONDS) as holder:
        if holder is None or business is None:
            return False  # whoever holds it goes on until nothing is left
        end = time.monotonic() + SLICE_SECONDS
        while asked := _undone().order_by("failures", "pk").select_related("asker").first():
            _step(asked, business.zone)
            if time.monotonic() >= end or not leases.acquire(LEASE, holder, LEASE_SECONDS):
                break
        return is_waiting()


def forget() -> None:
    """Delete what is kept no longer."""
    Asked.objects.filter(asked_at__lt=timezone.now() - 2 * KEPT_FOR).delete()


def _undone() -> QuerySet[Asked]:
    return Asked.objects.filter(counted_at=None)


def _step(asked: Asked, zone: ZoneInfo) -> None:
    """One step. What fails several times or takes too long is given up; its page says so."""
    count = _next_group if asked.dimension else _next_periods
    done = False
    try:
        with translation.override(asked.language), much_room(), at_most(STEP_SECONDS):
            done = count(asked, _choice(asked, zone))
    except TookTooLong:
        asked.found, done = {}, True
    except Exception:  # what others asked is still to be counted, and this one tried again
        log.exception("What was asked of %s could not be counted", asked.kpi)
        asked.failures += 1
        if asked.failures >= MOST_FAILURES:
            asked.found, done = {}, True
    # Nobody's any more when its person asked for too much else meanwhile.
    Asked.objects.filter(pk=asked.pk).update(
        found=asked.found,
        failures=asked.failures,
        counted_at=timezone.now() if done else None,
    )


def _choice(asked: Asked, zone: ZoneInfo) -> Choice:
    grain = Grain(asked.grain) if asked.grain else None
    period = Period(asked.starts_on, asked.ends_on, zone, grain)
    return Choice(period, Grain(asked.chart_grain), asked.asked_at)


def _next_periods(asked: Asked, choice: Choice) -> bool:
    """The figures of some periods more; True with the last ones."""
    definition, found = find(asked.kpi), asked.found
    whom = segmenting.chosen(QueryDict(asked.customers), user=asked.asker)
    what = (definition, choice.period, choice.grain, *choice.charted)
    wanted = reading.unstored(*what, scope=whom.scope)
    points = found.get("points", [])
    some = wanted[len(points) : len(points) + PERIODS_AT_ONCE]
    more = reading.live(definition, some, now=choice.now, scope=whom.scope)
    points += [kept_point(point) for point in more]
    asked.found = {"points": points, "total": len(wanted)}
    return len(points) == len(wanted)


def _next_group(asked: Asked, choice: Choice) -> bool:
    """The figure of all first, then of each group; True with the last one."""
    definition, found = find(asked.kpi), asked.found
    whom = segmenting.chosen(QueryDict(asked.customers), user=asked.asker)
    offered = dimensions(asked.asker, whom)
    dimension = next(one for one in offered if one.name == asked.dimension)
    groups = breakdown.groups_of(dimension, whom, asked.asker)
    if not found:
        whole = reading.point(definition, choice.period, now=choice.now, scope=whom.scope)
        shown = groups[: breakdown.MOST]
        asked.found = {
            "whole": kept_point(whole),
            "lines": [],
            "others": [kept_group(group) for group in groups[breakdown.MOST :]],
            "total": len(shown),
        }
        return not shown
    taken = {pairs_of(one) for one in [*found["lines"], *found["others"]]}
    left = [group for group in groups if group.pairs not in taken]
    if left:
        whole = point_of(found["whole"], definition, choice.period.zone)
        line = breakdown.measured(
            left[0], whole, chosen=whom, now=choice.now, is_alone=len(groups) == 1
        )
        found["lines"].append(kept_line(line))
    return len(left) <= 1
