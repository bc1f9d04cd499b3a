"""Who is calling: the address that a telephone system opens."""

from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from tests.factories import CustomerFactory

URL = reverse("crm:lookup")


def test_one_customer_with_the_number_opens_at_once(read_only_client: Client) -> None:
    customer = CustomerFactory(phone="+5511987654321")
    page = reverse("crm:customer", args=[customer.pk])

    for spelling in ("+5511987654321", "(11) 98765-4321", " 5511987654321", "011987654321"):
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
    assertNotContains(read_only_client.get(url, {"referred_by": " "}), "Ada")
