"""Who writes to the desk, and what a new ticket comes with."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from crm import search as crm_search
from crm.models import Affiliation, Contact, Customer
from staff.models import AuditEntry, Business, User
from support import desk, projection, search, targets
from support.actions.tickets import open_ticket
from support.actions.turns import Rota
from support.correspondents import Correspondent, clean_text, who_is
from support.models import Ticket
from support.spans import rebuild_spans
from tests.factories import (
    ContactFactory,
    ContactPointFactory,
    CustomerFactory,
    OpenedTicketFactory,
    QueueFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def opened(**values: object) -> Ticket:
    defaults = {"customer": None, "subject": "Oven", "text": "It is cold", "channel": "email"}
    return open_ticket(**{**defaults, **values})  # type: ignore[arg-type]


# --- Who it is -----------------------------------------------------------------------------------


def test_a_stranger_becomes_a_lead_with_a_clean_name(business: Business) -> None:
    customer, contact = who_is(Correspondent("Ada@Example.com", ' "Ada\u202e\n  Lovelace" ', "es"))

    assert contact is not None
    assert (customer.name, customer.stage, customer.source) == ("Ada Lovelace", "lead", "support")
    assert (contact.name, contact.language) == ("Ada Lovelace", "es")
    assert contact.points.get().value == "ada@example.com"
    assert Affiliation.objects.get().is_primary
    assert crm_search.stale([customer.pk]) == {}
    assert AuditEntry.objects.get(action="customer.create").changes["email"] == [
        None,
        "ada@example.com",
    ]
    assert who_is(Correspondent("ADA@example.com", "Somebody else")) == (customer, contact)


def test_a_stranger_without_a_name_is_called_by_their_address(business: Business) -> None:
    customer, _contact = who_is(Correspondent("ada@example.com", " ", "xx"))

    assert (customer.name, customer.language) == ("ada@example.com", "")


def test_a_contact_of_several_speaks_for_the_one_where_they_come_first(business: Business) -> None:
    contact = ContactFactory(email="ada@example.com")
    boss = ContactFactory(email="")
    first, second, third = CustomerFactory(), CustomerFactory(), CustomerFactory()
    Affiliation.objects.create(contact=boss, customer=first, is_primary=True)
    Affiliation.objects.create(contact=contact, customer=first)
    Affiliation.objects.create(contact=contact, customer=second, is_primary=True)
    Affiliation.objects.create(contact=contact, customer=third, until=timezone.localdate())

    assert who_is(Correspondent("ada@example.com")) == (second, contact)
    Affiliation.objects.filter(customer=second).update(until=timezone.localdate())
    assert who_is(Correspondent("ada@example.com")) == (first, contact)
    Affiliation.objects.filter(contact=contact).update(until=timezone.localdate())
    lead, same = who_is(Correspondent("ada@example.com"))
    assert (lead.name, lead.source, same) == (contact.name, "support", contact)
    assert who_is(Correspondent("ada@example.com")) == (lead, contact)


def test_an_address_given_up_is_somebody_elses(business: Business) -> None:
    gone = ContactPointFactory(value="ada@example.com", retired_at=timezone.now())

    _customer, contact = who_is(Correspondent("ada@example.com", "Ada"))

    assert contact != gone.contact


def test_all_who_can_not_be_told_apart_are_one(business: Business) -> None:
    nobody = who_is(Correspondent("", "Somebody"))

    assert nobody == who_is(Correspondent("no address", ""))
    assert nobody[1] is None
    assert (Customer.objects.count(), Contact.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Ada  Lovelace", "Ada Lovelace"),
        ("'Ada'\r\nBcc: all", "Ada' Bcc: all"),
        ("A\x00da\u200b", "A da"),
        ("<ada@example.com>", "ada@example.com"),
    ],
)
def test_texts_are_one_line(text: str, clean: str) -> None:
    assert clean_text(text) == clean


# --- What a new ticket comes with ---------------------------------------------------------------


def test_all_that_follows_from_it_is_as_recomputed(business: Business, agent: User) -> None:
    known = ContactFactory(email="bob@example.com", customer=CustomerFactory(name="Bob"))
    tickets = [
        opened(requester=Correspondent("ada@example.com", "Ada")),
        opened(requester=Correspondent("bob@example.com", "Robert")),
        opened(customer=known.customers.get(), contact=known, channel="phone", by=agent),
        opened(customer=known.customers.get(), contact=known, channel="staff", by=agent),
        opened(requester=Correspondent("x@example.com"), at=timezone.now() - timedelta(days=60)),
        opened(requester=Correspondent("x@example.com"), automatic="auto-replied"),
    ]

    ids = [ticket.pk for ticket in tickets]
    assert projection.differing(ids) == []
    assert targets.differing(ids) == []
    assert search.stale(ids) == {}
    spans = [ticket.open_spans.values_list("started_at", "ended_at").get() for ticket in tickets]
    rebuild_spans(ids)
    assert [one.open_spans.values_list("started_at", "ended_at").get() for one in tickets] == spans
    assert [one.events.first().version for one in tickets] == [1] * 6  # type: ignore[union-attr]


def test_who_opened_it(business: Business, agent: User) -> None:
    phone = opened(customer=CustomerFactory(), channel="phone", by=agent)
    survey = opened(customer=CustomerFactory(), channel="survey")
    mail = opened(requester=Correspondent("ada@example.com", "Ada"))

    actors = [one.events.get(kind="opened").actor for one in (phone, survey, mail)]
    assert actors == ["staff", "system", "customer"]
    assert phone.messages.get().author == agent
    assert phone.customer.interactions.get().direction == "in"


def test_the_language_is_the_contacts_else_the_customers(business: Business) -> None:
    customer = CustomerFactory(language="es")
    contact = ContactFactory(customer=customer, language="pt-br")

    assert opened(customer=customer, contact=contact).language == "pt-br"
    assert opened(customer=customer).language == "es"
    assert opened(customer=customer, language="en").language == "en"


def test_opening_asks_little(business: Business, django_assert_max_num_queries: object) -> None:
    sender = Correspondent("ada@example.com", "Ada")
    opened(requester=sender)
    # Who it is and where they belong, the queue, service levels and calendar; keys; ticket,
    # participant, message, events, span, target, search row, interaction, the customer's date.
    # What is written is one statement on PostgreSQL, but for the last two.
    limit = 15 if connection.vendor == "sqlite" else 9
    with django_assert_max_num_queries(limit):  # type: ignore[operator]
        opened(requester=sender)


# --- Whose turn it is ----------------------------------------------------------------------------


def test_new_tickets_go_round(business: Business) -> None:
    queue = QueueFactory(name="Turns", is_round_robin=True)
    busy, first, second, gone, elsewhere = (UserFactory() for _ in range(5))
    queue.members.set([busy, first, second, gone])
    gone.is_active = False
    gone.save()
    customer = CustomerFactory()
    for _ in range(2):
        OpenedTicketFactory(customer=customer, assignee=busy, queue=desk.default_queue())

    given = [opened(customer=customer, queue=queue).assignee for _ in range(5)]

    assert given == [first, second, first, second, busy]
    assert elsewhere not in given
    assert opened(customer=customer, queue=queue, assignee=elsewhere).assignee == elsewhere
    queue.members.clear()
    assert Rota(queue).next() is None
    assert opened(customer=customer, queue=queue).assignee is None
