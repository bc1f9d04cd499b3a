"""Whom an address or the command line means: some customers, asked as the list of customers asks.

    ?segment=12               a saved segment that the person may see
    ?source=web&stage=lead    the customer list's own filters; archived customers count here
    ?without=source           those of whom it isn't known

Together they narrow each other down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django.db.models import Exists, F, OuterRef, Q
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from crm import custom, segments
from crm.filters import CustomerFilter
from crm.filters.custom_fields import PREFIX
from crm.filters.sentence import values_of
from crm.folding import fold
from crm.models import Customer, LoyaltyTier, Segment
from crm.querysets import CustomerQuerySet
from crm.registry import CUSTOMER_FILTERS
from metrics import colleagues
from metrics.colleagues import NotTheirs
from metrics.scope import Scope
from staff.access import acting_user
from staff.models import User
from staff.refusals import Refusal

Pairs = tuple[tuple[str, str], ...]
SEGMENT, WITHOUT = "segment", "without"
# Of an address of the customer list, what here means something else or nothing.
NOT_HERE = {"q"}
# How to take tags belongs to the tags.
ALONG = {"tags": "tag"}


class UnknownSegment(Refusal):
    def __init__(self, name: str) -> None:
        super().__init__(_("There is no segment “%(name)s”.") % {"name": name})


@dataclass(frozen=True)
class Chip:
    """One part of what is asked: its words, and what an address says without it."""

    text: str
    rest: Pairs


@dataclass(frozen=True)
class Chosen:
    """Some customers, or all when `scope` is None; `pairs` keep it in an address."""

    scope: Scope | None = None
    pairs: Pairs = ()
    chips: tuple[Chip, ...] = ()

    @property
    def names(self) -> set[str]:
        """What is asked about already: names of filters."""
        return {value if name == WITHOUT else name for name, value in self.pairs}

    @property
    def query(self) -> str:
        return urlencode(self.pairs)


class Asking(CustomerFilter):
    """The customer list's filters over all customers: what the archived ones did was done too."""

    groups: ClassVar[Mapping[str, tuple[str, ...]]] = CustomerFilter.groups | {  # type: ignore[operator]
        "who": tuple(name for name in CustomerFilter.groups["who"] if name != "archived")
    }

    def filter_queryset(self, queryset: Any) -> Any:
        return django_filters.FilterSet.filter_queryset(self, queryset)

    def offered_to(self, reader: User) -> Asking:
        """For a form: of the people who look after customers, whose figures the reader may see."""
        if not colleagues.can_compare(reader):
            self.filters["owner"].queryset = User.objects.filter(pk=reader.pk)
        return self


def of_request(request: HttpRequest) -> Chosen:
    """Raises UnknownSegment and NotTheirs."""
    return chosen(request.GET, user=acting_user(request), request=request)


def chosen(query: QueryDict, *, user: User | None, request: HttpRequest | None = None) -> Chosen:
    """Whom a query string means. Without a `user`, on the command line, every segment is visible.

    Raises UnknownSegment where part of it can't be understood (any more): with less, it would be
    about more people; and NotTheirs where it is of a colleague's customers, and the user no manager.
    """
    given = _filters(query)
    customers: CustomerQuerySet = Customer.objects.all()
    parts: list[tuple[str, Pairs]] = []
    if key := query.get(SEGMENT, ""):
        saved = _saved(str(key), user)
        if user and not colleagues.can_see_segment(user, saved):
            raise NotTheirs
        customers = segments.customers_of(saved)
        parts.append(
            (_("in the segment “%(name)s”") % {"name": saved}, ((SEGMENT, str(saved.pk)),))
        )
    asked = Asking(given, queryset=customers, request=request)
    if not asked.is_understood:
        raise UnknownSegment(given.urlencode())
    if user and not colleagues.can_see_of(user, asked.chosen.get("owner")):
        raise NotTheirs
    customers = asked.qs
    pairs = asked.parameters()
    for name, value in asked.chosen.items():
        if name not in ALONG:
            own = tuple(pair for pair in pairs if ALONG.get(pair[0], pair[0]) == name)
            parts.append((asked.words(name, value), own))
    for name in dict.fromkeys(query.getlist(WITHOUT)):
        words, nothing = _without(name, request)
        customers = customers.filter(nothing)
        parts.append((words, ((WITHOUT, name),)))
    only_source = asked.chosen.get("source", "") if len(parts) == 1 else ""
    return _chosen(parts, customers, source=only_source)


