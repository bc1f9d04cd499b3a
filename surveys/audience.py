"""Who would be asked, who would not, and why: the same answer before a send and in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from crm.among import Among
from crm.filters import CustomerFilter
from crm.models import Affiliation, ContactPoint, Customer
from mail.models import OutgoingEmail, Suppression
from staff.models import Business
from surveys import texts
from surveys.asking_hours import current_rules, leaves_at
from surveys.models import AskingRules, Skip, Survey
from surveys.throttle import HARD_LIMIT, Pauses, left_in_peace

# Customers looked at together: each batch costs the same few queries and the same memory.
BATCH = 2000

LOOKS_LIKE_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Audience:
    """Those customers, or those of the customer list under `filters`, or everyone who is a customer.

    `filters` is the list's query string: who matches is decided at the moment of asking.
    """

    customer_ids: tuple[int, ...] | None = None
    filters: str | None = None

    @property
    def is_chosen(self) -> bool:
        """Whether somebody picked the customers one by one."""
        return self.customer_ids is not None

    def customers(self) -> QuerySet[Customer]:
        if self.customer_ids is not None:
            return Customer.objects.filter(pk__in=self.customer_ids)
        if self.filters is not None:
            matching: QuerySet[Customer] = self.chosen_filter().qs
            return matching
        return Customer.objects.active().filter(stage=Customer.Stage.CUSTOMER)

    def chosen_filter(self) -> CustomerFilter:
        return CustomerFilter(QueryDict(self.filters or ""), queryset=Customer.objects.all())

    def as_json(self) -> dict[str, Any]:
        """How a SurveyRun keeps it."""
        if self.customer_ids is not None:
            return {"customers": list(self.customer_ids)}
        if self.filters is not None:
            several: dict[str, list[str]] = {}
            for name, value in self.chosen_filter().parameters():
                several.setdefault(name, []).append(value)
            alone = {name: values[0] for name, values in several.items() if len(values) == 1}
            return {"filters": {**several, **alone}}
        return {"everyone": True}

    def parameters(self) -> list[tuple[str, str]]:
        """What a form or an address carries to name it: the inverse of `from_parameters`."""
        if self.customer_ids is not None:
            return [("customer", str(pk)) for pk in self.customer_ids]
        if self.filters is not None:
            return [("audience", "filter"), *self.chosen_filter().parameters()]
        return [("audience", "everyone")]

    @classmethod
    def from_parameters(cls, given: QueryDict) -> Audience:
        """`customer=1&customer=2`, `audience=filter&stage=…`, or everyone.

        `everything` is all that the customer list's `query` finds, whoever is checked on its page.
        """
        if given.get("everything"):
            return cls.from_parameters(QueryDict(f"audience=filter&{given.get('query', '')}"))
        ids = [value for value in given.getlist("customer") if LOOKS_LIKE_ID.fullmatch(value)]
        if ids or given.getlist("customer"):
            return cls(customer_ids=tuple(dict.fromkeys(map(int, ids))))
        if given.get("audience") == "filter":
            kept = CustomerFilter(given, queryset=Customer.objects.none()).parameters()
            return cls(filters=urlencode(kept))
        return cls()


@dataclass(frozen=True)
class Person:
    """The contact who would be asked for a customer, and where."""

    contact_id: int
    name: str
    language: str
    address: str


@dataclass(frozen=True)
class Decision:
    """What becomes of one customer of the audience: asked (`reason` blank), or why not."""

    customer_id: int
    customer_name: str
    language: str
    person: Person | None
    reason: str = ""
    until: datetime | None = None


@dataclass
class Preview:
    """What a send would do: counts by reason and language, and the first names of each."""

    invited: int = 0
    languages: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    named: dict[str, list[Decision]] = field(default_factory=dict)

    NAMES = 50

    @property
    def skipped_total(self) -> int:
        return sum(self.skipped.values())

    def add(self, decision: Decision) -> None:
        if not decision.reason:
            self.invited += 1
            self.languages[decision.language] = self.languages.get(decision.language, 0) + 1
        else:
            self.skipped[decision.reason] = self.skipped.get(decision.reason, 0) + 1
        names = self.named.setdefault(decision.reason, [])
        if len(names) < self.NAMES:
            names.append(decision)


def preview_audience(*, survey: Survey, audience: Audience, business: Business) -> Preview:
    """Decide about everyone without doing anything."""
    preview = Preview()
    for batch in decide(survey=survey, audience=audience, business=business, now=timezone.now()):
        for decision in batch:
            preview.add(decision)
    return preview


def decide(
    *,
    survey: Survey,
    audience: Audience,
    business: Business,
    now: datetime,
    rules: AskingRules | None = None,
) -> Iterator[list[Decision]]:
    """Decide about the audience in batches by the customers' keys: constant queries and memory each."""
    rules = rules or current_rules()
    at = leaves_at(business, now, rules)
    rows = audience.customers().order_by("pk").values_list("pk", "name", "language", "archived_at")
    asked_already: set[int] = set()
    for batch in batched(rows.iterator(chunk_size=BATCH), BATCH):
        people, unclear = whom_to_ask(
            [pk for pk, _name, _language, archived in batch if not archived]
        )
        hindered = hindrances(
            survey=survey,
            business=business,
            people=people.values(),
            now=now,
            at=at,
            rules=rules,
        )
        shared = _serving_several(people.values())
        decisions = []
        for pk, name, language, archived in batch:
            person = people.get(pk)
            reason, until = "", None
            if archived:
                reason = Skip.Reason.ARCHIVED
            elif person is None:
                reason = Skip.Reason.MANY_CONTACTS if pk in unclear else Skip.Reason.NO_EMAIL
            elif person.contact_id in hindered:
                reason, until = hindered[person.contact_id]
            elif person.contact_id in asked_already:
                reason = Skip.Reason.SHARED_CONTACT
            elif person.contact_id in shared:
                asked_already.add(person.contact_id)
            own = person.language if person else ""
            spoken = texts.supported(own, language, business.language)
            decisions.append(Decision(pk, name, spoken, person, reason, until))
        yield decisions


