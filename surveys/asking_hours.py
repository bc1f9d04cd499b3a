"""When people may be asked: the business's rules as a clock, and on which day there is room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from staff.models import Business
from support.hours import Span, WorkingHours
from surveys.models import AskingRules, Invitation, SurveyTrigger

# Who is put off again and again for want of room is not asked any more.
LOOKS_AHEAD = timedelta(days=15)


def current_rules() -> AskingRules:
    """The business's own, or those that hold until it has some."""
    return AskingRules.objects.filter(pk=1).first() or AskingRules(pk=1)


def asking_hours(rules: AskingRules, zone: ZoneInfo) -> WorkingHours:
    """The hours in which a survey may leave, in the business's time zone."""
    day = (Span(rules.quiet_until * 60, rules.quiet_from * 60),)
    weekend = day if rules.asks_on_weekends else ()
    return WorkingHours(zone, (*(day,) * 5, weekend, weekend))


def next_hour(hours: WorkingHours, at: datetime) -> datetime:
    """`at` itself when somebody may be asked then, else the next moment at which they may."""
    opening = hours.next_opening(at)
    # A week of asking hours has at least five days with an hour each.
    return opening if opening is not None else at


def leaves_at(
    business: Business, at: datetime | None = None, rules: AskingRules | None = None
) -> datetime:
    """When a survey that is sent by hand at this moment leaves: at once, or after the quiet hours."""
    hours = asking_hours(rules or current_rules(), business.zone)
    return next_hour(hours, at or timezone.now())


@dataclass
class Room:
    """On which days there is still room for a trigger's askings.

    What is planned so far counts on the local day on which it is due.
    """

    hours: WorkingHours
    # Each a limit, and how many there are by day.
    limits: list[tuple[int, Counter[date]]] = field(default_factory=list)

    @classmethod
    def of(cls, trigger: SurveyTrigger, rules: AskingRules, zone: ZoneInfo, now: datetime) -> Room:
        hours = asking_hours(rules, zone)
        by_themselves = Invitation.objects.filter(trigger__isnull=False)
        limits = []
        if rules.daily_cap:
            limits.append((rules.daily_cap, _by_day(by_themselves, zone, now)))
        if trigger.daily_cap:
            own = by_themselves.filter(trigger=trigger)
            limits.append((trigger.daily_cap, _by_day(own, zone, now)))
        return cls(hours, limits)

    def take(self, since: datetime) -> datetime | None:
        """A place at the first moment from `since` on; None when there is none in sight."""
        at, end = next_hour(self.hours, since), since + LOOKS_AHEAD
        while at < end:
            day = at.astimezone(self.hours.zone).date()
            if all(taken[day] < limit for limit, taken in self.limits):
                for _limit, taken in self.limits:
                    taken[day] += 1
                return at
            at = next_hour(self.hours, midnight(day + timedelta(days=1), self.hours.zone))
        return None


def _by_day(invitations: QuerySet[Invitation], zone: ZoneInfo, now: datetime) -> Counter[date]:
    today = midnight(now.astimezone(zone).date(), zone)
    rows: Iterable[tuple[date, int]] = (
        invitations.filter(due_at__gte=today)
        .exclude(state=Invitation.State.CANCELLED)
        .order_by()
        .values_list(TruncDate("due_at", tzinfo=zone))
        .annotate(count=Count("pk"))
    )
    return Counter(dict(rows))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
