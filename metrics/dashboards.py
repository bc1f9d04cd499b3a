"""The dashboards by name: which figures each shows, which of them over time, and what else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from metrics import aims, reading
from metrics.aims import Targets
from metrics.choosing import Choice
from metrics.definitions import DEFINITIONS, Definition
from metrics.definitions.expected import CLV_AS_FITTED
from metrics.models import Annotation
from metrics.points import Tile
from metrics.reading import SPARKLINE


@dataclass(frozen=True)
class Dashboard:
    """`kpis` are its tiles in their order, `charted` those of them drawn over time; `panels` names what
    else it has (metrics.panels), from figures of its own and those in `also`."""

    name: str
    title: StrOrPromise
    words: StrOrPromise
    kpis: tuple[str, ...]
    charted: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def definitions(self) -> list[Definition]:
        return [DEFINITIONS[kpi] for kpi in self.kpis]

    @property
    def read(self) -> list[Definition]:
        """Its tiles', and what its panels are made from."""
        also = [DEFINITIONS[kpi] for kpi in self.also if kpi not in self.kpis]
        return [*self.definitions, *also]

    @property
    def url(self) -> str:
        if self.name == OVERVIEW:
            return reverse("metrics:overview")
        return reverse("metrics:dashboard", args=[self.name])


OVERVIEW = "overview"
DASHBOARDS = {
    one.name: one
    for one in (
        Dashboard(
            OVERVIEW,
            _("Overview"),
            _("How good the relationship with your customers is, and what it is worth"),
            (
                "nps",
                "csat",
                "retention",
                "customer_churn",
                "income_per_customer",
                "average_ticket",
                "ltv_annual",
                "cac",
                "first_response_time",
                "recontact_rate",
                "promise_kept",
                "income_at_risk",
            ),
            charted=("nps", "retention"),
        ),
        Dashboard(
            "acquisition",
            _("Acquisition"),
            _("What it takes to win customers, and whether it pays"),
            ("cac", "ltv_cac", "cac_payback", "lead_conversion", "referral_share"),
            charted=("cac", "lead_conversion"),
            panels=("flow", "spending"),
            also=("customer_churn",),
        ),
        Dashboard(
            "retention",
            _("Retention"),
            _("Who stays, who leaves, and who comes back"),
            (
                "customer_churn",
                "retention",
                "retention_as_published",
                "turnover",
                "revenue_churn_gross",
                "revenue_retention_net",
                "false_lost_rate",
                "email_list_churn",
            ),
            charted=("customer_churn", "revenue_retention_net"),
            panels=("flow", "reasons", "cohorts"),
            also=("churn_reasons",),
        ),
        Dashboard(
            "value",
            _("Value"),
            _("What customers bring, and what they will"),
            (
                "income_per_customer",
                "average_ticket",
                "ltv_annual",
                "ltv_cac",
                "ltv_margin",
                "cps",
                "clv_expected",
                "income_at_risk",
            ),
            charted=("income_per_customer", "ltv_annual"),
        ),
        Dashboard(
            "satisfaction",
            _("Satisfaction"),
            _("What customers say of you"),
            (
                "nps",
                "csat",
                "ces",
                "review_score",
                "response_rate",
                "nps_public",
                "csat_public",
                "ces_public",
            ),
            charted=("nps", "csat"),
            panels=("recommending",),
        ),
        Dashboard(
            "support",
            _("Support"),
            _("How soon and how lastingly customers are helped"),
            (
                "first_response_time",
                "resolution_time",
                "recontact_rate",
                "first_contact_resolution",
                "sla_attainment",
                "backlog",
                "promise_kept",
            ),
            charted=("first_response_time", "recontact_rate"),
            panels=("ages",),
        ),
        Dashboard(
            "team",
            _("Team"),
            _("Who answered how much, how soon, and to whose satisfaction"),
            ("first_response_time", "csat", "promise_kept"),
            panels=("team",),
        ),
        Dashboard(
            "listening",
            pgettext_lazy("dashboard", "Listening"),
            _("Whether you listen to your customers, and what becomes of what they say"),
            (
                "listening_coverage",
                "contact_frequency",
                "silent_customers",
                "unanswered_feedback",
                "response_rate",
                "experience_budget",
                "training_hours",
            ),
            charted=("contact_frequency", "response_rate"),
        ),
    )
}


@dataclass(frozen=True)
class Aimed:
    """A tile, what it should be, and whether it is."""

    tile: Tile
    target: float | None

    @property
    def is_met(self) -> bool | None:
        """Nothing is judged by a few answers, or before the period is over."""
        point = self.tile.point
        if point.shown_as != "value" or point.is_partial:
            return None
        return aims.is_met(self.tile.definition, point.value, self.target)


# Figures that aren't stored, but soon measured: as tiles show them.
MEASURED = {CLV_AS_FITTED.kpi: CLV_AS_FITTED}


@dataclass(frozen=True)
class Board:
    """A dashboard of a period, with all that its panels need: three queries, and one for each figure
    that is measured."""

    dashboard: Dashboard
    choice: Choice
    currency: str

    @cached_property
    def aimed(self) -> list[Aimed]:
        own = [self.tiles[one.kpi] for one in self.dashboard.definitions]
        return [
            Aimed(one, self.targets.of_period(one.definition.kpi, one.point.period)) for one in own
        ]

    @cached_property
    def tiles(self) -> Mapping[str, Tile]:
        choice = self.choice
        found = reading.tiles(
            grain=choice.grain,
            now=choice.now,
            zone=choice.period.zone,
            definitions=[one for one in self.dashboard.read if one.is_stored],
            period=choice.period,
        )
        measured = [MEASURED[kpi] for kpi in self.dashboard.kpis if kpi in MEASURED]
        return {one.definition.kpi: one for one in [*found, *map(self._measured, measured)]}

    def _measured(self, definition: Definition) -> Tile:
        period = first = self.choice.period
        for _step in range(SPARKLINE - 1):
            first = first.previous()
        days = first.starts_on, period.ends_on
        found = reading.charted(definition, period, self.choice.grain, *days, now=self.choice.now)
        return found.tile

    @cached_property
    def targets(self) -> Targets:
        return Targets.of(self.dashboard.kpis)

    @cached_property
    def happened(self) -> list[tuple[int, Annotation]]:
        """What happened in the periods that the charts show, and is told of one of these figures."""
        series = next(iter(self.tiles.values())).series
        return aims.happened(
            series[0].period.starts_on, series[-1].period.ends_on, self.dashboard.kpis
        )

    @property
    def has_figures(self) -> bool:
        stored = [one for one in self.tiles.values() if one.definition.is_stored]
        return any(point.snapshot for one in stored for point in one.series)


def tabs(current: str, query: str) -> list[dict[str, Any]]:
    """The way to the others, in the same period."""
    return [
        {"title": one.title, "url": f"{one.url}?{query}", "is_current": one.name == current}
        for one in DASHBOARDS.values()
    ]
