"""Who is calling: the address that a telephone system opens."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from staff.models import Business
from tests.factories import CustomerFactory

URL = reverse("crm:lookup")


def test_one_customer_with_the_number_opens_at_once(read_only_client: Client) -> None:
    customer = CustomerFactory(phone="+5511987654321")
    page = reverse("crm:customer", args=[customer.pk])

    for spelling in ("+5511987654321", "(11) 98765-4321", " 5511987654321", "011987654321"):
        assertRedirects(read_only_client.get(URL, {"phone": spelling}), page)


@pytest.mark.parametrize(
    ("zone", "number", "spellings"),
    [
        ("Europe/Madrid", "+34612345678", ["612 34 56 78", "0034612345678", "(+34) 612345678"]),
        ("America/Sao_Paulo", "+5511987654321", ["(11) 98765-4321", "011 98765 4321"]),
        (
            "America/Mexico_City",
            "+525512345678",
            ["55 1234 5678", "+52 1 55 1234 5678", "044 55 12345678"],
        ),
        ("America/Buenos_Aires", "+5491123456789", ["011 15-2345-6789", "+54 11 15 2345 6789"]),
        ("Europe/Lisbon", "+351912345678", ["912 345 678", "00351 912345678"]),
        ("America/New_York", "+12125550123", ["(212) 555-0123", "1-212-555-0123"]),
    ],
)
def test_a_number_in_the_spellings_of_its_country(
    read_only_client: Client, business: Business, zone: str, number: str, spellings: list[str]
) -> None:
    Business.objects.update(time_zone=zone)
    page = reverse("crm:customer", args=[CustomerFactory(phone=number).pk])
    for spelling in spellings:
        assertRedirects(read_only_client.get(URL, {"phone": spelling}), page)


def test_several_who_share_it_are_a_choice(read_only_client: Client) -> None:
    CustomerFactory(name="Ada", phone="+551133334444")
    CustomerFactory(name="Grace", phone="+551133334444")

    response = read_only_client.get(URL, {"phone": "11 3333-4444"})

    assertContains(response, "Ada")
    assertContains(response, "Grace")


def test_a_number_that_nobody_has_can_be_written_down(
    agent_client: Client, read_only_client: Client
) -> None:
    response = agent_client.get(URL, {"phone": "+5511987654321"})

    assertContains(response, "Nobody has this number")
    assertContains(response, "?phone=%2B5511987654321")
    form = agent_client.get(reverse("crm:customer-create"), {"phone": "+5511987654321"})
    assertContains(form, 'value="+5511987654321"')
    assertNotContains(read_only_client.get(URL, {"phone": "+5511987654321"}), "Add this customer")


def test_what_is_no_number_is_said_so(read_only_client: Client) -> None:
    assertContains(read_only_client.get(URL, {"phone": "hello"}), "not a telephone number")
    assert read_only_client.get(URL).status_code == 200


def test_customers_are_suggested_while_one_types(read_only_client: Client) -> None:
    customer = CustomerFactory(name="Ada Lovelace")
    url = reverse("crm:customer-suggest")

    assertContains(read_only_client.get(url, {"customer": "lov"}), f"Ada Lovelace #{customer.pk}")
    assertNotContains(read_only_client.get(url, {"referred_by": " "}), "Ada Lovelace")
