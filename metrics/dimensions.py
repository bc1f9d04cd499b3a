"""What customers can be told apart by: each way shares them into groups, of which each has an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django_stubs_ext import StrOrPromise

from crm import custom, segments
from crm.models import Customer, CustomField, LoyaltyTier
from crm.querysets import CustomerQuerySet
from metrics import colleagues
from metrics.scope import Scope
from metrics.segmenting import SEGMENT, WITHOUT, Chosen, Pairs
from staff.models import User

Kind = CustomField.Kind
# Of words of one's own there may be as many as customers.
MOST_WORDS = 10_000


@dataclass(frozen=True)
class Group:
    """Customers who have one thing in common, and how an address says it."""

    words: str
    pairs: Pairs
    size: int
    customers: CustomerQuerySet
    source: str = ""

    def within(self, chosen: Chosen) -> Scope:
        """The group as a scope; it has its source's costs only when nothing else is asked."""
        source = "" if chosen.scope else self.source
        return Scope("", self.words, self.customers, source)


# The groups among some customers, for a person, the largest first.
Found = Callable[[CustomerQuerySet, User], list[Group]]


@dataclass(frozen=True)
class Dimension:
    """`name` is what addresses call it, and the filter of the customer list that it goes by."""

    name: str
    label: StrOrPromise
    groups: Found


def dimensions(
    user: User, chosen: Chosen, *, request: HttpRequest | None = None
) -> list[Dimension]:
    """Those by which the chosen customers can still be told apart. By who looks after them, for managers
    (metrics.colleagues)."""
    own = [
        Dimension(custom.form_name(field), field.label, partial(_by_field, field))
        for field in custom.fields(request)
        if field.kind in (Kind.CHOICE, Kind.YES_NO)
    ]
    taken = chosen.names
    if not colleagues.can_compare(user):
        taken = taken | {"owner"}
    return [one for one in [*FIXED, *own] if one.name not in taken]


def _counted(customers: CustomerQuerySet, column: str) -> Iterator[tuple[Any, int]]:
    rows = customers.order_by().values_list(column).annotate(size=Count("pk"))
    yield from rows.order_by("-size", column)[:MOST_WORDS]


def _by_column(
    column: str,
    names: Callable[[Iterable[Any]], dict[Any, str]],
    missing: tuple[StrOrPromise, Pairs],
) -> Found:
    """By a column of customers; `missing` is what those without a value are called and asked by."""

    def groups(customers: CustomerQuerySet, _user: User) -> list[Group]:
        counted = list(_counted(customers, column))
        known = names([value for value, _size in counted if value not in (None, "")])
        found = []
        for value, size in counted:
            own = customers.filter(**{column: value})
            if value in (None, ""):
                found.append(Group(str(missing[0]), missing[1], size, own))
            elif value in known:
                source = value if column == "source" else ""
                found.append(Group(known[value], ((column, str(value)),), size, own, source))
        return found

    return groups


def _people(keys: Iterable[int]) -> dict[int, str]:
    found = User.objects.filter(pk__in=list(keys))
    return {user.pk: str(user) for user in found}


def _tiers(_keys: Iterable[int]) -> dict[int, str]:
    return {tier.pk: tier.name for tier in LoyaltyTier.objects.all()}


def _stages(_keys: Iterable[str]) -> dict[str, str]:
    return {value: str(label).capitalize() for value, label in Customer.Stage.choices}


def _languages(_keys: Iterable[str]) -> dict[str, str]:
    return {code: str(name) for code, name in settings.LANGUAGES}


def _as_written(words: Iterable[str]) -> dict[str, str]:
    return {word: word for word in words}


def _by_tag(customers: CustomerQuerySet, _user: User) -> list[Group]:
    """Somebody with two tags is in two groups."""
    ties = Customer.tags.through.objects
    counted = ties.filter(customer__in=customers.order_by().values("pk"))
    rows: Any = counted.values_list("tag", "tag__folded", "tag__name").annotate(n=Count("pk"))
    found = []
    for key, folded, name, size in rows.order_by("-n", "tag__folded")[:MOST_WORDS]:
        tied = Exists(ties.filter(customer=OuterRef("pk"), tag=key))
        found.append(Group(name, (("tag", folded),), size, customers.filter(tied)))
    untied = customers.filter(~Exists(ties.filter(customer=OuterRef("pk"))))
    if size := untied.count():
        found.append(Group(_("Without a tag"), ((WITHOUT, "tag"),), size, untied))
    return sorted(found, key=lambda group: -group.size)


def _by_field(field: CustomField, customers: CustomerQuerySet, _user: User) -> list[Group]:
    name = custom.form_name(field)
    offered: list[tuple[Any, str, str]] = [
        (choice, str(choice), str(choice)) for choice in field.choices
    ]
    if field.kind == Kind.YES_NO:
        yes, no = pgettext("in a choice", "Yes"), pgettext("in a choice", "No")
        offered = [(True, "yes", yes), (False, "no", no)]
    asked = [
        (words, ((name, text),), Q(**{f"custom__{field.key}": value}))
        for value, text, words in offered
    ]
    asked.append((_("Not filled in"), ((WITHOUT, name),), ~Q(custom__has_key=field.key)))
    counts = customers.aggregate(
        **{f"n{at}": Count("pk", filter=q) for at, (_words, _pairs, q) in enumerate(asked)}
    )
    found = [
        Group(words, pairs, counts[f"n{at}"], customers.filter(q))
        for at, (words, pairs, q) in enumerate(asked)
        if counts[f"n{at}"]
    ]
    return sorted(found, key=lambda group: -group.size)


def _by_segment(customers: CustomerQuerySet, user: User) -> list[Group]:
    """Saved segments; somebody may be in several, or in none."""
    found = []
    for segment in segments.visible_to(user)[:50]:
        if not colleagues.can_see_segment(user, segment):
            continue
        own = customers.filter(pk__in=segments.customers_of(segment).order_by().values("pk"))
        if size := own.count():
            found.append(Group(segment.name, ((SEGMENT, str(segment.pk)),), size, own))
    return sorted(found, key=lambda group: -group.size)


FIXED = [
    Dimension(
        "stage",
        gettext_lazy("Stage"),
        _by_column("stage", _stages, ("", ())),
    ),
    Dimension(
        "source",
        gettext_lazy("Source"),
        _by_column("source", _as_written, (gettext_lazy("Not known"), ((WITHOUT, "source"),))),
    ),
    Dimension("tag", gettext_lazy("Tag"), _by_tag),
    Dimension(
        "owner",
        gettext_lazy("Owner"),
        _by_column("owner", _people, (gettext_lazy("Nobody"), (("owner", "none"),))),
    ),
    Dimension(
        "tier",
        gettext_lazy("Loyalty tier"),
        _by_column("tier", _tiers, (pgettext_lazy("loyalty tier", "None"), (("tier", "none"),))),
    ),
    Dimension(
        "country",
        gettext_lazy("Country"),
        _by_column("country", _as_written, (gettext_lazy("Not known"), ((WITHOUT, "country"),))),
    ),
    Dimension(
        "language",
        gettext_lazy("Language"),
        _by_column("language", _languages, (gettext_lazy("Not known"), ((WITHOUT, "language"),))),
    ),
    Dimension(SEGMENT, gettext_lazy("Segment"), _by_segment),
]
