"""Who would be written to, who would not, and why: the same answer before a sending and in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from crm import segments
from crm.consents import with_consent
from crm.models import Affiliation, Consent, ContactPoint, Customer, Outreach, OutreachMessage
from mail.models import OutgoingEmail, Suppression
from staff.models import Business

# Customers looked at together: each batch costs the same few queries and the same memory.
BATCH = 1000
# Of how many a page tells beforehand what becomes of them.
MOST = 20_000
Reason = OutreachMessage.Reason
State = OutreachMessage.State


@dataclass(frozen=True)
class Person:
    """The contact who is written to for a customer, and where."""

    contact_id: int
    name: str
    language: str
    address: str


@dataclass(frozen=True)
class Decision:
    """What becomes of one customer: written to (`reason` blank), or why not."""

    customer_id: int
    customer_name: str
    language: str
    person: Person | None
    reason: str = ""


@dataclass
class Preview:
    """What a sending would do: counts by reason and language, and the first names of each."""

    written: int = 0
    languages: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    named: dict[str, list[Decision]] = field(default_factory=dict)
    # More than a page can wait for: the counts are those of the first MOST customers.
    is_partial: bool = False

    NAMES = 50

    @property
    def left_out_total(self) -> int:
        return sum(self.left_out.values())

    def add(self, decision: Decision) -> None:
        if not decision.reason:
            self.written += 1
            self.languages[decision.language] = self.languages.get(decision.language, 0) + 1
        else:
            self.left_out[decision.reason] = self.left_out.get(decision.reason, 0) + 1
        names = self.named.setdefault(decision.reason, [])
        if len(names) < self.NAMES:
            names.append(decision)


def preview(*, outreach: Outreach, business: Business) -> Preview:
    """Decide about everyone, or the first MOST, without doing anything."""
    found = Preview()
    deciding = Deciding(outreach, business, later(outreach, timezone.now()))
    customers = segments.customers_of(outreach.segment)
    for number, batch in enumerate(in_batches(customers)):
        if number * BATCH >= MOST:
            found.is_partial = True
            break
        for decision in deciding.about(batch):
            found.add(decision)
    return found


def later(outreach: Outreach, now: datetime) -> datetime:
    """When it leaves: now, or when it is due."""
    return max(now, outreach.due_at) if outreach.due_at else now


def in_batches(customers: QuerySet[Customer], *, after: int = 0) -> Iterator[list[int]]:
    """The keys of these customers in their order, each batch by a query of its own."""
    while True:
        beyond = customers.filter(pk__gt=after).order_by("pk")
        batch = list(beyond.values_list("pk", flat=True)[:BATCH])
        if not batch:
            return
        yield batch
        after = batch[-1]


def language_of(texts: dict[str, Any], *spoken: str) -> str:
    """The first of these languages that the outreach has words in; the last is the business's own."""
    return next((code for code in spoken if code and texts.get(code)), spoken[-1])


