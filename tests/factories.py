"""Rows for tests, as small as they can be and still be real. Add yours; keep the file short."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

import factory
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from crm import search, tenures
from crm.folding import fold
from crm.models import (
    Affiliation,
    Contact,
    ContactPoint,
    Contract,
    Cost,
    Customer,
    Interaction,
    Order,
    Tag,
    Task,
    TenureSpan,
)
from staff.access import Role
from staff.models import User
from staff.tokens import hashed
from support.actions.states import move
from support.actions.tickets import open_ticket
from support.models import Message, Queue, Ticket
from surveys.actions.surveys import latest_version, stock_survey
from surveys.models import Invitation, Response, Survey, SurveyRun

M = TypeVar("M", bound=Model)


class Factory(DjangoModelFactory[M], Generic[M]):
    class Meta:
        abstract = True
        skip_postgeneration_save = True


class UserFactory(Factory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@padaria-aurora.example")
    name = factory.Sequence(lambda n: f"Person {n}")
    role = Role.AGENT


class TagFactory(Factory[Tag]):
    class Meta:
        model = Tag
        django_get_or_create = ("folded",)

    name = factory.Sequence(lambda n: f"tag {n}")
    folded = factory.LazyAttribute(lambda tag: fold(tag.name))


class CustomerFactory(Factory[Customer]):
    """A lead that search finds. `email` or `phone` (E.164) gives it a primary contact of its name;
    `tags` is a list of names. A batch costs one search update per customer: bulk_create for many."""

    class Meta:
        model = Customer

    name = factory.Sequence(lambda n: f"Customer {n:04}")
    name_folded = factory.LazyAttribute(lambda customer: fold(customer.name))
    owner = factory.SubFactory(UserFactory)

    @factory.post_generation
    def tags(customer: Customer, create: bool, names: list[str] | None, **_: Any) -> None:  # noqa: N805
        customer.tags.set([TagFactory(name=name) for name in names or ()])

    @factory.post_generation
    def email(customer: Customer, create: bool, email: str | None, **_: Any) -> None:  # noqa: N805
        if email:
            ContactFactory(name=customer.name, customer=customer, email=email)

    @factory.post_generation
    def phone(customer: Customer, create: bool, phone: str | None, **_: Any) -> None:  # noqa: N805
        if phone:
            contact = customer.contacts.first() or ContactFactory(
                name=customer.name, customer=customer, email=""
            )
            ContactPoint.objects.create(contact=contact, kind=ContactPoint.Kind.PHONE, value=phone)

    @factory.post_generation
    def indexed(customer: Customer, create: bool, extracted: None, **_: Any) -> None:  # noqa: N805
        search.index([customer.pk])


class ContactFactory(Factory[Contact]):
    """Someone at `customer` (the first to ask unless somebody is), with an e-mail address ("": none)."""

    class Meta:
        model = Contact

    name = factory.Sequence(lambda n: f"Contact {n:04}")

    @factory.post_generation
    def email(contact: Contact, create: bool, email: str | None, **_: Any) -> None:  # noqa: N805
        email = f"contact{contact.pk}@example.com" if email is None else email
        if email:
            ContactPoint.objects.create(contact=contact, kind=ContactPoint.Kind.EMAIL, value=email)

    @factory.post_generation
    def customer(contact: Contact, create: bool, customer: Customer | None, **_: Any) -> None:  # noqa: N805
        if customer:
            first = not customer.affiliations.filter(is_primary=True, until=None).exists()
            Affiliation.objects.create(contact=contact, customer=customer, is_primary=first)
            search.index([customer.pk])


class ContactPointFactory(Factory[ContactPoint]):
    class Meta:
        model = ContactPoint

    contact = factory.SubFactory(ContactFactory)
    kind = ContactPoint.Kind.EMAIL
    value = factory.Sequence(lambda n: f"point{n}@example.com")


class OrderFactory(Factory[Order]):
    """Facts alone: `rebuild=True` lets the tenure follow, as the action would."""

    class Meta:
        model = Order

    customer = factory.SubFactory(CustomerFactory)
    ordered_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
    total = Decimal("100.00")
    currency = "BRL"

    @factory.post_generation
    def rebuild(order: Order, create: bool, wanted: bool | None, **_: Any) -> None:  # noqa: N805
        if wanted:
            tenures.rebuild([order.customer_id])


class ContractFactory(Factory[Contract]):
    class Meta:
        model = Contract

    customer = factory.SubFactory(CustomerFactory)
    starts_on = date(2026, 1, 1)
    amount = Decimal("50.00")
    currency = "BRL"

    @factory.post_generation
    def rebuild(contract: Contract, create: bool, wanted: bool | None, **_: Any) -> None:  # noqa: N805
        if wanted:
            tenures.rebuild([contract.customer_id])


class TenureSpanFactory(Factory[TenureSpan]):
    """A customer from 2026 on, open; the tenure follows at once unless `rebuild=False`."""

    class Meta:
        model = TenureSpan

    customer = factory.SubFactory(CustomerFactory)
    started_at = datetime(2026, 1, 1, tzinfo=UTC)

    @factory.post_generation
    def rebuild(span: TenureSpan, create: bool, wanted: bool | None, **_: Any) -> None:  # noqa: N805
        if wanted is not False:
            tenures.rebuild([span.customer_id])


class CostFactory(Factory[Cost]):
    class Meta:
        model = Cost

    purpose = Cost.Purpose.ACQUISITION
    category = "advertising"
    amount = Decimal("100.00")
    currency = "BRL"
    on = date(2026, 1, 1)


class InteractionFactory(Factory[Interaction]):
    class Meta:
        model = Interaction

    customer = factory.SubFactory(CustomerFactory)
    kind = Interaction.Kind.CALL
    direction = Interaction.Direction.IN
    summary = factory.Sequence(lambda n: f"Asked about order {n}")


class TaskFactory(Factory[Task]):
    class Meta:
        model = Task

    title = factory.Sequence(lambda n: f"Call back {n}")
    customer = factory.SubFactory(CustomerFactory)
    owner = factory.SubFactory(UserFactory)
    due_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


class QueueFactory(Factory[Queue]):
    class Meta:
        model = Queue
        django_get_or_create = ("name",)

    name = "Help"


class TicketFactory(Factory[Ticket]):
    """A row alone, without events, messages or search row: what opens a ticket is an action."""

    class Meta:
        model = Ticket

    subject = factory.Sequence(lambda n: f"Question {n:04}")
    customer = factory.SubFactory(CustomerFactory)
    queue = factory.SubFactory(QueueFactory)
    channel = Ticket.Channel.EMAIL


class SurveyRunFactory(Factory[SurveyRun]):
    """A sending of the stock NPS survey; `survey=` takes another."""

    class Meta:
        model = SurveyRun

    survey = factory.LazyFunction(lambda: stock_survey(Survey.Kind.NPS))
    version = factory.LazyAttribute(lambda run: latest_version(run.survey))
    once_key = factory.Sequence(lambda n: f"run {n}")


class InvitationFactory(Factory[Invitation]):
    """One whose mail left an hour ago, with the link /s/<token>/."""

    class Meta:
        model = Invitation

    class Params:
        token = factory.Sequence(lambda n: f"token-{n}")

    run = factory.SubFactory(SurveyRunFactory)
    survey = factory.SelfAttribute("run.survey")
    customer = factory.SubFactory(CustomerFactory)
    contact = factory.LazyAttribute(lambda one: ContactFactory(customer=one.customer))
    address = factory.LazyAttribute(lambda one: one.contact.points.get(kind="email").value)
    language = "en"
    state = Invitation.State.QUEUED
    token_hash = factory.LazyAttribute(lambda one: hashed(one.token))
    created_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    due_at = factory.SelfAttribute("created_at")
    sent_at = factory.SelfAttribute("created_at")
    expires_at = factory.LazyAttribute(lambda one: one.created_at + timedelta(days=30))


class ResponseFactory(Factory[Response]):
    """An answer that counts, to the stock survey of its `kind`, without an invitation."""

    class Meta:
        model = Response

    kind = Survey.Kind.NPS
    survey = factory.LazyAttribute(lambda response: stock_survey(response.kind))
    customer = factory.SubFactory(CustomerFactory)
    score = 9
    origin = Response.Origin.MAIL_LINK


class OpenedTicketFactory(Factory[Ticket]):
    """One that its customer opened with a message an hour ago, with all that follows from it;
    `text`, `assignee` and the like are the action's. A `state` is where it was moved since."""

    class Meta:
        model = Ticket

    customer = factory.SubFactory(CustomerFactory)
    subject = factory.Sequence(lambda n: f"The oven is broken {n}")
    text = "It does not get hot."
    channel = Ticket.Channel.EMAIL
    at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    state = Ticket.State.NEW

    @classmethod
    def _create(cls, model_class: type[Ticket], *_args: Any, state: str, **values: Any) -> Ticket:
        ticket = open_ticket(**values)
        return ticket if state == ticket.state else move(ticket=ticket, to=state, by=None)


class MessageFactory(Factory[Message]):
    """The row alone, without its event: what the customer wrote just now."""

    class Meta:
        model = Message

    ticket = factory.SubFactory(TicketFactory)
    kind = Message.Kind.RECEIVED
    from_address = "ada@example.com"
    text = factory.Sequence(lambda n: f"And another thing, {n}")
