"""When someone is a customer: the projection of orders, contracts, spans and losses.

`intervals` is the whole rule, pure; `rebuild` applies it to many customers at once and writes only
what differs, so that change marks stay small. Stage and order dates follow in the same stroke.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from crm.batches import batches
from crm.models import Contract, Customer, Loss, LossReason, Order, SilenceRule, Tenure, TenureSpan
from staff.bulk import save_columns
from staff.models import Business

Cause = Tenure.Cause
Stage = Customer.Stage


# --- The rule, pure ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Something that makes a customer over [started_at, ended_at); no end: None."""

    started_at: datetime
    ended_at: datetime | None
    cause: str
    end_reason: str = ""
    end_note: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """One tenure, as it is to be stored."""

    started_at: datetime
    ended_at: datetime | None
    cause: str
    end_reason: str
    end_note: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """A loss: whatever began before it ends at it."""

    lost_at: datetime
    reason: str
    note: str = ""


# Which of several that begin at the same instant is said to have begun it …
_BEGINS: dict[str, int] = {Cause.CONTRACT: 0, Cause.ORDER: 1, Cause.MANUAL: 2}
# … and whose reason counts among several that end at the same instant.
_LAST_TO_KNOW: dict[str, int] = {LossReason.SILENCE: 2, LossReason.CONTRACT_ENDED: 1}
_FOREVER = datetime.max.replace(tzinfo=UTC)


def intervals(spans: Iterable[Span], cuts: Sequence[Cut] = ()) -> list[Interval]:
    """The union of the spans, each cut at the first loss after its start; touching ones are one.

    A span that begins at a loss or later is a new purchase or contract: it is not cut. A tenure
    ends as the last of its spans does.
    """
    ordered = sorted(cuts, key=lambda cut: cut.lost_at)
    pieces = sorted(
        (_cut(span, ordered) for span in spans),
        key=lambda piece: (piece[0].started_at, _BEGINS[piece[0].cause]),
    )
    found: list[Interval] = []
    ends: list[tuple[datetime, int]] = []
    for piece, was_cut in pieces:
        end = piece.ended_at or _FOREVER
        # Later ends win; at the same instant a known loss, then a reason by hand, then the rules.
        weight = 9 if was_cut else -_LAST_TO_KNOW.get(piece.end_reason, 0)
        if found and piece.started_at <= ends[-1][0]:
            if (end, weight) > ends[-1]:
                ends[-1] = (end, weight)
                found[-1] = _ending_as(found[-1], piece)
            continue
        ends.append((end, weight))
        first = Interval(piece.started_at, None, piece.cause, "", "", is_first=not found)
        found.append(_ending_as(first, piece))
    return found


def _cut(span: Span, cuts: Sequence[Cut]) -> tuple[Span, bool]:
    for cut in cuts:
        if cut.lost_at > span.started_at:
            if span.ended_at is None or cut.lost_at <= span.ended_at:
                return Span(span.started_at, cut.lost_at, span.cause, cut.reason, cut.note), True
            break
    return span, False


def _ending_as(interval: Interval, span: Span) -> Interval:
    reason = span.end_reason if span.ended_at else ""
    note = span.end_note if span.ended_at else ""
    return Interval(
        interval.started_at, span.ended_at, interval.cause, reason, note, interval.is_first
    )


