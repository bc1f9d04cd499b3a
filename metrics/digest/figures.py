"""The figures of a week's digest: key figures with their change in words, and a few over time."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from django.urls import reverse
from django.utils.translation import gettext as _

from mail.drafts import inline_address
from metrics import reading, showing, words
from metrics.aims import Targets, is_met
from metrics.choosing import query_of
from metrics.dashboards import DASHBOARDS, OVERVIEW
from metrics.definitions import Definition
from metrics.digest import pictures
from metrics.models import Grain
from metrics.periods import Period
from metrics.points import Point, Tile
from staff.formats import day_short
from staff.models import Business
from staff.templatetags.vinculo import UNKNOWN

# Which are drawn, if they have enough to draw.
DRAWN = ("nps", "retention", "income_per_customer", "first_response_time")
WEEKS = 13
# With fewer steps from one week to the next there is no line, only dots.
FEWEST = 3
MOST = 3


@dataclass(frozen=True)
class Line:
    """A key figure of the week."""

    tile: Tile
    target: float | None
    currency: str

    @property
    def definition(self) -> Definition:
        return self.tile.definition

    @property
    def value(self) -> str:
        return showing.figure(self.definition, self.tile.point.value, self.currency)

    @property
    def change(self) -> str:
        """ "+3.1 against the week before · within the noise"; blank where nothing came before."""
        by = showing.difference(self.definition, self.tile.change, self.currency)
        against = _("%(by)s against the week before") % {"by": by} if by else ""
        return " · ".join(part for part in (against, str(words.verdict(self.tile.change))) if part)

    @property
    def is_met(self) -> bool | None:
        return is_met(self.definition, self.tile.point.value, self.target)

    @property
    def aim(self) -> str:
        if self.target is None:
            return ""
        wanted = {"wanted": showing.figure(self.definition, self.target, self.currency)}
        if self.is_met:
            return _("Target %(wanted)s, met") % wanted
        return _("Target %(wanted)s, missed") % wanted

    @property
    def path(self) -> str:
        query = query_of(self.tile.point.period)
        return f"{reverse('metrics:metric', args=[self.definition.kpi])}?{query}"


@dataclass(frozen=True)
class Chart:
    """A figure over the last weeks as an image, and as what the image shows in words and rows."""

    definition: Definition
    points: list[Point]
    target: float | None
    currency: str

    @property
    def values(self) -> list[float | None]:
        return [one.value if one.shown_as == "value" else None for one in self.points]

    @property
    def steps(self) -> int:
        """From a week to the next, both of which say something."""
        return sum(None not in both for both in pairwise(self.values))

    @cached_property
    def png(self) -> bytes:
        return pictures.png(self.values, target=self.target)

    @property
    def file_name(self) -> str:
        return f"{self.definition.kpi}.png"

    @property
    def source(self) -> str:
        """In a mail."""
        return inline_address(self.file_name)

    @property
    def data(self) -> str:
        """On a page."""
        return f"data:image/png;base64,{b64encode(self.png).decode('ascii')}"

    @property
    def rows(self) -> list[tuple[str, str]]:
        return [
            (day_short(point.period.starts_on), self._written(value))
            for point, value in zip(self.points, self.values, strict=True)
        ]

    @property
    def low(self) -> str:
        return self._written(pictures.ends(self.values, self.target)[0])

    @property
    def high(self) -> str:
        return self._written(pictures.ends(self.values, self.target)[1])

    @property
    def words(self) -> str:
        """What the image shows, for those who can't see it."""
        known = [value for value in self.values if value is not None]
        return _(
            "%(name)s over %(weeks)s weeks: from %(first)s to %(last)s, between %(low)s and %(high)s."
        ) % {
            "name": self.definition.name,
            "weeks": len(self.points),
            "first": self._written(known[0]),
            "last": self._written(known[-1]),
            "low": self._written(min(known)),
            "high": self._written(max(known)),
        }

    @property
    def aim(self) -> str:
        if self.target is None:
            return ""
        return _("The dashed line is the target, %(wanted)s.") % {
            "wanted": self._written(self.target)
        }

    def _written(self, value: float | None) -> str:
        return UNKNOWN if value is None else showing.figure(self.definition, value, self.currency)


@dataclass(frozen=True)
class Figures:
    """Those of the overview in a week: what they say, which say nothing, and some over time."""

    lines: list[Line]
    silent: list[str]
    charts: list[Chart]


def figures(week: Period, business: Business, now: datetime) -> Figures:
    """Two queries."""
    definitions = [one for one in DASHBOARDS[OVERVIEW].definitions if Grain.WEEK in one.grains]
    tiles = reading.tiles(
        grain=Grain.WEEK,
        now=now,
        zone=business.zone,
        definitions=definitions,
        periods_shown=WEEKS,
        period=week,
    )
    targets = Targets.of(definition.kpi for definition in definitions)
    told, silent, charts = [], [], []
    for tile in tiles:
        kpi = tile.definition.kpi
        target = targets.of_period(kpi, week)
        if tile.point.shown_as == "value":
            told.append(Line(tile, target, business.currency))
        else:
            silent.append(str(tile.definition.name))
        chart = Chart(tile.definition, tile.series, target, business.currency)
        if kpi in DRAWN and chart.steps >= FEWEST:
            charts.append(chart)
    return Figures(told, silent, charts[:MOST])
