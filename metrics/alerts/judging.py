"""Alerts: a closed period's figure that leaves its band is told once, and once more when it is back.

Each period is judged once, in order, when it is over, computed, and no part of it still waits for
time to pass; the row of the alert says which was the last, and moves together with the event and the
mails. So a restart, or two who judge at once, do nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from metrics import periods, reading
from metrics.alerts import mail
from metrics.definitions import DEFINITIONS, Definition
from metrics.models import Alert, AlertEvent, Engine, Grain, Mark
from metrics.periods import Period
from metrics.points import Point
from staff.models import Business

logger = logging.getLogger(__name__)

State = Alert.State
# After a holiday of the worker, so many periods are caught up with.
MOST = 60


def judged(
    state: str, value: float, *, low: Decimal | None, high: Decimal | None, margin: Decimal
) -> State:
    """Where a figure stands. It leaves the band when it is beyond an end, and is back only when it
    is inside by `margin`, so that a figure on the border is not told of again and again."""
    inner_low = margin if state == State.BELOW else Decimal(0)
    inner_high = margin if state == State.ABOVE else Decimal(0)
    if low is not None and value < float(low + inner_low):
        return State.BELOW
    if high is not None and value > float(high - inner_high):
        return State.ABOVE
    return State.INSIDE


def judge_all(*, now: datetime | None = None) -> int:
    """Judge every period that is ready; how many alerts changed their state."""
    now = now or timezone.now()
    business = Business.current()
    active = list(Alert.objects.filter(is_active=True)) if business else []
    if business is None or not active:
        return 0
    refreshed_at = Engine.objects.filter(pk=1).values_list("refreshed_at", flat=True).first()
    if refreshed_at is None:
        return 0
    # What waits to be counted may belong to a period: it is judged when all is.
    uncounted = Mark.objects.aggregate(first=Min("from_at"))["first"]
    until = min(filter(None, (now, refreshed_at, uncounted)))
    changed = 0
    with timezone.override(business.zone):
        for alert in active:
            try:
                changed += _judge(alert, business, until)
            except Exception:  # the others are still to be judged, and this one again the next time
                logger.exception("Alert %s can't be judged", alert.pk)
    return changed


def _judge(alert: Alert, business: Business, until: datetime) -> int:
    definition = DEFINITIONS.get(alert.kpi)
    if definition is None or not definition.is_stored or alert.grain not in definition.grains:
        return 0
    changes = 0
    for point in waiting(alert, definition, business, until):
        # Figures that take long may still stand as they were while the period was running.
        if point.is_partial or point.parts.get("pending"):
            break
        changes += _settle(alert, definition, point, business)
    return changes


def waiting(
    alert: Alert, definition: Definition, business: Business, until: datetime
) -> Sequence[Point]:
    """The periods that are over and not judged yet, oldest first."""
    today = periods.local_day(until, business.zone)
    running = periods.containing(today, Grain(alert.grain), business.zone)
    last = running.previous()
    first = last
    if alert.judged_on is not None:
        judged_last = periods.containing(alert.judged_on, Grain(alert.grain), business.zone)
        first = judged_last.following()
    if first.starts_on > last.starts_on:
        return []
    points = reading.series(
        definition, Grain(alert.grain), first.starts_on, last.ends_on, business.zone
    )
    return points[-MOST:]


@transaction.atomic
def _settle(alert: Alert, definition: Definition, point: Point, business: Business) -> int:
    """Judge one period: the alert, the event and the mails together; 1 when its state changed."""
    state, value = alert.state, point.value
    if value is not None and has_enough(point, alert.least_n):
        state = judged(state, value, low=alert.low, high=alert.high, margin=alert.margin)
    mine = Alert.objects.filter(
        pk=alert.pk, judged_on=alert.judged_on, state=alert.state, is_active=True
    )
    starts_on = point.period.starts_on
    if mine.update(judged_on=starts_on, state=state) != 1:
        return 0
    changed = state != alert.state
    alert.judged_on, alert.state = starts_on, state
    if not changed or value is None:
        return 0
    event, is_new = AlertEvent.objects.get_or_create(
        alert=alert, starts_on=starts_on, defaults={"state": state, "value": value, "n": point.n}
    )
    if is_new:
        mail.tell(event, definition, point.period, business)
    return int(is_new)


def has_enough(point: Point, least_n: int) -> bool:
    """Whether enough was counted to judge by. A value of which nothing is counted, such as a share of
    costs, or of which there are none, such as open tickets, is a true one."""
    return point.shown_as == "value" and (point.n >= least_n or not point.n)


def begin_before(grain: str, business: Business, now: datetime) -> date:
    """The first day of the last period that a new alert leaves alone: it judges the one after it,
    which is the last that is over, at once."""
    today = periods.local_day(now, business.zone)
    running = periods.containing(today, Grain(grain), business.zone)
    return running.previous().previous().starts_on


# --- What is shown --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """An alert with its figure's definition and the last time it went off."""

    alert: Alert
    definition: Definition
    last: AlertEvent | None
    business: Business

    @property
    def is_off(self) -> bool:
        """It tells of something that is still so."""
        return self.alert.is_active and self.alert.state != State.INSIDE

    @property
    def last_period(self) -> Period | None:
        if self.last is None:
            return None
        return periods.containing(self.last.starts_on, Grain(self.alert.grain), self.business.zone)


def shown(business: Business, alerts: Iterable[Alert]) -> list[Shown]:
    """Two queries with that of the alerts; one where there are none."""
    rows = [alert for alert in alerts if alert.kpi in DEFINITIONS]
    events = AlertEvent.objects.filter(alert__in=rows).order_by("starts_on") if rows else []
    latest = {event.alert_id: event for event in events}
    return [Shown(row, DEFINITIONS[row.kpi], latest.get(row.pk), business) for row in rows]


def going_off(business: Business) -> list[Shown]:
    """Alerts whose figure is outside its band now."""
    outside = Alert.objects.filter(is_active=True).exclude(state=State.INSIDE)
    return shown(business, outside.order_by("pk"))


def would_have(
    alert: Alert, business: Business, now: datetime, *, count: int = 12
) -> tuple[int, int]:
    """(how often it would have gone off, in how many periods) of the last `count`: what a band is worth."""
    definition, grain = DEFINITIONS[alert.kpi], Grain(alert.grain)
    running = periods.containing(periods.local_day(now, business.zone), grain, business.zone)
    first = running
    for _step in range(count):
        first = first.previous()
    points = reading.series(
        definition, grain, first.starts_on, running.previous().ends_on, business.zone
    )
    state: str = State.INSIDE
    times = looked = 0
    for point in points:
        if point.value is None or not has_enough(point, alert.least_n):
            continue
        looked += 1
        following = judged(state, point.value, low=alert.low, high=alert.high, margin=alert.margin)
        times += following not in {state, State.INSIDE}
        state = following
    return times, looked