@dataclass(frozen=True)
class Calendar:
    """The business's clock and its dated silence rules: days into instants, orders into spans."""

    zone: ZoneInfo
    # (from this day on, days of silence), ascending.
    rules: tuple[tuple[date, int], ...] = ()
    _midnights: dict[date, datetime] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def current(cls) -> Calendar:
        business = Business.current()
        rules = SilenceRule.objects.order_by("since").values_list("since", "days")
        return cls(business.zone if business else ZoneInfo("UTC"), tuple(rules))

    def midnight(self, day: date) -> datetime:
        """The instant at which a local day begins, in UTC."""
        if day not in self._midnights:
            local = datetime.combine(day, time.min, tzinfo=self.zone)
            self._midnights[day] = local.astimezone(UTC)
        return self._midnights[day]

    def silence(self, ordered_at: datetime) -> timedelta:
        """How long a purchase makes a customer: the rule in force on its local day."""
        days = SilenceRule.DEFAULT_DAYS
        if self.rules:
            day = ordered_at.astimezone(self.zone).date()
            for since, value in self.rules:
                if since <= day:
                    days = value
        return timedelta(days=days)

    def order_span(self, ordered_at: datetime) -> Span:
        end = ordered_at + self.silence(ordered_at)
        return Span(ordered_at, end, Cause.ORDER, LossReason.SILENCE)

    def contract_span(
        self, starts_on: date, ends_on: date | None, cancelled_on: date | None, reason: str
    ) -> Span | None:
        """From midnight to midnight; None for one that was cancelled before it began."""
        ends = [day for day in (ends_on, cancelled_on) if day]
        end = min(ends) if ends else None
        if end and end <= starts_on:
            return None
        known = reason in LossReason.values and reason != LossReason.SILENCE
        return Span(
            self.midnight(starts_on),
            self.midnight(end) if end else None,
            Cause.CONTRACT,
            reason if known else LossReason.CONTRACT_ENDED,
            "" if known else reason,
        )


# --- Facts of many customers ---------------------------------------------------------------


@dataclass(slots=True)
class Facts:
    """What a customer's tenures are made of."""

    spans: list[Span] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None


def _facts(ids: Sequence[int], calendar: Calendar) -> dict[int, Facts]:
    """Four queries for any number of customers."""
    found: dict[int, Facts] = defaultdict(Facts)
    orders = Order.objects.filter(customer_id__in=ids, total__gt=0)
    for pk, at in orders.order_by("ordered_at").values_list("customer_id", "ordered_at"):
        facts = found[pk]
        facts.spans.append(calendar.order_span(at))
        facts.first_order_at = facts.first_order_at or at
        facts.last_order_at = at
    contracts = Contract.objects.filter(customer_id__in=ids)
    columns = ("customer_id", "starts_on", "ends_on", "cancelled_on", "reason")
    for pk, *terms in contracts.values_list(*columns):
        if span := calendar.contract_span(*terms):
            found[pk].spans.append(span)
    spans = TenureSpan.objects.filter(customer_id__in=ids)
    for pk, start, end, reason, note in spans.values_list(
        "customer_id", "started_at", "ended_at", "end_reason", "note"
    ):
        found[pk].spans.append(Span(start, end, Cause.MANUAL, reason, note))
    losses = Loss.objects.filter(customer_id__in=ids).order_by("pk")
    for pk, at, reason, note in losses.values_list("customer_id", "lost_at", "reason", "note"):
        found[pk].cuts.append(Cut(at, reason, note))
    return found


def stage_at(tenures: Iterable[Interval | Tenure], now: datetime) -> str:
    """Customer while a tenure runs, lost when one has ended and none runs, lead before the first."""
    stage = Stage.LEAD
    for tenure in tenures:
        if tenure.started_at > now:
            continue
        if tenure.ended_at is None or tenure.ended_at > now:
            return Stage.CUSTOMER
        stage = Stage.LOST
    return stage


# --- Applying it ---------------------------------------------------------------------------

_STORED = [column.name for column in fields(Interval)]
_DERIVED = ["stage", "first_order_at", "last_order_at"]


@dataclass
class Differences:
    """What is stored otherwise than the facts say; `customers` holds rows as they should be."""

    delete: list[int] = field(default_factory=list)
    update: list[Tenure] = field(default_factory=list)
    create: list[Tenure] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    # Customers concerned, with the names of what differs.
    fields: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __len__(self) -> int:
        return len(self.fields)


def rebuild(customer_ids: Iterable[int], *, now: datetime | None = None) -> int:
    """Bring tenures, stage and order dates of these customers in line with their facts.

    Returns how many customers differed. Seven queries per thousand customers, plus the writes;
    twice changes nothing. To be called in the transaction that changed an order, a contract, a
    span or a loss, after the change.
    """
    now, calendar = now or timezone.now(), Calendar.current()
    return sum(_rebuild(batch, calendar, now) for batch in batches(customer_ids))


