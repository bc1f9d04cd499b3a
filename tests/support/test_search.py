"""Tickets are found by number and by the beginnings of words, the same on both databases."""

import pytest
from django.db import connection

from crm import search as customer_search
from staff.models import User
from support import search
from support.models import Message, Participant, Queue, Ticket
from tests.factories import ContactFactory, CustomerFactory, TicketFactory, UserFactory

pytestmark = pytest.mark.django_db


def found(text: str) -> set[str]:
    return set(Ticket.objects.search(text).values_list("subject", flat=True))


@pytest.fixture
def tickets(business: object) -> list[Ticket]:
    bakery = CustomerFactory(name="Pão & Açúcar", email="joao@padaria.example")
    contact = ContactFactory(name="João Muñoz", customer=bakery, email="compras@pao.example")
    first = TicketFactory(subject="Entrega atrasada", customer=bakery, contact=contact)
    Message.objects.create(
        ticket=first, kind=Message.Kind.RECEIVED, text="O pedido 4711 não chegou ontem."
    )
    Participant.objects.create(ticket=first, address="compras@pao.example", name="Compras")
    Message.objects.create(ticket=first, kind=Message.Kind.REPLY, text="Desculpe, zarpou hoje.")
    second = TicketFactory(subject="Invoice of d'Ávila", customer=CustomerFactory(name="Ada"))
    search.index([first.pk, second.pk])
    return [first, second]


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("entrega", {"Entrega atrasada"}),
        ("ENTR atr", {"Entrega atrasada"}),
        ("pao acucar", {"Entrega atrasada"}),
        ("munoz", {"Entrega atrasada"}),
        ("compras@pao", {"Entrega atrasada"}),
        ("4711", {"Entrega atrasada"}),
        ("nao cheg", {"Entrega atrasada"}),
        ("avila", {"Invoice of d'Ávila"}),
        ("d’avi", {"Invoice of d'Ávila"}),
        ("ada invoice", {"Invoice of d'Ávila"}),
        ("entrega ada", set()),
        ("zarpou", set()),
        ("trega", set()),
        ("'", set()),
        ("  ", {"Entrega atrasada", "Invoice of d'Ávila"}),
        ('" OR *', set()),
    ],
)
def test_every_word_begins_a_word_of_it(
    tickets: list[Ticket], text: str, subjects: set[str]
) -> None:
    assert found(text) == subjects


def test_a_number_finds_its_ticket_and_not_one_that_begins_with_it(business: object) -> None:
    ada = CustomerFactory(name="Ada")  # others have numbers in their names
    Ticket.objects.bulk_create(
        [TicketFactory.build(pk=pk, customer=ada, queue=queue()) for pk in (12, 123)]
    )
    talking = TicketFactory(subject="About 12 rolls", customer=ada)
    search.index([12, 123, talking.pk])

    def numbers(text: str) -> set[int]:
        return set(Ticket.objects.search(text).values_list("pk", flat=True))

    assert numbers("#12") == {12}
    assert numbers("12") == {12, talking.pk}
    assert numbers("#123") == {123}
    assert numbers("#12 about") == set()
    assert numbers("12 about") == {talking.pk}
    assert numbers("#999999999999999999") == set()


def queue() -> Queue:
    return Queue.objects.get_or_create(name="Help")[0]


def test_a_number_shows_nothing_of_a_private_queue_to_those_outside(
    agent: User, manager: User
) -> None:
    private = Queue.objects.create(name="Staff matters", is_private=True)
    ticket = TicketFactory(subject="A complaint about Ana", queue=private)
    search.index([ticket.pk])

    for text in (f"#{ticket.pk}", str(ticket.pk), "complaint", ""):
        assert not Ticket.objects.visible_to(agent).search(text).exists()
        assert Ticket.objects.visible_to(manager).search(text).exists()
    private.members.add(agent)
    assert Ticket.objects.visible_to(agent).search(f"#{ticket.pk}").exists()


def test_a_customer_who_is_called_otherwise_is_found_by_the_new_name(
    tickets: list[Ticket],
) -> None:
    customer = tickets[1].customer
    customer.name = "Augusta King"
    customer.save()
    customer_search.index([customer.pk])

    assert found("augusta") == {"Invoice of d'Ávila"}
    assert found("ada") == set()


def test_indexing_twice_changes_nothing_and_costs_the_same_for_many(
    tickets: list[Ticket], django_assert_num_queries: object
) -> None:
    ids = [ticket.pk for ticket in tickets]
    with django_assert_num_queries(3):  # type: ignore[operator]  # the rows there, tickets, people
        assert search.index(ids) == 0
    assert search.stale(ids) == {}


@pytest.mark.parametrize("many", [0, 10_000])
def test_few_or_many_are_found_in_the_same_way(tickets: list[Ticket], many: int) -> None:
    terms = search.parse("entrega")
    assert terms is not None
    matching, is_common = search.WORDS.find(terms, many=many)
    assert is_common == (connection.vendor == "postgresql" and many == 0)

    found = Ticket.objects.visible_to(UserFactory(role=20)).filter(matching)
    assert [ticket.subject for ticket in found] == ["Entrega atrasada"]


@pytest.mark.parametrize("many", [0, 3, 10_000])
def test_of_many_only_those_that_match_are_found(tickets: list[Ticket], many: int) -> None:
    places = ("loja", "rua", "casa", "bairro", "praia", "zona")
    ovens = [TicketFactory(subject=f"Forno {place}") for place in places]
    search.index([ticket.pk for ticket in ovens])

    for text, count in [("forno", 6), ("forno entrega", 0), ("forn praia", 1)]:
        terms = search.parse(text)
        assert terms is not None
        matching, is_common = search.WORDS.find(terms, many=many)
        assert Ticket.objects.filter(matching).count() == count
        assert is_common == (connection.vendor == "postgresql" and count > many)
