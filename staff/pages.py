"""How a page reaches the browser: whole or as one fragment, and a list by key, never by OFFSET."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.core.signing import BadSignature, Signer
from django.db import connection
from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from staff import formats
from staff.ordering import EmptyAsLeast

Row = TypeVar("Row", bound=Model)


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, fragment: str
) -> HttpResponse:
    """Render `template`, or only its partial `fragment` when htmx asked for a swap."""
    htmx = request.htmx  # type: ignore[attr-defined]
    swap = htmx and not htmx.boosted and not htmx.history_restore_request
    response = render(request, f"{template}#{fragment}" if swap else template, context)
    patch_vary_headers(response, ["HX-Request"])  # caches must not mix the two
    return response


# --- One page of a long list ------------------------------------------------------------


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows, with the addresses of its neighbours ("" where there is none)."""

    rows: Sequence[Row]
    next_url: str = ""
    previous_url: str = ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_only(self) -> bool:
        return not (self.next_url or self.previous_url)


def paginate(
    queryset: QuerySet[Row],
    request: HttpRequest,
    *,
    key: Sequence[str] = ("name", "pk"),
    size: int = 50,
    first: Callable[[], Sequence[Row]] | None = None,
) -> Page[Row]:
    """The page that `?after=` or `?before=` names, in one query; anything unreadable is the first page.

    `first` is a quicker way, if there is one, to the first `size + 1` rows in the order of `key`.
    `key` replaces the queryset's order: field names or annotations, `-` before what descends; together
    they must be unique, so the last one is usually "pk". Empty values come last in both directions.
    """
    parts = [_Part.of(queryset, name) for name in key]
    signer = Signer(salt=f"staff.pages:{','.join(key)}")
    back, place = _place(request, signer, len(parts))
    found: Sequence[Row]
    if place is None and not back and first is not None:
        found = first()
    else:
        if place is not None:
            queryset = queryset.filter(_beyond(parts, place, back=back))
        found = list(queryset.order_by(*(part.order(back=back) for part in parts))[: size + 1])
    more, rows = len(found) > size, list(found[:size])
    if back:
        rows.reverse()

    def link(parameter: str, row: Row) -> str:
        cursor = signer.sign_object([_pack(part.value(row)) for part in parts])
        query = request.GET.copy()
        query.pop("after", None)
        query.pop("before", None)
        query[parameter] = cursor
        return f"?{query.urlencode()}"

    # A page reached by a cursor has the row of the cursor behind it.
    has_next, has_previous = (place is not None, more) if back else (more, place is not None)
    return Page(
        rows,
        next_url=link("after", rows[-1]) if rows and has_next else "",
        previous_url=link("before", rows[0]) if rows and has_previous else "",
    )


def ordered(
    queryset: QuerySet[Row], key: Sequence[str], *, after: Sequence[Any] | None = None
) -> QuerySet[Row]:
    """The rows in the order of `key`, as `paginate` takes it; those beyond the one with the values
    `after`, if given."""
    parts = [_Part.of(queryset, name) for name in key]
    if after is not None:
        queryset = queryset.filter(_beyond(parts, after, back=False))
    return queryset.order_by(*(part.order(back=False) for part in parts))


def pack_place(place: Sequence[Any]) -> list[Any]:
    """The values of a key in JSON's own types."""
    return [_pack(value) for value in place]


def unpack_place(packed: Sequence[Any]) -> list[Any]:
    """What `pack_place` packed."""
    return [_unpack(value) for value in packed]


@dataclass(frozen=True)
class _Part:
    """One term of the order."""

    name: str
    descending: bool
    nullable: bool

    @classmethod
    def of(cls, queryset: QuerySet[Any], term: str) -> "_Part":
        name = term.removeprefix("-")
        return cls(name, term.startswith("-"), _may_be_null(queryset.model, name))

    def order(self, *, back: bool) -> OrderBy:
        # NULLS LAST only where there can be nulls: SQLite can't walk an index for it.
        if self.nullable and self.descending:
            return EmptyAsLeast(F(self.name), descending=not back)
        last = True if self.nullable and not back else None
        first = True if self.nullable and back else None
        if self.descending is back:
            return F(self.name).asc(nulls_last=last, nulls_first=first)
        return F(self.name).desc(nulls_last=last, nulls_first=first)

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def beyond(self, value: Any, *, back: bool) -> Q | None:
        """Rows strictly further on than `value`; None when there can be none."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if back else None
        further = Q(**{f"{self.name}__{'gt' if self.descending is back else 'lt'}": value})
        if self.nullable and not back:
            further |= Q(**{f"{self.name}__isnull": True})
        return further

    def value(self, row: Any) -> Any:
        for step in self.name.split(LOOKUP_SEP):
            row = None if row is None else getattr(row, step)
        return row


def _beyond(parts: Sequence[_Part], place: Sequence[Any], *, back: bool) -> Q:
    """(a, b) > (x, y), written so that the database can start its index scan at x."""
    beyond = Q(pk__in=[])
    same = Q()
    for part, value in zip(parts, place, strict=True):
        further = part.beyond(value, back=back)
        if further is not None:
            beyond |= same & further
        same &= part.same(value)
    lead, start = parts[0], place[0]
    further = lead.beyond(start, back=back)
    return beyond if further is None else (further | lead.same(start)) & beyond


def _may_be_null(model: type[Model], path: str) -> bool:
    """Whether a field reached by `path` may be empty; an annotation may."""
    for step in path.split(LOOKUP_SEP):
        if step == "pk":
            return False
        try:
            field = model._meta.get_field(step)
        except FieldDoesNotExist:
            return True
        if field.null:
            return True
        if field.related_model and isinstance(field.related_model, type):
            model = field.related_model
    return False


def _place(request: HttpRequest, signer: Signer, length: int) -> tuple[bool, list[Any] | None]:
    """(whether to walk backwards, the key of the row to start beside)."""
    for parameter, back in (("after", False), ("before", True)):
        if cursor := request.GET.get(parameter):
            try:
                place = [_unpack(part) for part in signer.unsign_object(cursor)]
            except (BadSignature, ValueError, TypeError):
                break
            return back, place if len(place) == length else None
    return False, None


def _pack(value: Any) -> Any:
    """JSON for a key's value; what JSON has no word for becomes [type, text]."""
    if isinstance(value, datetime):
        return ["datetime", value.isoformat()]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    return value


