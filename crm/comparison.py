"""What the pages about duplicates show of customers: enough to tell whether two are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.text import capfirst

from crm import phones
from crm.merging import pointing, rules_about
from crm.models import Affiliation, Contact, ContactPoint, Customer, Duplicate, Tag
from staff.models import Business
from staff.pages import Count, capped_counts

# So many ways to reach somebody are enough to recognise them.
MOST_POINTS = 4


@dataclass(frozen=True)
class Card:
    """A customer with the ways to reach whoever is there, as written here."""

    customer: Customer
    points: Sequence[str] = field(default_factory=list)

    @property
    def stage_name(self) -> str:
        return capfirst(str(Customer.Stage(self.customer.stage).label))


@dataclass(frozen=True)
class PairCards:
    pair: Duplicate
    first: Card
    second: Card

    @property
    def reasons(self) -> list[str]:
        return [str(Duplicate.Reason(reason).label) for reason in self.pair.reasons]


def cards(pairs: Iterable[Duplicate], business: Business) -> list[PairCards]:
    """Both customers of each pair; one query for any number of them."""
    pairs = list(pairs)
    points = _points({pk for pair in pairs for pk in (pair.first_id, pair.second_id)}, business)
    return [
        PairCards(
            pair,
            Card(pair.first, points[pair.first_id]),
            Card(pair.second, points[pair.second_id]),
        )
        for pair in pairs
    ]


def card(customer: Customer, business: Business) -> Card:
    return Card(customer, _points({customer.pk}, business)[customer.pk])


def _points(ids: set[int], business: Business) -> dict[int, list[str]]:
    region = phones.default_region(business)
    rows = ContactPoint.objects.filter(
        retired_at=None,
        contact__affiliations__until=None,
        contact__affiliations__customer__in=ids,
    ).order_by("-contact__affiliations__is_primary", "pk")
    found: dict[int, list[str]] = defaultdict(list)
    columns = ("contact__affiliations__customer_id", "kind", "value")
    for pk, kind, value in rows.values_list(*columns):
        is_phone = kind == ContactPoint.Kind.PHONE
        if len(found[pk]) < MOST_POINTS:
            found[pk].append(phones.readable(value, region) if is_phone else value)
    return found


@dataclass(frozen=True)
class PersonCard:
    """A contact at a customer with all ways to reach them, as written here."""

    affiliation: Affiliation
    points: Sequence[str]

    @property
    def contact(self) -> Contact:
        return self.affiliation.contact


def people(affiliations: Sequence[Affiliation], business: Business) -> list[PersonCard]:
    """One query for any number of them."""
    region = phones.default_region(business)
    living = ContactPoint.objects.filter(
        retired_at=None, contact__in=[one.contact_id for one in affiliations]
    )
    points: dict[int, list[str]] = defaultdict(list)
    for contact, kind, value in living.order_by("pk").values_list("contact", "kind", "value"):
        is_phone = kind == ContactPoint.Kind.PHONE
        points[contact].append(phones.readable(value, region) if is_phone else value)
    return [PersonCard(one, points[one.contact_id]) for one in affiliations]


def moving(loser: Customer | Contact) -> list[tuple[str, Count]]:
    """What would go over to the winner, as far as there is any: (name, number); one query."""
    shown = [rule for rule in rules_about(type(loser)) if rule.shown]
    counts = capped_counts({rule.name: pointing(rule, loser.pk) for rule in shown})
    return [(str(rule.shown), counts[rule.name]) for rule in shown if counts[rule.name].number]


def united_tags(winner: Customer, loser: Customer) -> list[Tag]:
    """The tags of both, each once."""
    return list(Tag.objects.filter(customers__in=[winner, loser]).distinct())