def rebuild_all(*, now: datetime | None = None) -> int:
    """Everyone, in batches that each commit: for a changed silence rule or time zone."""
    ids = Customer.objects.order_by("pk").values_list("pk", flat=True)
    now, calendar, last, changed = now or timezone.now(), Calendar.current(), 0, 0
    while batch := list(ids.filter(pk__gt=last)[:1000]):
        changed += _rebuild(batch, calendar, now)
        last = batch[-1]
    return changed


@transaction.atomic
def _rebuild(ids: Sequence[int], calendar: Calendar, now: datetime) -> int:
    # Two who add facts to one customer take turns here, and the second sees the first one's.
    list(Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    differing = differences(ids, calendar, now)
    # Deletes first: no state in between may overlap.
    for batch in batches(differing.delete):
        Tenure.objects.filter(pk__in=batch).delete()
    save_columns(differing.update, _STORED)
    Tenure.objects.bulk_create(differing.create, batch_size=1000)
    save_columns(differing.customers, _DERIVED)
    return len(differing)


def differences(ids: Sequence[int], calendar: Calendar, now: datetime) -> Differences:
    """Compare what is stored of up to a few thousand customers with their facts; writes nothing."""
    facts = _facts(ids, calendar)
    stored: dict[int, list[Tenure]] = defaultdict(list)
    for tenure in Tenure.objects.filter(customer_id__in=ids).order_by("started_at"):
        stored[tenure.customer_id].append(tenure)
    found = Differences()
    customers = Customer.objects.filter(pk__in=ids).only("pk", *_DERIVED)
    for customer in customers.order_by("pk"):
        known = facts.get(customer.pk) or Facts()
        wanted = intervals(known.spans, known.cuts)
        if _compare(customer.pk, wanted, stored[customer.pk], found):
            found.fields[customer.pk].append("tenures")
        derived = {
            "stage": stage_at(wanted, now),
            "first_order_at": known.first_order_at,
            "last_order_at": known.last_order_at,
        }
        changed = [name for name in _DERIVED if getattr(customer, name) != derived[name]]
        if changed:
            found.fields[customer.pk] += changed
            for name in changed:
                setattr(customer, name, derived[name])
            found.customers.append(customer)
    return found


def _compare(
    customer_id: int, wanted: Sequence[Interval], stored: Sequence[Tenure], found: Differences
) -> bool:
    """Note what must change. One row that only differs is updated; else delete and create.

    More than one update could overlap half-way, and constraints are checked at each row.
    """
    by_value = {_values(tenure): tenure for tenure in stored}
    wanted_values = [_values(interval) for interval in wanted]
    surplus = [tenure for value, tenure in by_value.items() if value not in set(wanted_values)]
    missing = [value for value in wanted_values if value not in by_value]
    if len(surplus) == len(missing) == 1:
        for name, value in zip(_STORED, missing[0], strict=True):
            setattr(surplus[0], name, value)
        found.update.append(surplus[0])
    else:
        found.delete += [tenure.pk for tenure in surplus]
        found.create += [
            Tenure(customer_id=customer_id, **dict(zip(_STORED, value, strict=True)))
            for value in missing
        ]
    return bool(surplus or missing)


def _values(row: Interval | Tenure) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _STORED)


# --- Time passes ---------------------------------------------------------------------------


def sweep_stages(now: datetime | None = None, *, back: timedelta | None = timedelta(days=3)) -> int:
    """Let stages follow the clock: tenures that ended or began since `back` ago (None: ever).

    Each is one UPDATE that finds its rows by the tenures' own indexes; returns how many changed.
    """
    now = now or timezone.now()
    began, ended = Q(started_at__lte=now), Q(ended_at__lte=now)
    if back is not None:
        began &= Q(started_at__gt=now - back)
        ended &= Q(ended_at__gt=now - back)
    passed = Tenure.objects.filter(began | ended)
    concerned = Customer.objects.filter(pk__in=passed.values("customer_id"))
    begun = Tenure.objects.filter(customer=OuterRef("pk"), started_at__lte=now)
    running = Exists(begun.filter(Q(ended_at=None) | Q(ended_at__gt=now)))
    changed = concerned.filter(running).exclude(stage=Stage.CUSTOMER).update(stage=Stage.CUSTOMER)
    gone = concerned.filter(~running, Exists(begun)).exclude(stage=Stage.LOST)
    return changed + gone.update(stage=Stage.LOST)
