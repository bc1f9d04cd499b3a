"""Writing the demo in batches: a thousand customers at a time, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from django.db import transaction
from django.db.models import Model
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm import search, tenures
from crm.actions.interactions import log_interactions_bulk
from crm.folding import fold
from crm.models import (
    Affiliation,
    Contact,
    ContactPoint,
    Cost,
    Customer,
    Interaction,
    Loss,
    LossReason,
    SilenceRule,
    Tag,
    Task,
)
from metrics.demo import deals, house, ledger, many, stories, words
from metrics.demo.aimed import Aimed
from metrics.demo.asked import Asked
from metrics.demo.bought import Bought
from metrics.demo.checked import hold_trainings
from metrics.demo.clock import Clock
from metrics.demo.desk import Desk
from metrics.demo.followed import Followed
from metrics.demo.history import History, Life, arrival
from metrics.demo.overheard import Overheard
from metrics.demo.people import draw
from metrics.demo.room import Room
from metrics.demo.written import Written
from staff.access import Role
from staff.bulk import save_columns
from staff.models import Business, User
from staff.refusals import Refusal

BATCH = 1000
USUAL = 600

Say = Callable[[str], None]


class NotEmpty(Refusal):
    message = _("There are customers already. Demo data goes into an empty installation only.")


@dataclass(frozen=True)
class Loaded:
    """What there is now; `signs_in` is whether the demo made the owner, with PASSWORD."""

    customers: int
    signs_in: bool


@dataclass
class Loader:
    customers: int
    years: int
    seed: int
    say: Say
    clock: Clock = field(init=False)
    business: Business = field(init=False)
    team: list[User] = field(init=False)
    tags: dict[str, Tag] = field(init=False)
    asked: Asked = field(init=False)
    bought: Bought = field(init=False)
    desk: Desk = field(init=False)

    def load(self) -> Loaded:
        """Raises NotEmpty. The first thousand customers come in the same transaction as the rest of
        the business, so that a demo that was stopped early leaves nothing."""
        if Customer.objects.exists():
            raise NotEmpty
        made, plan = 0, many.Plan.of(self.customers, BATCH)
        with transaction.atomic():
            signs_in = self._set_up()
            made += self._write(0, min(BATCH, plan.lives))
            self._around()
        before = many.highest_keys() if plan.copies else {}
        for first in range(BATCH, plan.lives, BATCH):
            made += self._write_one(first, min(first + BATCH, plan.lives), made)
        if plan.copies:
            made = self._copy(before, plan.copies, made)
            made += self._write_one(plan.lives, plan.lives + plan.rest, made)
        with transaction.atomic():
            self.asked.count_invited()
            self.asked.ask_now(self.team[0])
            Followed(self.team[0]).write()
            Overheard(self.clock, self.seed).write()
            Aimed(self.clock, self.team[0]).write()
            hold_trainings(self.clock, self.team)
            Room(self.clock, self.business, self.team, self.seed).write()
            Written(self.clock, self.business, self.team[0], self.seed).write()
        return Loaded(made, signs_in)

    def _write_one(self, first: int, last: int, so_far: int) -> int:
        """A batch in a transaction of its own."""
        if first == last:
            return 0
        with transaction.atomic():
            made = self._write(first, last)
        self._count(so_far + made)
        return made

    def _copy(self, before: Mapping[type[Model], int], copies: int, made: int) -> int:
        stretch = made - BATCH
        many.multiply(before, copies, lambda number: self._count(made + number * stretch))
        return made + copies * stretch

    def _count(self, made: int) -> None:
        self.say(_("%(count)s customers") % {"count": f"{made:,}"})

    # --- The business ------------------------------------------------------------------

    def _set_up(self) -> bool:
        business = Business.current()
        if business is None:
            house.found()
        self.business = Business.objects.get(pk=1)
        self.clock = Clock(timezone.now(), self.business.zone, self.years)
        if business is None:
            # They have been there as long as their customers.
            User.objects.update(created_at=self.clock.start)
        people = User.objects.filter(is_active=True, role__gte=Role.AGENT)
        self.team = list(people.order_by("-role", "pk")[:4])
        self.asked = Asked(self.clock, self._by(1))
        self.bought = Bought(self.clock, self.business.currency, self._by)
        self.desk = Desk(self.clock, self._by)
        Tag.objects.bulk_create(
            [Tag(name=name, folded=fold(name)) for name in words.TAGS], ignore_conflicts=True
        )
        self.tags = {tag.folded: tag for tag in Tag.objects.all()}
        SilenceRule.objects.get_or_create(
            since=self.clock.first_day, defaults={"days": 180, "applied_at": self.clock.now}
        )
        return business is None

    def _around(self) -> None:
        """What belongs to no single customer: costs, and things to do today."""
        random = Random(f"{self.seed}:around")
        scale = max(1.0, self.customers / USUAL)
        Cost.objects.bulk_create(ledger.costs(self.clock, random, scale, self.business.currency))
        known = list(
            Customer.objects.filter(stage=Customer.Stage.CUSTOMER).order_by("pk")[: BATCH // 2]
        )
        if not known:
            return
        Task.objects.bulk_create(house.things_to_do(self.clock, self.team, random, known))
        sold = Random(f"{self.seed}:deals")
        deals.write(self.clock, self.team, sold, known, self.business.currency)

    def _by(self, place: int) -> User:
        return self.team[place % len(self.team)]

    # --- A batch -----------------------------------------------------------------------

    def _batch(self, first: int, last: int) -> list[History]:
        """The histories of a batch, the oldest customer first."""
        random = Random(f"{self.seed}:{_number(first)}")
        found = stories.all_stories(self.clock) if first == 0 else []
        taken = {history.person.email for history in found}
        for place in range(first + len(found), last):
            person = draw(random, place, taken)
            found.append(Life(random, self.clock, person, 4).live(arrival(random, self.clock)))
        found.sort(key=lambda history: history.created_at)
        for place, history in enumerate(found):
            recommended = history.person.source == "recomendación" and history.referrer is None
            if recommended and place > 20 and random.random() < 0.85:
                history.referrer = found[random.randrange(place)]
        return found

    def _write(self, first: int, last: int) -> int:
        """Facts first, then everything that is derived from them."""
        number = _number(first)
        histories = self._batch(first, last)
        random = Random(f"{self.seed}:{number}:written")
        customers = self._customers(histories, random)
        contacts = self._contacts(histories, customers)
        talks, bodies = self._talks(histories, customers, contacts)
        talks += self.bought.orders(histories, customers, random)
        talks += self.bought.contracts(histories, customers)
        talks += self._losses(histories, customers)
        talks += self._promises(histories, customers)
        talks += self.asked.answers(histories, customers, contacts)
        helped = Random(f"{self.seed}:{number}:helped")
        talks += self.desk.write(histories, customers, contacts, helped, is_first=first == 0)
        Cost.objects.bulk_create(ledger.amends(histories, customers, self.business.currency))
        log_interactions_bulk(talks, bodies)
        ids = [customer.pk for customer in customers]
        tenures.rebuild(ids, now=self.clock.now)
        search.index(ids)
        return len(customers)

    def _customers(self, histories: Sequence[History], random: Random) -> list[Customer]:
        customers = []
        for history in histories:
            person = history.person
            owner = random.choices((2, 3, 1, 0, None), (34, 30, 12, 6, 18))[0]
            customers.append(
                Customer(
                    kind=Customer.Kind.COMPANY if person.is_company else Customer.Kind.PERSON,
                    name=person.name,
                    name_folded=fold(person.name)[:200],
                    owner=None if owner is None else self._by(owner),
                    source=person.source,
                    language=person.language,
                    birthday=person.birthday,
                    city=person.city,
                    country="España",
                    custom={"bicicleta": person.bicycle} if person.bicycle else {},
                    notes=history.notes,
                    created_at=history.created_at,
                )
            )
        Customer.objects.bulk_create(customers, batch_size=500)
        place = {
            id(history): customer for history, customer in zip(histories, customers, strict=True)
        }
        referred = []
        for history, customer in zip(histories, customers, strict=True):
            if history.referrer is not None:
                customer.referred_by = place[id(history.referrer)]
                referred.append(customer)
        save_columns(referred, ["referred_by"])
        through = Customer.tags.through
        through.objects.bulk_create(
            [
                through(customer_id=customer.pk, tag_id=self.tags[fold(tag)].pk)
                for history, customer in zip(histories, customers, strict=True)
                for tag in history.person.tags
            ],
            batch_size=2000,
        )
        return customers

    def _contacts(
        self, histories: Sequence[History], customers: Sequence[Customer]
    ) -> list[Contact]:
        contacts = Contact.objects.bulk_create(
            [
                Contact(
                    name=history.person.contact_name,
                    language=history.person.language,
                    created_at=history.created_at,
                )
                for history in histories
            ],
            batch_size=1000,
        )
        Affiliation.objects.bulk_create(
            [
                Affiliation(customer=customer, contact=contact, is_primary=True)
                for customer, contact in zip(customers, contacts, strict=True)
            ],
            batch_size=1000,
        )
        kinds = ContactPoint.Kind
        ContactPoint.objects.bulk_create(
            [
                ContactPoint(contact=contact, kind=kind, value=value)
                for history, contact in zip(histories, contacts, strict=True)
                for kind, value in (
                    (kinds.EMAIL, history.person.email),
                    (kinds.PHONE, history.person.phone),
                )
                if value
            ],
            batch_size=1000,
        )
        return contacts

    def _talks(
        self,
        histories: Sequence[History],
        customers: Sequence[Customer],
        contacts: Sequence[Contact],
    ) -> tuple[list[Interaction], dict[int, str]]:
        talks: list[Interaction] = []
        bodies: dict[int, str] = {}
        for history, customer, contact in zip(histories, customers, contacts, strict=True):
            for talk in history.talks:
                if talk.body:
                    bodies[len(talks)] = talk.body
                talks.append(
                    Interaction(
                        customer=customer,
                        contact=contact,
                        kind=talk.kind,
                        direction=talk.direction,
                        occurred_at=talk.at,
                        created_at=talk.at,
                        summary=talk.summary,
                        by=self._by(talk.by),
                    )
                )
        return talks, bodies

    def _losses(
        self, histories: Sequence[History], customers: Sequence[Customer]
    ) -> list[Interaction]:
        losses = [
            Loss(
                customer=customer,
                lost_at=at,
                reason=reason,
                note=note,
                by=self._by(2),
                created_at=at,
            )
            for history, customer in zip(histories, customers, strict=True)
            for at, reason, note in history.losses
        ]
        Loss.objects.bulk_create(losses, batch_size=1000)
        # In the language of the business, as a loss by hand is told.
        with translation.override(self.business.language):
            return [
                self._told(
                    loss, Interaction.Kind.LOST, "", loss.lost_at, LossReason(loss.reason).label
                )
                for loss in losses
            ]

    def _told(
        self, about: Loss | Task, kind: str, direction: str, at: datetime, summary: object
    ) -> Interaction:
        return Interaction(
            customer=about.customer,
            kind=kind,
            direction=direction,
            occurred_at=at,
            summary=str(summary),
            by=about.by if isinstance(about, Loss) else about.created_by,
            about_model=about._meta.label_lower,
            about_id=about.pk,
        )

    def _promises(
        self, histories: Sequence[History], customers: Sequence[Customer]
    ) -> list[Interaction]:
        tasks: list[Task] = []
        for history, customer in zip(histories, customers, strict=True):
            for one in history.promises:
                by = self._by(one.by)
                tasks.append(
                    Task(
                        title=one.title,
                        customer=customer,
                        owner=by,
                        due_at=one.due_at,
                        is_promise=True,
                        done_at=one.done_at,
                        done_by=by if one.done_at else None,
                        created_at=one.made_at,
                        created_by=by,
                    )
                )
            for title, due, is_promise, whose in history.tasks:
                by = self._by(whose)
                tasks.append(
                    Task(
                        title=title,
                        customer=customer,
                        owner=by,
                        due_at=due,
                        is_promise=is_promise,
                        created_at=min(self.clock.ago(5), due or self.clock.now),
                        created_by=by,
                    )
                )
        Task.objects.bulk_create(tasks, batch_size=1000)
        promise, out = Interaction.Kind.PROMISE, Interaction.Direction.OUT
        return [
            self._told(task, promise, out, task.created_at, task.title)
            for task in tasks
            if task.is_promise
        ]


def _number(first: int) -> int:
    """What a batch's chances are drawn by; the few lives after the copies are no batch of their own."""
    return first if first % BATCH else first // BATCH
