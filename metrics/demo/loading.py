"""Writing the demo in batches: a thousand customers at a time, in memory that does not grow."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import search, tenures
from crm.actions.contracts import contract_summary
from crm.actions.interactions import log_interactions_bulk
from crm.actions.orders import order_interaction
from crm.folding import fold
from crm.models import (
    Affiliation,
    Contact,
    ContactPoint,
    Contract,
    Cost,
    Customer,
    Interaction,
    Loss,
    LossReason,
    Order,
    SilenceRule,
    Tag,
    Task,
)
from metrics.demo import ledger, stories, words
from metrics.demo.clock import Clock
from metrics.demo.history import Asking, History, Life, Term, arrival
from metrics.demo.people import draw
from staff import actions as staff_actions
from staff.access import Role
from staff.bulk import save_columns
from staff.models import Business, User
from staff.refusals import Refusal
from surveys.actions.delivering import queue_batch
from surveys.actions.sending import send_survey
from surveys.actions.surveys import latest_version, stock_survey
from surveys.audience import Audience
from surveys.models import Invitation, Response, Survey, SurveyRun, SurveyVersion

BATCH = 1000
USUAL = 600
OWNER_EMAIL = "owner@demo.example"
PASSWORD = "bicis-en-valencia"  # noqa: S105 - printed, and only ever for made-up data
TEAM = (
    ("marc@demo.example", "Marc Ferrer", Role.MANAGER, "es"),
    ("lucia@demo.example", "Lucía Ortega", Role.AGENT, "es"),
    ("rafael@demo.example", "Rafael Costa", Role.AGENT, "pt-br"),
    ("gestoria@demo.example", "Gestoría Soler", Role.READ_ONLY, "es"),
)
ASKED_NOW = 14

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
    surveys: dict[str, Survey] = field(init=False)
    versions: dict[str, SurveyVersion] = field(init=False)
    runs: dict[tuple[str, date], SurveyRun] = field(default_factory=dict)
    invited: Counter[int] = field(default_factory=Counter)

    def load(self) -> Loaded:
        """Raises NotEmpty. The first thousand customers come in the same transaction as the rest of
        the business, so that a demo that was stopped early leaves nothing."""
        if Customer.objects.exists():
            raise NotEmpty
        made = 0
        with transaction.atomic():
            signs_in = self._set_up()
            made += self._write(0)
            self._around()
        for number in range(1, -(-self.customers // BATCH)):
            with transaction.atomic():
                made += self._write(number)
            self.say(_("%(count)s customers") % {"count": f"{made:,}"})
        with transaction.atomic():
            self._count_invited()
            self._ask_now()
        return Loaded(made, signs_in)

    # --- The business ------------------------------------------------------------------

    def _set_up(self) -> bool:
        business = Business.current()
        if business is None:
            self._found()
        self.business = Business.objects.get(pk=1)
        self.clock = Clock(timezone.now(), self.business.zone, self.years)
        people = User.objects.filter(is_active=True, role__gte=Role.AGENT)
        self.team = list(people.order_by("-role", "pk")[:4])
        self.surveys = {kind: stock_survey(kind) for kind in Survey.Kind.values}
        self.versions = {kind: latest_version(survey) for kind, survey in self.surveys.items()}
        Tag.objects.bulk_create(
            [Tag(name=name, folded=fold(name)) for name in words.TAGS], ignore_conflicts=True
        )
        self.tags = {tag.folded: tag for tag in Tag.objects.all()}
        SilenceRule.objects.get_or_create(
            since=self.clock.first_day, defaults={"days": 180, "applied_at": self.clock.now}
        )
        return business is None

    def _found(self) -> None:
        owner = staff_actions.set_up(
            name="Taller Aurora",
            time_zone="Europe/Madrid",
            currency="EUR",
            languages=["es", "pt-br", "en"],
            language="es",
            owner_email=OWNER_EMAIL,
            owner_name="Aurora Vidal",
            password=PASSWORD,
        )
        User.objects.filter(pk=owner.pk).update(language="en")
        # The same password for all: hashed once, because hashing is slow on purpose.
        User.objects.bulk_create(
            User(email=email, name=name, role=role, language=language, password=owner.password)
            for email, name, role, language in TEAM
        )
        Business.objects.update(
            email="hola@taller-aurora.example",
            postal_address="Carrer de Sueca 41, 46006 València",
        )

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
        Task.objects.bulk_create(self._things_to_do(random, known))

    def _things_to_do(self, random: Random, known: Sequence[Customer]) -> Iterator[Task]:
        ahead, ago = self.clock.ahead, self.clock.ago
        # when it is due, promised or not, and whose of the team
        plan = [
            (ahead(0, 20), True, 0),
            (ahead(0, 21), False, 2),
            (ahead(0, 21), True, 3),
            (ago(1, 13), False, 0),
            (ago(3, 18), True, 2),
            (ahead(1), False, 0),
            (ahead(1), True, 1),
            (ahead(2), False, 2),
            (ahead(3), True, 3),
            (ahead(5), False, 1),
            (ahead(8), True, 0),
            (None, False, 0),
        ]
        for due, is_promise, whose in plan:
            title = random.choice(words.PROMISES if is_promise else words.TASKS)
            by = self._by(whose)
            yield Task(
                title=title,
                customer=random.choice(known),
                owner=by,
                due_at=due,
                is_promise=is_promise,
                created_by=by,
                created_at=self.clock.ago(4),
            )

    def _by(self, place: int) -> User:
        return self.team[place % len(self.team)]

    # --- A batch -----------------------------------------------------------------------

    def _batch(self, number: int) -> list[History]:
        """The histories of a batch, the oldest customer first."""
        random = Random(f"{self.seed}:{number}")
        found = stories.all_stories(self.clock) if number == 0 else []
        first = number * BATCH
        taken = {history.person.email for history in found}
        for place in range(first + len(found), min(first + BATCH, self.customers)):
            person = draw(random, place, taken)
            found.append(Life(random, self.clock, person, 4).live(arrival(random, self.clock)))
        found.sort(key=lambda history: history.created_at)
        for place, history in enumerate(found):
            recommended = history.person.source == "recomendación" and history.referrer is None
            if recommended and place > 20 and random.random() < 0.85:
                history.referrer = found[random.randrange(place)]
        return found

    def _write(self, number: int) -> int:
        """Facts first, then everything that is derived from them."""
        histories = self._batch(number)
        random = Random(f"{self.seed}:{number}:written")
        customers = self._customers(histories, random)
        contacts = self._contacts(histories, customers)
        talks, bodies = self._talks(histories, customers, contacts)
        talks += self._orders(histories, customers, random)
        talks += self._contracts(histories, customers)
        talks += self._losses(histories, customers)
        talks += self._promises(histories, customers)
        talks += self._answers(histories, customers, contacts)
        self._amends(histories, customers)
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

    def _orders(
        self, histories: Sequence[History], customers: Sequence[Customer], random: Random
    ) -> list[Interaction]:
        orders = [
            Order(
                customer=customer,
                ordered_at=at,
                total=total,
                cost=cost,
                currency=self.business.currency,
                rate=Decimal(1),
                created_at=at,
            )
            for history, customer in zip(histories, customers, strict=True)
            for at, total, cost in history.purchases
        ]
        Order.objects.bulk_create(orders, batch_size=1000)
        return [order_interaction(order, by=self._by(random.randrange(4))) for order in orders]

    def _contracts(
        self, histories: Sequence[History], customers: Sequence[Customer]
    ) -> list[Interaction]:
        """The last of each chain first, because the one before it points to it."""
        made: dict[int, Contract] = {}
        longest = max((len(history.terms) for history in histories), default=0)
        for step in range(1, longest + 1):
            batch: list[tuple[Term, Contract]] = []
            for history, customer in zip(histories, customers, strict=True):
                if step <= len(history.terms):
                    term = history.terms[-step]
                    batch.append((term, self._contract(term, customer, made)))
            Contract.objects.bulk_create([contract for _term, contract in batch], batch_size=1000)
            made |= {id(term): contract for term, contract in batch}
        return [
            Interaction(
                customer_id=contract.customer_id,
                kind=Interaction.Kind.CONTRACT,
                direction=Interaction.Direction.IN,
                occurred_at=contract.created_at,
                summary=contract_summary(contract),
                by=self._by(1),
                about_model="crm.contract",
                about_id=contract.pk,
            )
            for contract in made.values()
        ]

    def _contract(self, term: Term, customer: Customer, made: dict[int, Contract]) -> Contract:
        begun = self.clock.midnight(term.starts_on) + timedelta(hours=10)
        return Contract(
            customer=customer,
            starts_on=term.starts_on,
            ends_on=term.ends_on,
            cancelled_on=term.cancelled_on,
            reason=term.reason,
            amount=term.amount,
            interval=term.interval,
            currency=self.business.currency,
            rate=Decimal(1),
            renewed_by=made[id(term.renewed)] if term.renewed else None,
            created_at=min(max(begun, customer.created_at), self.clock.now),
        )

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
        return [
            self._told(loss, Interaction.Kind.LOST, "", loss.lost_at, LossReason(loss.reason).label)
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

    def _amends(self, histories: Sequence[History], customers: Sequence[Customer]) -> None:
        Cost.objects.bulk_create(
            Cost(
                purpose=Cost.Purpose.EXPERIENCE,
                category="other",
                amount=amount,
                currency=self.business.currency,
                on=on,
                customer=customer,
                note=note,
            )
            for history, customer in zip(histories, customers, strict=True)
            for on, amount, note in history.amends
        )

    # --- What they answered --------------------------------------------------------------

    def _run(self, kind: str, at: datetime) -> SurveyRun:
        """The sending that an invitation belongs to: a wave of its day, or its week's."""
        on = at.astimezone(self.clock.zone).date()
        if kind != Survey.Kind.NPS:
            on -= timedelta(days=on.weekday())
        if (kind, on) not in self.runs:
            survey = self.surveys[kind]
            everyone = kind == Survey.Kind.NPS
            self.runs[kind, on] = SurveyRun.objects.create(
                survey=survey,
                version=self.versions[kind],
                audience={"everyone": True} if everyone else {"filters": {"bought_since": str(on)}},
                once_key=f"demo:{kind}:{on}",
                created_at=min(at, self.clock.midnight(on) + timedelta(hours=10)),
                by=self._by(1),
            )
        return self.runs[kind, on]

    def _answers(
        self,
        histories: Sequence[History],
        customers: Sequence[Customer],
        contacts: Sequence[Contact],
    ) -> list[Interaction]:
        asked = [
            (asking, self._invitation(asking, history, customer, contact))
            for history, customer, contact in zip(histories, customers, contacts, strict=True)
            for asking in history.askings
        ]
        Invitation.objects.bulk_create([one for _asking, one in asked], batch_size=1000)
        responses = [
            Response(
                survey_id=invitation.survey_id,
                kind=asking.kind,
                version_id=invitation.run.version_id,
                invitation=invitation,
                customer=invitation.customer,
                contact=invitation.contact,
                score=asking.score,
                comment=asking.comment,
                answered_at=asking.answered_at,
                created_at=asking.answered_at,
                origin=Response.Origin.MAIL_LINK,
                language=invitation.language,
            )
            for asking, invitation in asked
            if asking.answered_at is not None
        ]
        Response.objects.bulk_create(responses, batch_size=1000)
        self.invited.update(invitation.run_id for _asking, invitation in asked)
        sent = [self._sent(invitation) for _asking, invitation in asked]
        return sent + [self._received(response) for response in responses]

    def _invitation(
        self, asking: Asking, history: History, customer: Customer, contact: Contact
    ) -> Invitation:
        run = self._run(asking.kind, asking.at)
        answered = asking.answered_at is not None
        return Invitation(
            run=run,
            survey_id=run.survey_id,
            customer=customer,
            contact=contact,
            address=history.person.email,
            language=history.person.language,
            state=Invitation.State.ANSWERED if answered else Invitation.State.QUEUED,
            created_at=asking.at,
            expires_at=asking.at + timedelta(days=30),
            sent_at=asking.at + timedelta(minutes=2),
            bounced_at=asking.at + timedelta(minutes=3) if asking.bounced else None,
        )

    def _sent(self, invitation: Invitation) -> Interaction:
        return Interaction(
            customer_id=invitation.customer_id,
            contact_id=invitation.contact_id,
            kind=Interaction.Kind.SURVEY_INVITATION,
            direction=Interaction.Direction.OUT,
            channel="email",
            occurred_at=invitation.created_at,
            summary=invitation.run.survey.name,
            by_id=invitation.run.by_id,
            about_model="surveys.invitation",
            about_id=invitation.pk,
        )

    def _received(self, response: Response) -> Interaction:
        name = self.surveys[response.kind].name
        return Interaction(
            customer=response.customer,
            contact=response.contact,
            kind=Interaction.Kind.SURVEY_RESPONSE,
            direction=Interaction.Direction.IN,
            channel="email",
            occurred_at=response.answered_at,
            summary=f"{name}: {response.score}",
            about_model="surveys.response",
            about_id=response.pk,
        )

    def _count_invited(self) -> None:
        runs = list(self.runs.values())
        for run in runs:
            run.invited = self.invited[run.pk]
        save_columns(runs, ["invited"])

    def _ask_now(self) -> None:
        """Ask a few customers for real: their mails wait in the outbox, with links that work."""
        recent = Customer.objects.filter(stage=Customer.Stage.CUSTOMER, last_order_at__isnull=False)
        chosen = recent.order_by("-last_order_at", "pk").values_list("pk", flat=True)[:ASKED_NOW]
        if not chosen:
            return
        send_survey(
            survey=self.surveys[Survey.Kind.NPS],
            audience=Audience(tuple(chosen)),
            once_key=secrets.token_hex(16),
            by=self.team[0],
        )
        queue_batch()