def _chosen(parts: list[tuple[str, Pairs]], customers: CustomerQuerySet, source: str) -> Chosen:
    if not parts:
        return Chosen()
    pairs = tuple(pair for _words, own in parts for pair in own)
    chips = tuple(
        Chip(words, tuple(pair for pair in pairs if pair not in own)) for words, own in parts
    )
    name = ", ".join(words for words, _own in parts)
    return Chosen(Scope(urlencode(pairs), name, customers, source), pairs, chips)


def is_filter(name: str) -> bool:
    """Whether it is one of the customer list's, and so of saved segments'."""
    own = CustomerFilter.declared_filters.keys() | {entry.name for entry in CUSTOMER_FILTERS.all()}
    return (name in own and name not in NOT_HERE) or name.startswith(PREFIX)


def _filters(query: QueryDict) -> QueryDict:
    found = QueryDict(mutable=True)
    for name in query:
        if is_filter(name) and (values := values_of(query, name)):
            found.setlist(name, values)
    return found


def _saved(key: str, user: User | None) -> Segment:
    visible = Segment.objects.all() if user is None else segments.visible_to(user)
    found = visible.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
    if found is None:
        raise UnknownSegment(key)
    return found


# --- Those of whom something isn't known ----------------------------------------------------

NOT_KNOWN: dict[str, tuple[StrOrPromise, Callable[[], Any]]] = {
    "source": (gettext_lazy("whose source isn’t known"), lambda: Q(source="")),
    "country": (gettext_lazy("whose country isn’t known"), lambda: Q(country="")),
    "language": (gettext_lazy("whose language isn’t known"), lambda: Q(language="")),
    "tag": (gettext_lazy("without a tag"), lambda: ~Exists(_ties())),
}


def _ties() -> Any:
    return Customer.tags.through.objects.filter(customer=OuterRef("pk"))


def _without(name: str, request: HttpRequest | None) -> tuple[str, Any]:
    if name in NOT_KNOWN:
        words, condition = NOT_KNOWN[name]
        return str(words), condition()
    for field in custom.known(request):
        if name == custom.form_name(field):
            return not_filled_in(field.label), ~Q(custom__has_key=field.key)
    raise UnknownSegment(name)


def not_filled_in(label: str) -> str:
    return _("%(name)s: not filled in") % {"name": label}


# --- On the command line --------------------------------------------------------------------


def named(text: str) -> Chosen:
    """A saved segment by its name, for everybody first; or filters, such as "source=web".

    There a person is named by their address, a tier by its name, a tag in any spelling. Raises
    UnknownSegment.
    """
    saved = Segment.objects.filter(name=text).order_by(F("owner").asc(nulls_first=True))[:2]
    if saved and (saved[0].owner_id is None or len(saved) == 1):
        return chosen(QueryDict(f"{SEGMENT}={saved[0].pk}"), user=None)
    asked = QueryDict(text)
    if not asked or not all(is_filter(name) or name == WITHOUT for name in asked):
        raise UnknownSegment(text)
    meant = QueryDict(mutable=True)
    for name, values in asked.lists():
        meant.setlist(name, [_meant(name, value) for value in values])
    try:
        found = chosen(meant, user=None)
    except UnknownSegment as unknown:
        raise UnknownSegment(text) from unknown
    if found.scope is None:
        raise UnknownSegment(text)
    return found


def _meant(name: str, value: str) -> str:
    keys: Iterable[int] = ()
    match name:
        case "tag":
            return fold(value)
        case "owner":
            keys = User.objects.filter(email__iexact=value).values_list("pk", flat=True)
        case "tier":
            keys = LoyaltyTier.objects.filter(name=value).values_list("pk", flat=True)
    return next((str(key) for key in keys), value)
