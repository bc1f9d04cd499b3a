"""Search everywhere: customers, people, tickets, pages and deeds, by their beginnings."""

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from crm.models import Customer
from crm.registry import PALETTE, PaletteGroup, PaletteItem
from support import search as ticket_search
from support.models import Queue
from tests.factories import ContactFactory, CustomerFactory, TicketFactory

URL = "/search/"
HTMX = {"HX-Request": "true"}


def found(client: Client, text: str) -> dict[str, list[str]]:
    groups = client.get(URL, {"q": text}).context["groups"]
    return {group.name: [item.title for _number, item in group.items] for group in groups}


@pytest.mark.parametrize(
    "text", ["muñ", "MUNOZ ja", "javier muñoz", "jm@correo", "correo.ex", "600 111", "+34600111222"]
)
def test_a_customer_by_any_beginning(agent_client: Client, text: str) -> None:
    CustomerFactory(name="Javier Muñoz", email="jm@correo.example", phone="+34600111222")
    CustomerFactory(name="Grace")
    assert found(agent_client, text)["customers"] == ["Javier Muñoz"]


def test_somebody_at_a_company_leads_to_it(agent_client: Client) -> None:
    company = CustomerFactory(name="Hotel Sol", kind=Customer.Kind.COMPANY)
    ContactFactory(name="Ana Prieto", customer=company)
    ContactFactory(name="Berta Gil", customer=company)
    response = agent_client.get(URL, {"q": "ana pri"})
    assertContains(response, f'href="/customers/{company.pk}/"')
    assert found(agent_client, "ana pri")["contacts"] == ["Ana Prieto"]


def test_a_ticket_by_its_number_and_by_its_words(agent_client: Client) -> None:
    ticket = TicketFactory(subject="Broken chain")
    ticket_search.index([ticket.pk])
    assert found(agent_client, f"#{ticket.pk}")["tickets"] == [f"#{ticket.pk} Broken chain"]
    assert found(agent_client, "brok")["tickets"] == [f"#{ticket.pk} Broken chain"]


def test_tickets_of_a_private_queue_stay_private(
    agent_client: Client, manager_client: Client
) -> None:
    queue = Queue.objects.create(name="Board", is_private=True)
    ticket = TicketFactory(subject="Broken chain", queue=queue)
    assert "tickets" not in found(agent_client, f"#{ticket.pk}")
    assert "tickets" in found(manager_client, f"#{ticket.pk}")


def test_what_can_be_done_with_who_was_found(agent_client: Client) -> None:
    customer = CustomerFactory(name="Ana Prieto")
    titles = found(agent_client, "ana")
    assert titles["deeds"] == ["Log a call with Ana Prieto", "New customer “ana”"]
    assert titles["ticket-deeds"] == ["New ticket of Ana Prieto"]
    log = next(
        item.url
        for group in agent_client.get(URL, {"q": "ana"}).context["groups"]
        for _number, item in group.items
        if item.title.startswith("Log a call")
    )
    assertContains(agent_client.get(log), f'value="Ana Prieto #{customer.pk}"')


@pytest.mark.parametrize(
    ("text", "field"), [("600 111 222", "phone"), ("a@b.example", "email"), ("Zoe", "name")]
)
def test_who_is_not_found_can_be_added_with_what_was_typed(
    agent_client: Client, text: str, field: str
) -> None:
    groups = agent_client.get(URL, {"q": text}).context["groups"]
    [url] = [item.url for group in groups if group.name == "deeds" for _n, item in group.items]
    assert url.startswith(f"/customers/new/?{field}=")
    assertContains(agent_client.get(url), text)


def test_one_is_offered_only_what_one_may(read_only_client: Client, agent_client: Client) -> None:
    CustomerFactory(name="Ana Prieto")
    assert found(read_only_client, "ana").keys() == {"customers"}
    assert "deeds" not in found(read_only_client, "")
    assert "Settings" not in found(agent_client, "settings").get("pages", [])


def test_a_page_by_the_beginning_of_its_name(owner_client: Client) -> None:
    assert found(owner_client, "sett")["pages"] == ["Settings"]
    assert "Exports" in found(owner_client, "exp")["pages"]


def test_nothing_typed_shows_where_one_can_go(agent_client: Client) -> None:
    titles = found(agent_client, "")
    assert "Today" in titles["pages"]
    assert titles["deeds"] == ["New customer", "Log something"]
    assert "customers" not in titles


def test_the_palette_gets_options_that_a_screen_reader_can_walk(agent_client: Client) -> None:
    CustomerFactory(name="Ana Prieto")
    response = agent_client.get(URL, {"q": "ana"}, headers=HTMX)
    assertContains(response, 'id="palette-option-0" role="option"')
    assertContains(response, 'role="listbox"')
    assertContains(response, "data-count=")
    assertNotContains(response, "<html")
    assert "HX-Request" in response["Vary"]


def test_what_was_typed_is_only_text(agent_client: Client) -> None:
    response = agent_client.get(URL, {"q": '<script>"&'})
    assertNotContains(response, "<script>&")
    assertContains(response, "&lt;script&gt;")


def test_nothing_found_says_so_and_offers_to_add(read_only_client: Client) -> None:
    assertContains(read_only_client.get(URL, {"q": "zzz"}), "Nothing found")


def test_the_queries_do_not_grow_with_what_is_found(
    agent_client: Client, django_assert_max_num_queries
) -> None:
    for place in range(8):
        TicketFactory(customer=CustomerFactory(name=f"Ana {place}", kind="company"))
    # session, user, business; customers by name and by words, their people, tickets; on PostgreSQL
    # two more for each search by words
    with django_assert_max_num_queries(12):
        agent_client.get(URL, {"q": "ana"})


def test_a_higher_room_adds_a_group(agent_client: Client) -> None:
    group = PaletteGroup(
        "test", "Test", lambda _request, text: [PaletteItem(f"Found {text}", "/x/")], order=1
    )
    PALETTE.register(group)
    try:
        assert next(iter(found(agent_client, "y").items())) == ("test", ["Found y"])
    finally:
        PALETTE.remove("test")


def test_whose_name_begins_so_comes_before_who_is_found_otherwise(agent_client: Client) -> None:
    company = CustomerFactory(name="Bicis Turia", kind=Customer.Kind.COMPANY)
    ContactFactory(name="María Gil", customer=company)
    CustomerFactory(name="María Alonso")
    assert found(agent_client, "maría")["customers"] == ["María Alonso", "Bicis Turia"]