@dataclass
class Deciding:
    """Decides for one outreach at one moment, remembering within it who has been taken."""

    outreach: Outreach
    business: Business
    now: datetime
    taken: set[int] = field(default_factory=set)

    def about(self, customer_ids: Sequence[int]) -> list[Decision]:
        """In the order of the keys, in at most eight queries however many they are."""
        rows = list(
            Customer.objects.filter(pk__in=customer_ids)
            .order_by("pk")
            .values_list("pk", "name", "language", "archived_at")
        )
        people = whom_to_write([pk for pk, _name, _language, archived in rows if not archived])
        hindered = self._hindrances(people.values())
        shared = self._shared(people)
        unknown = [pk for pk, *_rest, archived in rows if not archived and pk not in people]
        erased = _erased(unknown) if unknown else set()
        decisions = []
        for pk, name, language, archived in rows:
            person = people.get(pk)
            if archived:
                reason = str(Reason.ARCHIVED)
            elif person is None:
                reason = str(Reason.ERASED if pk in erased else Reason.NO_EMAIL)
            elif person.contact_id in hindered:
                reason = hindered[person.contact_id]
            else:
                reason = self._taken_by_another(pk, person.contact_id, shared)
            own = person.language if person else ""
            spoken = language_of(self.outreach.texts, own, language, self.business.language)
            decisions.append(Decision(pk, name, spoken, person, reason))
        return decisions

    def _taken_by_another(self, customer_id: int, contact_id: int, shared: dict[int, int]) -> str:
        """Of one person's customers the first is written to."""
        if contact_id not in shared:
            return ""
        if contact_id in self.taken or shared[contact_id] not in (0, customer_id):
            return str(Reason.SAME_ADDRESS)
        self.taken.add(contact_id)
        return ""

    def _hindrances(self, people: Iterable[Person]) -> dict[int, str]:
        """By contact: why they must not be written to now; whoever may be is not in it."""
        people = list(people)
        ids = [person.contact_id for person in people]
        addresses = [person.address for person in people]
        stream = OutgoingEmail.Stream.OUTREACH
        suppressed = Suppression.objects.suppressed_addresses(stream, addresses)
        found: dict[int, str] = {}
        if self.outreach.purpose == Outreach.Purpose.NEWS:
            found |= dict.fromkeys(self._written_lately(ids), str(Reason.TOO_SOON))
            agreed = with_consent(ids, Consent.Purpose.OUTREACH)
            found |= dict.fromkeys(set(ids) - agreed, str(Reason.NO_CONSENT))
        return found | {
            person.contact_id: str(Reason.SUPPRESSED)
            for person in people
            if person.address in suppressed
        }

    def _written_lately(self, contact_ids: Collection[int]) -> set[int]:
        rows = (
            OutreachMessage.objects.filter(contact__in=contact_ids, state=State.QUEUED)
            .values_list("contact")
            .annotate(last=Max("queued_at"))
        )
        since = self.now - timedelta(days=self.business.outreach_pause_days)
        return {contact_id for contact_id, last in rows if last and last > since}

    def _shared(self, people: dict[int, Person]) -> dict[int, int]:
        """Contacts of several customers, with the one for whom this outreach has them already (or 0)."""
        several: dict[int, int] = dict.fromkeys(
            Affiliation.objects.filter(contact__in=[one.contact_id for one in people.values()])
            .values("contact")
            .annotate(customers=Count("customer", distinct=True))
            .filter(customers__gt=1)
            .values_list("contact", flat=True),
            0,
        )
        if several and self.outreach.pk:
            there = self.outreach.messages.filter(
                contact__in=several, state__in=[State.PENDING, State.QUEUED]
            )
            if self.outreach.moment != Outreach.Moment.ONCE:
                there = there.filter(created_at__gt=self.now - timedelta(hours=20))
            several |= dict(there.order_by("-pk").values_list("contact", "customer"))
        return several


def whom_to_write(customer_ids: Sequence[int]) -> dict[int, Person]:
    """Each customer's primary contact, or else the first current one, with an e-mail address."""
    rows = (
        _current(customer_ids)
        .filter(
            contact__erased_at=None,
            contact__points__kind=ContactPoint.Kind.EMAIL,
            contact__points__retired_at=None,
        )
        .order_by("customer", "-is_primary", "pk", "contact__points__pk")
        .values_list(
            "customer",
            "contact",
            "contact__name",
            "contact__language",
            "contact__points__value",
        )
    )
    people: dict[int, Person] = {}
    for customer_id, contact_id, name, language, address in rows:
        people.setdefault(customer_id, Person(contact_id, name, language, address))
    return people


def _current(customer_ids: Sequence[int]) -> QuerySet[Affiliation]:
    today = timezone.localdate()
    running = Q(until=None) | Q(until__gt=today)
    begun = Q(since=None) | Q(since__lte=today)
    return Affiliation.objects.filter(running, begun, customer__in=customer_ids)


def _erased(customer_ids: Sequence[int]) -> set[int]:
    """Those whose people were all erased."""
    rows = _current(customer_ids).values_list("customer", "contact__erased_at")
    living = {pk for pk, erased_at in rows if erased_at is None}
    return {pk for pk, _erased_at in rows} - living
