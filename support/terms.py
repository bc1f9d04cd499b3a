"""What is promised in which working hours, at any time: the stored versions as the clock reads them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Subquery

from staff.prepared import Prepared
from support import first_levels
from support.clock import Goals, Kind, Terms, TermsChanged
from support.holiday_regions import HolidayRegion
from support.hours import WorkingHours, week_of
from support.models import CalendarVersion, SlaPolicy, SlaPolicyVersion


@dataclass(frozen=True)
class Agreement:
    """All terms there have been, in order of time; the first of them hold since ever."""

    terms: Sequence[Terms]
    # When each of the others came into force: one less than there are terms.
    changes: Sequence[datetime]
    # Keys of the newest versions of the service levels and of the hours. Versions never change, so
    # while these are the newest (see `newest`) nothing else has been agreed since.
    newest: tuple[int, int]

    def at(self, instant: datetime) -> Terms:
        """The terms in force at an instant."""
        return self.terms[bisect_right(self.changes, instant)]

    def since(self, instant: datetime) -> list[TermsChanged]:
        """The terms that came into force after an instant."""
        first = bisect_right(self.changes, instant)
        pairs = zip(self.changes[first:], self.terms[first + 1 :], strict=True)
        return [TermsChanged(at, terms) for at, terms in pairs]

    @property
    def now(self) -> Terms:
        return self.terms[-1]

    def seconds_between(self, opened_at: datetime, until: datetime) -> int:
        """Working seconds, by the hours that were in force at the opening."""
        return self.at(opened_at).hours.seconds_between(opened_at, until)


def agreement() -> Agreement:
    """Everything that was ever promised, in two queries; made at its first use."""
    policies = _POLICIES.all()
    if not policies:
        first_levels.install_now()
        policies = _POLICIES.all()
    return _merged(policies, _CALENDARS.all())


# Composed once: whatever happens to any ticket asks for these.
_POLICIES = Prepared(
    lambda _value: (
        SlaPolicyVersion.objects.filter(policy__is_default=True)
        .select_related("policy")
        .order_by("number")
    )
)
_CALENDARS = Prepared(
    lambda _value: CalendarVersion.objects.filter(
        calendar__in=SlaPolicy.objects.filter(is_default=True).values("calendar")
    ).order_by("number")
)


def newest() -> dict[str, Subquery]:
    """For `annotate`: what Agreement.newest is at that moment, so that any query may ask for it."""
    return {
        "newest_levels": Subquery(SlaPolicyVersion.objects.order_by("-pk").values("pk")[:1]),
        "newest_hours": Subquery(CalendarVersion.objects.order_by("-pk").values("pk")[:1]),
    }


def _merged(
    policies: Sequence[SlaPolicyVersion], calendars: Sequence[CalendarVersion]
) -> Agreement:
    """One line of time from two: each later version replaces its like."""
    policy, calendar = policies[0], calendars[0]
    terms, changes = [terms_of(policy, calendar)], []
    later: list[SlaPolicyVersion | CalendarVersion] = [*policies[1:], *calendars[1:]]
    for version in sorted(later, key=lambda version: version.created_at):
        if isinstance(version, SlaPolicyVersion):
            policy = version
        else:
            calendar = version
        terms.append(terms_of(policy, calendar))
        changes.append(version.created_at)
    return Agreement(terms, changes, (policies[-1].pk, calendars[-1].pk))


def terms_of(policy: SlaPolicyVersion, calendar: CalendarVersion) -> Terms:
    return Terms(
        goals=goals_of(policy.targets),
        hours=hours_of(calendar),
        warns_at_percent=policy.warns_at_percent,
        policy=policy.pk,
        calendar=calendar.pk,
    )


def goals_of(targets: Mapping[str, Mapping[str, int | None]]) -> Goals:
    """From {"20": {"first_reply": 480, …}}, minutes as they are stored."""
    return {
        priority: {
            Kind(kind): timedelta(minutes=minutes)
            for kind, minutes in by_kind.items()
            if minutes is not None
        }
        for priority, by_kind in targets.items()
    }


def hours_of(version: CalendarVersion) -> WorkingHours:
    """Its hours; versions that say the same share one object, which remembers its days."""
    week = tuple(tuple((start, end) for start, end in spans) for spans in version.week)
    return _hours(version.time_zone, week, version.holidays, tuple(version.closed))


@lru_cache(maxsize=64)
def _hours(
    time_zone: str,
    week: tuple[tuple[tuple[str, str], ...], ...],
    holidays: str,
    closed: tuple[str, ...],
) -> WorkingHours:
    # A pure function of its arguments: what it remembers can't become untrue.
    return WorkingHours(
        ZoneInfo(time_zone),
        week_of(week),
        HolidayRegion.parse(holidays),
        frozenset(date.fromisoformat(day) for day in closed),
    )
