"""New customers, changes to them, and the people there."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Affiliation, ContactPoint, Customer
from staff.models import AuditEntry, User
from tests.factories import ContactFactory, CustomerFactory

NEW = reverse("crm:customer-create")
ADA = {"kind": "person", "name": "Ada Lovelace"}


def edit(customer: Customer) -> str:
    return reverse("crm:customer-edit", args=[customer.pk])


def test_a_customer_is_written_down_with_the_first_person_to_reach(
    agent_client: Client, agent: User
) -> None:
    data = {
        **ADA,
        "email": "Ada@Example.com",
        "phone": "(11) 98765-4321",
        "tags": "vip, pão",
        "owner": agent.pk,
    }

    response = agent_client.post(NEW, data)

    customer = Customer.objects.get()
    assertRedirects(response, reverse("crm:customer", args=[customer.pk]))
    assert customer.owner == agent
    assert {tag.name for tag in customer.tags.all()} == {"vip", "pão"}
    values = set(ContactPoint.objects.values_list("value", flat=True))
    assert values == {"ada@example.com", "+5511987654321"}
    assert customer.affiliations.get().is_primary
    assert AuditEntry.objects.filter(action="customer.create", by=agent).exists()


def test_a_missing_name_is_said_beside_the_field_and_in_the_summary(agent_client: Client) -> None:
    response = agent_client.post(NEW, {"kind": "person", "city": "Sevilla"})

    assertContains(response, 'href="#id_name"')
    assertContains(response, 'value="Sevilla"')
    assert not Customer.objects.exists()


@pytest.mark.parametrize("phone", ["12", "call me", "+99 1"])
def test_what_no_telephone_could_dial_is_refused(agent_client: Client, phone: str) -> None:
    response = agent_client.post(NEW, {**ADA, "phone": phone})

    assertContains(response, "not a telephone number")
    assertContains(response, phone)


def test_an_address_that_somebody_has_leads_to_them(agent_client: Client) -> None:
    holder = CustomerFactory(name="Grace & Co", email="grace@example.com")

    response = agent_client.post(NEW, {**ADA, "email": "GRACE@example.com"})

    assertContains(response, f'<a href="{reverse("crm:customer", args=[holder.pk])}">')
    assertContains(response, "Grace &amp; Co")
    assert Customer.objects.count() == 1


def test_the_warning_comes_while_the_form_is_filled_in(
    agent_client: Client, read_only_client: Client
) -> None:
    CustomerFactory(name="Grace", email="grace@example.com")
    url = reverse("crm:email-taken")

    assertContains(agent_client.get(url, {"email": "Grace@example.com "}), "Grace</a>")
    assertNotContains(agent_client.get(url, {"email": "new@example.com"}), "already")
    assert read_only_client.get(url).status_code == 403


def test_editing_shows_what_is_there_and_records_what_changed(
    agent_client: Client, agent: User
) -> None:
    customer = CustomerFactory(name="Ada", tags=["vip"], owner=agent)

    assertContains(agent_client.get(edit(customer)), 'value="vip"')
    data = {"kind": "company", "name": "Ada Ltd", "tags": "vip, fair", "owner": ""}
    assertRedirects(
        agent_client.post(edit(customer), data), reverse("crm:customer", args=[customer.pk])
    )

    customer.refresh_from_db()
    assert (customer.name, customer.kind, customer.owner) == ("Ada Ltd", "company", None)
    changes = AuditEntry.objects.get(action="customer.update").changes
    assert changes["name"] == ["Ada", "Ada Ltd"]


def test_a_refused_edit_changes_nothing(agent_client: Client) -> None:
    customer = CustomerFactory(name="Ada")
    data = {"kind": "person", "name": "Ada!", "referred_by": f"#{customer.pk}"}

    assertContains(agent_client.post(edit(customer), data), "Nobody refers themselves")

    customer.refresh_from_db()
    assert customer.name == "Ada"


def test_who_referred_them_is_found_by_name(agent_client: Client) -> None:
    customer = CustomerFactory(name="Ada")
    grace = CustomerFactory(name="Grace Hopper")

    agent_client.post(edit(customer), {**ADA, "referred_by": "hopper"})

    customer.refresh_from_db()
    assert customer.referred_by == grace
    assertContains(agent_client.get(edit(customer)), f"Grace Hopper #{grace.pk}")


@pytest.mark.parametrize("name", ["crm:customer-create", "crm:task-create", "crm:log"])
def test_read_only_people_open_no_form(read_only_client: Client, name: str) -> None:
    assert read_only_client.get(reverse(name)).status_code == 403
    assert read_only_client.post(reverse(name)).status_code == 403


# --- The people there ---------------------------------------------------------------------


def test_a_contact_is_added_and_changed(agent_client: Client) -> None:
    customer = CustomerFactory(email="first@example.com")
    new = reverse("crm:contact-create", args=[customer.pk])

    agent_client.post(new, {"name": "Joan", "role": "buyer", "phone": "11 3333-4444"})
    joan = Affiliation.objects.get(contact__name="Joan")
    assert not joan.is_primary

    url = reverse("crm:contact-edit", args=[joan.pk])
    assertContains(agent_client.get(url), 'value="(11) 3333-4444"')
    agent_client.post(
        url, {"name": "Joan Clarke", "email": "joan@example.com", "phone": "", "is_primary": "on"}
    )
    joan.refresh_from_db()
    assert joan.is_primary
    assert joan.contact.name == "Joan Clarke"
    living = joan.contact.points.filter(retired_at=None)
    assert [point.value for point in living] == ["joan@example.com"]


def test_a_contact_keeps_an_address_of_their_own_but_takes_nobody_elses(
    agent_client: Client,
) -> None:
    customer = CustomerFactory(email="first@example.com")
    ContactFactory(customer=customer, email="second@example.com")
    url = reverse("crm:contact-edit", args=[customer.affiliations.get(is_primary=True).pk])

    kept = agent_client.post(url, {"name": "Ada", "email": "First@example.com"})
    assertRedirects(kept, reverse("crm:customer", args=[customer.pk]))
    assertContains(
        agent_client.post(url, {"name": "Ada", "email": "second@example.com"}), "already"
    )


def test_someone_who_left_is_no_longer_shown(agent_client: Client) -> None:
    customer = CustomerFactory(email="first@example.com")
    affiliation = customer.affiliations.get()
    end = reverse("crm:contact-end", args=[affiliation.pk])

    response = agent_client.post(end, follow=True)

    assertNotContains(response, "mailto:first@example.com")
    assertContains(agent_client.post(end, follow=True), "no longer belongs")
    assert agent_client.get(reverse("crm:contact-edit", args=[affiliation.pk])).status_code == 404
