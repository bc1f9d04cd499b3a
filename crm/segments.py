"""Saved questions about customers, asked; who sees them and who may change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from crm.filters import CustomerFilter
from crm.filters.customers import PLACES
from crm.models import Customer, Segment
from crm.querysets import CustomerQuerySet
from staff.access import Role
from staff.models import User
from staff.prepared import Prepared


def customers_of(segment: Segment | None) -> CustomerQuerySet:
    """Whom a segment finds at this moment; all who are not archived when it is None.

    A question that can't be understood any more (its tag or its owner is gone) finds nobody rather
    than everybody. Unordered, and nothing selected beside the customers: callers add what they need.
    """
    everyone = Customer.objects.all()
    if segment is None:
        return everyone.active()
    asked = question(segment.query)
    found: CustomerQuerySet = asked.qs if asked.is_understood else everyone.none()
    return found


def question(query: str) -> CustomerFilter:
    """What a saved query string asks: its `chips`, `qs` and whether it `is_understood`."""
    return CustomerFilter(QueryDict(query), queryset=Customer.objects.all())


def canonical(query: str) -> str:
    """A list's address as a segment keeps it: without order and place, alike for equal questions.

    What can't be understood any more stays as it is asked: with less it would ask for more people.
    """
    asked = question(query)
    if asked.is_understood:
        return asked.address(sort=None, segment=None).removeprefix("?")
    kept = QueryDict(query, mutable=True)
    for name in PLACES:
        kept.pop(name, None)
    return kept.urlencode()


def visible_to(user: User) -> QuerySet[Segment]:
    """One's own, and those for everybody."""
    return Segment.objects.filter(Q(owner=None) | Q(owner=user))


def is_visible(segment: Segment, user: User) -> bool:
    return segment.owner_id in (None, user.pk)


def name_for(segment: Segment, user: User) -> str:
    """What a person may read of it: how somebody calls their own segment is nobody else's business."""
    return segment.name if is_visible(segment, user) else gettext("A colleague’s own segment")


def can_share(user: User) -> bool:
    """Whether they may save segments for everybody."""
    return user.has_role(Role.MANAGER)


def can_edit(segment: Segment, user: User) -> bool:
    """One's own; those for everybody are for managers."""
    if segment.owner_id is None:
        return can_share(user)
    return segment.owner_id == user.pk


# --- Above the list -------------------------------------------------------------------------


def _seen(user_id: int) -> QuerySet[Any]:
    pins = Segment.pinned_by.through.objects.filter(segment=OuterRef("pk"), user=user_id)
    mine = Segment.objects.filter(Q(owner=None) | Q(owner=user_id))
    return mine.annotate(is_pinned=Exists(pins)).order_by("name", "pk")


SEEN: Prepared[Any] = Prepared(_seen, int)


@dataclass(frozen=True)
class Tab:
    segment: Segment
    address: str
    is_current: bool


@dataclass(frozen=True)
class Tabs:
    """The segments above the list: those pinned and the one being looked at, and the others."""

    kept: list[Tab]
    others: list[Tab]
    current: Segment | None
    # Whether the list asks something else than the segment that it came from.
    is_changed: bool

    @property
    def is_everyone(self) -> bool:
        return self.current is None


def tabs(user: User, chosen: CustomerFilter) -> Tabs:
    """In one query; `?segment=` of the list's address says where one came from."""
    came_from = chosen.data.get("segment", "")
    current: Segment | None = None
    kept: list[Tab] = []
    others: list[Tab] = []
    for segment in SEEN.all(user.pk):
        is_current = str(segment.pk) == came_from
        current = segment if is_current else current
        tab = Tab(segment, address_of(segment), is_current)
        (kept if is_current or segment.is_pinned else others).append(tab)
    now = chosen.address(sort=None, segment=None).removeprefix("?")
    return Tabs(kept, others, current, current is not None and current.query != now)


def address_of(segment: Segment) -> str:
    """The list of customers as the segment asks for it."""
    rest = f"&{segment.query}" if segment.query else ""
    return f"{reverse('crm:customer-list')}?segment={segment.pk}{rest}"
