"""The board of deals: a column per stage, what stands in it and what may be expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Customer, Deal, Stage, StageChange
from crm.palette import MOST, found_customers
from crm.registry import (
    CUSTOMER_ACTIONS,
    PALETTE,
    TIMELINE_MARKS,
    TODAY_LISTS,
    CustomerAction,
    PaletteGroup,
    PaletteItem,
    TimelineMark,
    TodayList,
)
from staff.access import Role, acting_user
from staff.formats import money
from staff.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.http import HttpRequest

    from staff.models import User

# So many cards of a column are drawn; the rest is in the list.
CARDS = 25
MICROS = 1_000_000
SHOWN_TODAY = 8
# Of one person's open deals so many are looked through for those that wait.
MOST_LOOKED_AT = 500


@dataclass(frozen=True)
class Sums:
    """Of open deals: how many, their amounts, and those weighed by how likely each is won.

    Amounts are in the business's currency; those of deals without one, or in a currency whose rate
    nobody knows, are not in them: `unknown` counts these.
    """

    count: int = 0
    total: Decimal = Decimal(0)
    expected: Decimal = Decimal(0)
    unknown: int = 0


@dataclass(frozen=True)
class Column:
    stage: Stage
    sums: Sums
    cards: Sequence[Deal]
    # The first of those that are not drawn: above it lies the end of what is.
    following: Sequence[Deal] = ()

    @property
    def more(self) -> int:
        return self.sums.count - len(self.cards)


@dataclass(frozen=True)
class Board:
    columns: Sequence[Column]

    @property
    def stages(self) -> list[Stage]:
        return [column.stage for column in self.columns]

    @property
    def sums(self) -> Sums:
        parts = [column.sums for column in self.columns]
        return Sums(
            sum(one.count for one in parts),
            sum((one.total for one in parts), Decimal(0)),
            sum((one.expected for one in parts), Decimal(0)),
            sum(one.unknown for one in parts),
        )


def stages_in_use() -> list[Stage]:
    """With their pipelines, in order: those of the first pipeline first."""
    rows = Stage.objects.filter(archived_at=None, pipeline__archived_at=None)
    ordered = rows.select_related("pipeline").order_by(
        "pipeline__position", "pipeline_id", "position", "pk"
    )
    return list(ordered)


def board(stages: Sequence[Stage], deals: QuerySet[Deal]) -> Board:
    """The open ones of `deals` in these stages: two queries."""
    standing = deals.filter(state=Deal.State.OPEN, stage__in=stages)
    sums = _sums_by_stage(standing)
    cards: dict[int, list[Deal]] = {stage.pk: [] for stage in stages}
    by_pk = {stage.pk: stage for stage in stages}
    for deal in _first_of_each(standing):
        deal.stage = by_pk[deal.stage_id]
        cards[deal.stage_id].append(deal)
    return Board(
        [
            Column(
                stage, sums.get(stage.pk, Sums()), cards[stage.pk][:CARDS], cards[stage.pk][CARDS:]
            )
            for stage in stages
        ]
    )


def _first_of_each(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    place = Window(RowNumber(), partition_by="stage", order_by=["position", "pk"])
    rows = deals.annotate(place=place).filter(place__lte=CARDS + 1)
    return rows.select_related("customer", "owner").order_by("stage", "place")


def _sums_by_stage(deals: QuerySet[Deal]) -> dict[int, Sums]:
    rows: Any = deals.order_by().values("stage", "stage__probability").annotate(**_PARTS)
    return {
        row["stage"]: Sums(
            row["count"],
            total := _amount(row["micros"]),
            total * row["stage__probability"] / 100,
            row["unknown"],
        )
        for row in rows
    }


_PARTS: Mapping[str, Any] = {
    "count": Count("pk"),
    "micros": Sum("amount_micros"),
    "unknown": Count("pk", filter=Q(amount_micros=None)),
}


def sums_of(deals: QuerySet[Deal]) -> Sums:
    """Of any deals; expected is nothing from those that are closed: one query."""
    weighed = Sum(F("amount_micros") * F("stage__probability"), filter=Q(state=Deal.State.OPEN))
    row = deals.order_by().aggregate(**_PARTS, weighed=weighed)
    return Sums(row["count"], _amount(row["micros"]), _amount(row["weighed"]) / 100, row["unknown"])


def _amount(micros: int | None) -> Decimal:
    return Decimal(micros or 0) / MICROS


# --- One deal ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stay:
    """What one change began, and until when it was so: None while it is."""

    change: StageChange
    until: datetime | None

    @property
    def is_closed(self) -> bool:
        return self.change.state != Deal.State.OPEN

    @property
    def days(self) -> int:
        return max(0, ((self.until or timezone.now()) - self.change.at).days)


def stays(deal: Deal) -> list[Stay]:
    """The deal's history, the latest first: one query."""
    rows = StageChange.objects.filter(deal=deal).select_related("after", "by")
    changes = list(rows.order_by("at", "pk"))
    ends: list[datetime | None] = [*(change.at for change in changes[1:]), None]
    return [Stay(change, until) for change, until in zip(changes, ends, strict=True)][::-1]