UNPACK: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
}


def _unpack(value: Any) -> Any:
    return UNPACK[value[0]](value[1]) if isinstance(value, list) else value


# --- How many ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """A number of rows: exact, or "at least so many"; as text "312" or "10,000+"."""

    number: int
    is_capped: bool = False

    def __int__(self) -> int:
        return self.number

    def __str__(self) -> str:
        return f"{formats.number(self.number)}{'+' if self.is_capped else ''}"


def capped_count(queryset: QuerySet[Any], cap: int = 10_000) -> Count:
    """Count the rows, but never more than `cap` of them."""
    found = queryset.order_by()[: cap + 1].count()
    return Count(cap, is_capped=True) if found > cap else Count(found)


class Rows(Protocol):
    """What `capped_counts` counts beside querysets: SQL with a row for each of the first so many."""

    def sql(self, most: int) -> tuple[str, tuple[Any, ...]]: ...


Countable = QuerySet[Any] | Rows


class Composed:
    """A queryset that is the same at every visit, composed once to be counted: see `capped_counts`."""

    def __init__(self, made: Callable[[], QuerySet[Any]]) -> None:
        self._made = made
        self._kept: dict[int, tuple[str, tuple[Any, ...]]] = {}

    def sql(self, most: int) -> tuple[str, tuple[Any, ...]]:
        if most not in self._kept:
            self._kept[most] = _first(self._made(), most)
        return self._kept[most]


def _first(queryset: QuerySet[Any], most: int) -> tuple[str, tuple[Any, ...]]:
    """SQL with a row for each of the first so many."""
    try:
        one = queryset.order_by().values_list(Value(1), flat=True)[:most]
        return one.query.sql_with_params()
    except EmptyResultSet:
        return "SELECT 1 WHERE 1 = 0", ()


def capped_counts(asked: Mapping[str, Countable], cap: int = 10_000) -> dict[str, Count]:
    """`capped_count` of several querysets of one database, by name, in one query.

    Those that were over `cap` within the last minute are still said to be, unasked: to find so many
    is what costs, and they are hardly ever fewer a moment later. All others are exact.
    """
    found: dict[str, Count] = {}
    asking: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for name, one in asked.items():
        statement = _first(one, cap + 1) if isinstance(one, QuerySet) else one.sql(cap + 1)
        if MANY.holds(statement):
            found[name] = Count(cap, is_capped=True)
        else:
            asking[name] = statement
    for (name, statement), number in zip(asking.items(), _numbers(asking.values()), strict=True):
        found[name] = Count(min(number, cap), is_capped=number > cap)
        if number > cap:
            MANY.note(statement)
    return found


def _numbers(statements: Collection[tuple[str, tuple[Any, ...]]]) -> Sequence[int]:
    """How many rows each has, in one query."""
    if not statements:
        return ()
    counts = [f"(SELECT COUNT(*) FROM ({sql}) AS found)" for sql, _values in statements]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", [v for _sql, own in statements for v in own])
        numbers: Sequence[int] = cursor.fetchone()
    return numbers


class _Many:
    """Which statements had more rows than were to be counted, for a minute, in this process."""

    SECONDS = 60
    MOST = 1_000

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def note(self, statement: tuple[str, tuple[Any, ...]]) -> None:
        if len(self._until) >= self.MOST:
            self._until.clear()
        self._until[repr(statement)] = time.monotonic() + self.SECONDS

    def holds(self, statement: tuple[str, tuple[Any, ...]]) -> bool:
        return self._until.get(repr(statement), 0) > time.monotonic()

    def forget(self) -> None:
        self._until.clear()


MANY = _Many()
