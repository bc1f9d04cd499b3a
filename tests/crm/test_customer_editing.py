"""What is known of a customer, edited: fields of one's own, and two people at the same customer."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.live_server_helper import LiveServer

from crm import actions
from crm.actions.custom_fields import add_field
from crm.models import Customer, CustomField
from staff.models import AuditEntry, User
from tests.conftest import signed_in
from tests.factories import CustomerFactory

HTMX = {"HX-Request": "true"}
Kind = CustomField.Kind


@pytest.fixture
def ada(business: object) -> Customer:
    add_field(label="Shoe size", kind=Kind.NUMBER, by=None)
    add_field(label="Plan", kind=Kind.CHOICE, choices=["Gold", "Silver"], by=None)
    add_field(label="Sends invoices", kind=Kind.YES_NO, by=None)
    customer: Customer = CustomerFactory(
        name="Ada", city="London", custom={"shoe_size": "38.5", "from_a_file": "kept"}
    )
    return customer


def edit_url(customer: Customer) -> str:
    return reverse("crm:customer-edit", args=[customer.pk])


def as_it_is(client: Client, address: str) -> dict[str, Any]:
    """What a browser would send back from the form at an address."""
    form = client.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    shown = {name: form.fields[name].prepare_value(value) for name, value in values.items()}
    return {name: "" if value is None else value for name, value in shown.items()}


def last_change(customer: Customer) -> AuditEntry:
    entries = AuditEntry.objects.filter(target_model="crm.customer", target_id=customer.pk)
    return entries.latest("pk")


# --- Fields of one's own --------------------------------------------------------------------


def test_own_fields_stand_on_the_form_and_are_kept_by_their_kind(
    agent_client: Client, ada: Customer
) -> None:
    page = agent_client.get(edit_url(ada))
    assertContains(page, "Shoe size")
    assertContains(page, 'value="38.5"')
    sent = as_it_is(agent_client, edit_url(ada)) | {
        "custom_shoe_size": "39",
        "custom_plan": "Gold",
        "custom_sends_invoices": "no",
    }

    response = agent_client.post(edit_url(ada), sent)

    assertRedirects(response, reverse("crm:customer", args=[ada.pk]))
    ada.refresh_from_db()
    assert ada.custom == {
        "shoe_size": "39",
        "plan": "Gold",
        "sends_invoices": False,
        "from_a_file": "kept",
    }
    assert last_change(ada).changes == {
        "custom.shoe_size": ["38.5", "39"],
        "custom.plan": [None, "Gold"],
        "custom.sends_invoices": [None, False],
    }


def test_an_emptied_field_is_gone(agent_client: Client, ada: Customer) -> None:
    sent = as_it_is(agent_client, edit_url(ada)) | {"custom_shoe_size": ""}

    agent_client.post(edit_url(ada), sent)

    ada.refresh_from_db()
    assert ada.custom == {"from_a_file": "kept"}


def test_what_does_not_fit_is_said_at_its_field(agent_client: Client, ada: Customer) -> None:
    sent = as_it_is(agent_client, edit_url(ada)) | {
        "custom_shoe_size": "large",
        "custom_plan": "Bronze",
    }

    response = agent_client.post(edit_url(ada), sent)

    assertContains(response, "This is not a number")
    assertContains(response, "Bronze is not one of the available choices")
    assertContains(response, 'value="large"')
    ada.refresh_from_db()
    assert ada.custom["shoe_size"] == "38.5"


def test_a_new_customer_comes_with_them(agent_client: Client, ada: Customer) -> None:
    sent = {"kind": "person", "name": "Grace", "custom_shoe_size": "41", "custom_plan": ""}

    agent_client.post(reverse("crm:customer-create"), sent)

    grace = Customer.objects.get(name="Grace")
    assert grace.custom == {"shoe_size": "41"}
    assert last_change(grace).changes["custom.shoe_size"] == [None, "41"]


def test_the_trail_names_them_as_people_do(
    manager_client: Client, agent: User, ada: Customer
) -> None:
    actions.update_customer(customer=ada, by=agent, own={"sends_invoices": True}, owner=agent)

    response = manager_client.get(reverse("staff:audit"))

    assertContains(response, "Sends invoices: <ins>yes</ins>")
    assertContains(response, "<ins>Ana Reis</ins>")


# --- Two at once ------------------------------------------------------------------------------


def test_what_one_left_alone_does_not_take_the_others_change_back(
    agent_client: Client, ada: Customer
) -> None:
    opened = as_it_is(agent_client, edit_url(ada))
    actions.update_customer(
        customer=ada, by=None, name="Ada Lovelace", tags=["vip"], own={"plan": "Silver"}
    )

    agent_client.post(edit_url(ada), opened | {"city": "Paris"})

    ada.refresh_from_db()
    assert (ada.name, ada.city, ada.custom["plan"]) == ("Ada Lovelace", "Paris", "Silver")
    assert [tag.name for tag in ada.tags.all()] == ["vip"]
    assert last_change(ada).changes == {"city": ["London", "Paris"]}


def test_what_both_changed_is_told_and_saving_again_decides(
    agent_client: Client, ada: Customer
) -> None:
    opened = as_it_is(agent_client, edit_url(ada))
    actions.update_customer(customer=ada, by=None, city="Madrid", own={"shoe_size": "40"})

    refused = agent_client.post(edit_url(ada), opened | {"city": "Paris", "custom_shoe_size": "39"})

    assertContains(refused, "Somebody else changed this while you were writing")
    assertContains(refused, "Now it says: Madrid")
    assertContains(refused, "Now it says: 40")
    assertContains(refused, 'value="Paris"')
    ada.refresh_from_db()
    assert ada.city == "Madrid"

    again = refused.context["form"].data
    assertRedirects(agent_client.post(edit_url(ada), again), reverse("crm:customer", args=[ada.pk]))
    ada.refresh_from_db()
    assert (ada.city, ada.custom["shoe_size"]) == ("Paris", "39")


def test_two_who_write_the_same_do_not_quarrel(agent_client: Client, ada: Customer) -> None:
    opened = as_it_is(agent_client, edit_url(ada))
    actions.update_customer(customer=ada, by=None, city="Paris")

    response = agent_client.post(edit_url(ada), opened | {"city": "Paris"})

    assertRedirects(response, reverse("crm:customer", args=[ada.pk]))


@pytest.mark.parametrize("seen", ["", "nonsense", "[1]", '{"city": "x"}'])
def test_a_form_that_forgot_what_it_showed_still_saves_or_says_so(
    agent_client: Client, ada: Customer, seen: str
) -> None:
    sent = as_it_is(agent_client, edit_url(ada)) | {"city": "Paris", "seen": seen}

    response = agent_client.post(edit_url(ada), sent)

    assert response.status_code in {200, 302}


def test_line_ends_make_no_change(agent_client: Client, ada: Customer) -> None:
    Customer.objects.filter(pk=ada.pk).update(notes="Needs\r\nquiet")
    sent = as_it_is(agent_client, edit_url(ada)) | {"notes": "Needs\r\nquiet"}

    agent_client.post(edit_url(ada), sent)
    assert not AuditEntry.objects.filter(action="customer.update").exists()

    agent_client.post(edit_url(ada), sent | {"notes": "Needs\r\nsleep"})
    ada.refresh_from_db()
    assert ada.notes == "Needs\nsleep"


# --- One fact, where it stands --------------------------------------------------------------


def fact_url(customer: Customer, name: str) -> str:
    return reverse("crm:customer-fact", args=[customer.pk, name])


def test_a_fact_is_edited_in_place(agent_client: Client, ada: Customer) -> None:
    shown = agent_client.get(reverse("crm:customer", args=[ada.pk]))
    assertContains(shown, f'hx-get="{fact_url(ada, "place")}"')
    assertContains(shown, "Not known yet: What they need, expect and prefer")
    editing = agent_client.get(fact_url(ada, "place"), headers=HTMX)
    assertNotContains(editing, "<html")
    assertContains(editing, 'value="London"')
    sent = as_it_is(agent_client, fact_url(ada, "place"))

    response = agent_client.post(fact_url(ada, "place"), sent | {"city": "Paris"}, headers=HTMX)

    assertNotContains(response, "<html")
    assertContains(response, "Paris")
    assertContains(response, "data-announce")
    assertNotContains(response, "<form")
    ada.refresh_from_db()
    assert ada.city == "Paris"
    assert last_change(ada).changes == {"city": ["London", "Paris"]}


def test_without_scripts_a_fact_has_a_page(agent_client: Client, ada: Customer) -> None:
    page = agent_client.get(fact_url(ada, "notes"))
    assertContains(page, "<html")
    assertContains(page, "What do they need?")

    response = agent_client.post(fact_url(ada, "notes"), {"notes": "Quiet"})

    assertRedirects(response, reverse("crm:customer", args=[ada.pk]))
    assertContains(agent_client.get(reverse("crm:customer", args=[ada.pk])), "Quiet")


def test_cancelling_shows_the_fact_as_it_is(agent_client: Client, ada: Customer) -> None:
    response = agent_client.get(fact_url(ada, "place") + "?shown=1", headers=HTMX)

    assertContains(response, "London")
    assertNotContains(response, "<form")


def test_a_refused_fact_keeps_what_was_typed(agent_client: Client, ada: Customer) -> None:
    url = fact_url(ada, "custom_shoe_size")

    response = agent_client.post(url, {"custom_shoe_size": "wide"}, headers=HTMX)

    assertContains(response, "This is not a number", status_code=422)
    assertContains(response, 'value="wide"', status_code=422)
    empty = agent_client.post(fact_url(ada, "name"), {"name": "", "kind": "person"})
    assertContains(empty, "This field is required", status_code=422)


def test_a_stale_fact_is_told(agent_client: Client, ada: Customer) -> None:
    sent = as_it_is(agent_client, fact_url(ada, "place"))
    actions.update_customer(customer=ada, by=None, city="Madrid")

    refused = agent_client.post(fact_url(ada, "place"), sent | {"city": "Paris"}, headers=HTMX)

    assertContains(refused, "Now it says: Madrid", status_code=422)
    again = agent_client.post(fact_url(ada, "place"), refused.context["form"].data, headers=HTMX)
    assertContains(again, "Paris")


def test_name_and_owner_are_put_right_in_the_head_too(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    named = agent_client.post(
        fact_url(ada, "name"), {"name": "Ada Lovelace", "kind": "person"}, headers=HTMX
    )
    assertContains(named, '<span id="customer-name" hx-swap-oob="true">Ada Lovelace</span>')
    owned = agent_client.post(fact_url(ada, "owner"), {"owner": agent.pk}, headers=HTMX)
    assertContains(owned, 'id="customer-owner" hx-swap-oob="true"')
    assertContains(owned, "looked after by Ana Reis")


def test_only_facts_that_are_there_are_edited_and_only_by_those_who_may(
    agent_client: Client, read_only_client: Client, ada: Customer
) -> None:
    CustomField.objects.filter(key="plan").update(archived_at=ada.created_at)

    assert agent_client.get(fact_url(ada, "stage")).status_code == 404
    assert agent_client.get(fact_url(ada, "custom_plan")).status_code == 404
    assert read_only_client.get(fact_url(ada, "place")).status_code == 403
    page = read_only_client.get(reverse("crm:customer", args=[ada.pk]))
    assertNotContains(page, "fact-edit")
    assertContains(page, "from_a_file")


@pytest.mark.browser
def test_a_fact_is_edited_by_keyboard_alone(
    live_server: LiveServer, context: BrowserContext, page: Page, agent: User, ada: Customer
) -> None:
    [cookie] = signed_in(agent).cookies.values()
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page.goto(live_server.url + reverse("crm:customer", args=[ada.pk]))

    page.keyboard.press("j")
    page.keyboard.press("e")
    page.locator("#fact-name input[name=name]").fill("Somebody else")
    page.keyboard.press("Escape")
    expect(page.locator("#fact-name form")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Ada")

    page.locator("#fact-place .fact-edit").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#fact-place input[name=city]")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Paris")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#fact-place")).to_contain_text("Paris")
    expect(page.locator("#fact-place .fact-edit")).to_be_focused()