# --- Where else they show ---------------------------------------------------------------------


def waiting(user: User) -> list[Deal]:
    """The open deals of a person that were expected by now or have grown old, the longest first."""
    return [deal for deal in LOOKED_AT.all(user.pk) if deal.is_overdue or deal.is_old]


def _looked_at(user: int) -> QuerySet[Deal]:
    rows = Deal.objects.filter(owner=user, state=Deal.State.OPEN, customer__archived_at=None)
    return rows.select_related("customer", "stage").order_by("moved_at", "pk")[:MOST_LOOKED_AT]


LOOKED_AT = Prepared(_looked_at, int)


def _today(request: HttpRequest) -> dict[str, Any] | None:
    deals = waiting(acting_user(request))
    return {"deals": deals[:SHOWN_TODAY], "more": len(deals) > SHOWN_TODAY} if deals else None


def _found(request: HttpRequest, text: str) -> list[PaletteItem]:
    """Open deals called so, or of customers called so."""
    if not text:
        return []
    keys = [customer.pk for customer in found_customers(request, text)]
    rows = Deal.objects.filter(
        Q(title__icontains=text) | Q(customer__in=keys), state=Deal.State.OPEN
    )
    return [
        PaletteItem(
            deal.title,
            reverse("crm:deal", args=[deal.pk]),
            note=" · ".join(
                [deal.customer.name]
                + ([money(deal.amount, deal.currency)] if deal.amount is not None else [])
            ),
            icon="columns-3",
        )
        for deal in rows.select_related("customer").order_by("-moved_at", "-pk")[:MOST]
    ]


def _new_deal(customer: Customer) -> str:
    return f"{reverse('crm:deal-create')}?customer={customer.pk}"


def _their_deals(customer: Customer) -> str:
    return f"{reverse('crm:deal-list')}?view=list&state=any&customer={customer.pk}"


def _marks(ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """A way to the deal that the line tells of; what it says already needs no query."""
    return {pk: {"url": reverse("crm:deal", args=[pk])} for pk in ids}


def register() -> None:
    """Called from CrmConfig.ready."""
    CUSTOMER_ACTIONS.register(
        CustomerAction("crm.deal", _("New deal"), _new_deal, role=Role.AGENT, order=20)
    )
    CUSTOMER_ACTIONS.register(
        CustomerAction("crm.deals", _("Their deals"), _their_deals, role=Role.AGENT, order=21)
    )
    TODAY_LISTS.register(
        TodayList("crm.deals", _("Deals that wait"), "crm/today/deals.html", _today, order=20)
    )
    PALETTE.register(PaletteGroup("deals", _("Deals"), _found, order=30))
    TIMELINE_MARKS.register(TimelineMark("crm.deal", "crm/_deal_mark.html", _marks))
