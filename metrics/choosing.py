"""Which period a page shows, from its address; anything unreadable is the running month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from metrics import periods
from metrics.models import Grain
from metrics.periods import Period
from metrics.showing import period_name

# How many periods a chart shows, by grain.
SHOWN = {Grain.DAY: 60, Grain.WEEK: 52, Grain.MONTH: 24, Grain.QUARTER: 12, Grain.YEAR: 6}


@dataclass(frozen=True)
class Choice:
    """A period, and the addresses that lead from it to others."""

    period: Period
    grain: Grain  # of the chart, also when the period is a custom one
    now: datetime
    # What an address says beside the period: whose figures these are (metrics.segmenting).
    kept: tuple[tuple[str, str], ...] = ()
    # The days that were asked for, where a page shows a period of the calendar instead.
    asked: Period | None = None

    def among(self, pairs: tuple[tuple[str, str], ...]) -> Choice:
        """The same period, of the customers that the pairs ask for."""
        return replace(self, kept=pairs)

    @property
    def name(self) -> str:
        return period_name(self.period)

    @property
    def asked_name(self) -> str:
        return period_name(self.asked) if self.asked else ""

    @property
    def is_running(self) -> bool:
        return self.period.is_running(self.now)

    @property
    def compared_with(self) -> str:
        """What a change is measured against: a running period's like part of the one before."""
        before = period_name(self.period.previous())
        if self.is_running:
            return _("the same part of %(period)s") % {"period": before}
        return before

    @property
    def query(self) -> str:
        """What keeps the choice in an address."""
        return self.to(self.period)

    def to(self, period: Period) -> str:
        """The address of another period, of the same customers."""
        return query_of(period, self.kept)

    @property
    def period_pairs(self) -> list[tuple[str, str]]:
        """The period alone, as an address names it."""
        return pairs_of(self.period)

    @property
    def last_on(self) -> date:
        return self.period.ends_on - timedelta(days=1)

    @property
    def previous(self) -> str:
        return self.to(self.period.previous())

    @property
    def following(self) -> str:
        """Blank where the next period has not begun."""
        following = self.period.following()
        return self.to(following) if following.start <= self.now else ""

    @property
    def grains(self) -> list[tuple[str, str, bool]]:
        """(address, name, chosen) of each grain, at the period that this one lies in."""
        day = min(self.last_on, self.now.astimezone(self.period.zone).date())
        return [
            (
                self.to(
                    periods.containing(max(day, self.period.starts_on), grain, self.period.zone)
                ),
                str(grain.label),
                grain == self.period.grain,
            )
            for grain in Grain
        ]

    @property
    def charted(self) -> tuple[date, date]:
        """[first, until) of the chart: the period last, and as many before it as are shown."""
        last = periods.containing(self.last_on, self.grain, self.period.zone)
        first = last
        for _step in range(SHOWN[self.grain] - 1):
            first = first.previous()
        return first.starts_on, last.ends_on


def pairs_of(period: Period) -> list[tuple[str, str]]:
    if period.grain:
        return [("grain", period.grain.value), ("on", period.starts_on.isoformat())]
    last = period.ends_on - timedelta(days=1)
    return [("from", period.starts_on.isoformat()), ("to", last.isoformat())]


def query_of(period: Period, kept: Iterable[tuple[str, str]] = ()) -> str:
    return urlencode([*pairs_of(period), *kept])


def chosen(request: HttpRequest, zone: ZoneInfo) -> Choice:
    """`?grain=&on=` names a period by a day in it; `?from=&to=` a custom one, its last day included."""
    now = timezone.now()
    today = periods.local_day(now, zone)
    grain = Grain.MONTH
    if request.GET.get("grain") in Grain.values:
        grain = Grain(request.GET["grain"])
    first, last = _day(request, "from"), _day(request, "to")
    if first and last and first <= last < first + timedelta(days=3660):
        return Choice(Period(first, last + timedelta(days=1), zone), grain, now)
    on = _day(request, "on") or today
    period = periods.containing(on, grain, zone)
    if period.start > now:
        period = periods.containing(today, grain, zone)
    return Choice(period, grain, now)


def _day(request: HttpRequest, name: str) -> date | None:
    try:
        day = date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None
    return day if 1900 < day.year < 2200 else None