def hindrances(
    *,
    survey: Survey,
    business: Business,
    people: Collection[Person],
    now: datetime,
    at: datetime | None = None,
    least_of_survey: timedelta = HARD_LIMIT,
    rules: AskingRules | None = None,
) -> dict[int, tuple[str, datetime | None]]:
    """By contact: why they must not be asked, and until when; whoever may be is not in it.

    `at` is when they would be, if not now. The rules are those of the business and of the survey,
    of which `least_of_survey` lies between two at least.
    """
    pauses = Pauses.of(survey, business, rules or current_rules(), least_of_survey=least_of_survey)
    ids = [person.contact_id for person in people]
    throttled = left_in_peace(pauses, ids, at=at or now, now=now)
    suppressed = _suppressed(people)
    found: dict[int, tuple[str, datetime | None]] = {
        pk: (Skip.Reason.THROTTLED, until) for pk, until in throttled.items()
    }
    return found | {
        person.contact_id: (Skip.Reason.SUPPRESSED, None)
        for person in people
        if person.address in suppressed
    }


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


def whom_to_ask(customer_ids: Sequence[int]) -> tuple[dict[int, Person], set[int]]:
    """Each customer's contact to ask, and the customers of whom it is unclear.

    The primary contact, or else the only current one with an e-mail; with several and none of
    them primary nobody can know.
    """
    today = timezone.localdate()
    current = Q(until=None) | Q(until__gt=today)
    begun = Q(since=None) | Q(since__lte=today)
    rows = (
        Affiliation.objects.filter(
            Among("customer_id", list(customer_ids)),
            current,
            begun,
            contact__erased_at=None,
            contact__points__kind=ContactPoint.Kind.EMAIL,
            contact__points__retired_at=None,
        )
        .order_by("customer", "-is_primary", "pk", "contact__points__pk")
        .values_list(
            "customer",
            "is_primary",
            "contact",
            "contact__name",
            "contact__language",
            "contact__points__value",
        )
    )
    people: dict[int, Person] = {}
    settled: set[int] = set()
    unclear: set[int] = set()
    for customer_id, is_primary, contact_id, name, language, address in rows:
        chosen = people.setdefault(customer_id, Person(contact_id, name, language, address))
        if is_primary:
            settled.add(customer_id)
        elif customer_id not in settled and chosen.contact_id != contact_id:
            unclear.add(customer_id)
    return {pk: person for pk, person in people.items() if pk not in unclear}, unclear


def _suppressed(people: Iterable[Person]) -> set[str]:
    addresses = [person.address for person in people]
    return Suppression.objects.suppressed_addresses(OutgoingEmail.Stream.SURVEYS, addresses)


def _serving_several(people: Iterable[Person]) -> set[int]:
    """Contacts of more than one customer: only these can come up twice in one sending."""
    return set(
        Affiliation.objects.filter(Among("contact_id", [person.contact_id for person in people]))
        .values("contact")
        .annotate(customers=Count("customer", distinct=True))
        .filter(customers__gt=1)
        .values_list("contact", flat=True)
    )
