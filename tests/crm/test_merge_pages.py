"""The queue of possible duplicates, two customers side by side, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm import duplicates
from crm.actions import merging
from crm.models import Customer, CustomField, Duplicate, MergedCustomer
from staff.models import AuditEntry, ChangeSet, User
from tests.conftest import signed_in
from tests.factories import CustomerFactory, InteractionFactory, OrderFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("business")]
QUEUE = "/customers/duplicates/"


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def pair(number: int = 0, **more: object) -> tuple[Customer, Customer]:
    phone = f"+55119876543{number:02}"
    one = CustomerFactory(name=f"Ana Souza {number}", city="Recife", phone=phone)
    other = CustomerFactory(name=f"Souza Ana {number}", phone=phone, **more)
    look()
    return one, other


def look() -> None:
    while duplicates.search(10):
        pass


def merge_page(winner: Customer, loser: Customer) -> str:
    return reverse("crm:customer-merge-with", args=[winner.pk, loser.pk])


# --- The queue -----------------------------------------------------------------------------


def test_an_empty_queue_says_what_would_be_there(agent_client: Client) -> None:
    assert "No duplicates in sight" in text_of(agent_client, QUEUE)


def test_the_queue_shows_both_and_why(agent_client: Client) -> None:
    one, other = pair()
    text = text_of(agent_client, QUEUE)
    for said in (one.name, other.name, "(11) 98765-4300", "Same phone", "Recife"):
        assert said in text
    assert merge_page(one, other) in text


def test_read_only_people_decide_nothing(read_only_client: Client) -> None:
    one, other = pair()
    assert "These are two" not in text_of(read_only_client, QUEUE)
    assert read_only_client.get(merge_page(one, other)).status_code == 403
    dismiss = reverse("crm:duplicate-dismiss", args=[Duplicate.objects.get().pk])
    assert read_only_client.post(dismiss).status_code == 403


def test_the_queue_costs_the_same_however_long(agent_client: Client) -> None:
    pair()
    agent_client.get(QUEUE)
    with CaptureQueriesContext(connection) as few:
        agent_client.get(QUEUE)
    for number in range(1, 9):
        pair(number)
    with CaptureQueriesContext(connection) as many:
        agent_client.get(QUEUE)
    assert len(few) == len(many) <= 10


def test_the_archived_are_not_offered(agent_client: Client) -> None:
    one, _other = pair()
    Customer.objects.filter(pk=one.pk).update(archived_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert "No duplicates in sight" in text_of(agent_client, QUEUE)


def test_these_are_two_and_undone(agent_client: Client, agent: User) -> None:
    pair()
    found = Duplicate.objects.get()
    response = agent_client.post(reverse("crm:duplicate-dismiss", args=[found.pk]), follow=True)
    assert "they are not offered again" in response.content.decode()
    assert "No duplicates in sight" in text_of(agent_client, QUEUE)
    agent_client.post(reverse("crm:duplicate-restore", args=[found.pk]))
    found.refresh_from_db()
    assert found.dismissed_at is None
    said = AuditEntry.objects.filter(action__startswith="duplicate.").order_by("pk")
    assert [entry.by for entry in said] == [agent, agent]


def test_the_list_of_customers_leads_there(agent_client: Client) -> None:
    assert QUEUE not in text_of(agent_client, "/customers/")
    pair()
    assert QUEUE in text_of(agent_client, "/customers/")


# --- Choosing the other one ------------------------------------------------------------------


def test_any_other_customer_can_be_chosen(agent_client: Client) -> None:
    one, other = CustomerFactory(name="Ana"), CustomerFactory(name="Rui")
    page = reverse("crm:customer-merge", args=[one.pk])
    assert page in text_of(agent_client, reverse("crm:customer", args=[one.pk]))
    response = agent_client.get(page, {"customer": f"Rui #{other.pk}"})
    assert response.headers["Location"] == merge_page(one, other)
    assert "one customer already" in text_of(agent_client, f"{page}?customer=%23{one.pk}")
    assert "No customer matches" in text_of(agent_client, f"{page}?customer=nobody")


def test_those_who_were_found_are_offered(agent_client: Client) -> None:
    one, other = pair()
    assert other.name in text_of(agent_client, reverse("crm:customer-merge", args=[one.pk]))


# --- Side by side -----------------------------------------------------------------------------


def test_field_by_field_with_a_sensible_choice(agent_client: Client) -> None:
    CustomField.objects.create(key="size", label="Size", kind="number")
    one, other = pair(notes="Likes bread", custom={"size": "1.5"}, source="web")
    Customer.objects.filter(pk=one.pk).update(notes="Likes cake")
    OrderFactory(customer=other)
    InteractionFactory(customer=other)
    text = text_of(agent_client, merge_page(one, other))
    for said in ("Size", "1.5", "Likes bread", "Likes cake", "Both, one below the other", "web"):
        assert said in text
    assert "orders 1" in text
    assert "interactions 1" in text
    assert text.count("Known since") == 2  # of each; the same day is nothing to choose


def test_what_was_chosen_stays(agent_client: Client) -> None:
    CustomField.objects.create(key="size", label="Size", kind="text")
    one, other = pair(notes="Likes bread", custom={"size": "L"}, kind="company", language="es")
    Customer.objects.filter(pk=one.pk).update(notes="Likes cake", custom={"size": "S"})
    page = merge_page(one, other)
    form = agent_client.get(page).context["form"]
    chosen = {name: field.initial for name, field in form.fields.items()}
    chosen |= {"name": "loser", "notes": "both", "custom.size": "loser", "kind": "winner"}
    response = agent_client.post(page, chosen, follow=True)
    assert "are one customer now" in response.content.decode()
    one.refresh_from_db()
    assert (one.name, one.notes) == (other.name, "Likes cake\n\nLikes bread")
    assert (one.custom, one.kind, one.language, one.city) == (
        {"size": "L"},
        "person",
        "es",
        "Recife",
    )


def test_a_choice_that_was_not_made_is_asked_for(agent_client: Client) -> None:
    one, other = pair()
    response = agent_client.post(merge_page(one, other), {})
    assert response.status_code == 200
    assert Customer.objects.filter(pk=other.pk).exists()


def test_the_archived_are_refused_in_words(agent_client: Client) -> None:
    one, other = pair()
    Customer.objects.filter(pk=other.pk).update(archived_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert "in the archive. Take it out first" in text_of(agent_client, merge_page(one, other))
    assert "one customer already" in text_of(agent_client, merge_page(one, one))


def test_a_page_costs_the_same_however_much_moves(agent_client: Client) -> None:
    one, other = pair()
    agent_client.get(merge_page(one, other))
    with CaptureQueriesContext(connection) as few:
        agent_client.get(merge_page(one, other))
    OrderFactory.create_batch(5, customer=other)
    with CaptureQueriesContext(connection) as many:
        agent_client.get(merge_page(one, other))
    assert len(few) == len(many) <= 12


# --- Afterwards -------------------------------------------------------------------------------


def merged(agent: User) -> tuple[Customer, Customer, ChangeSet]:
    one, other = pair()
    return one, other, merging.merge_customers(winner=one, loser=other, by=agent)


def test_the_old_address_leads_on_and_says_so(agent_client: Client, agent: User) -> None:
    one, other, _set = merged(agent)
    response = agent_client.get(reverse("crm:customer", args=[other.pk]), follow=True)
    assert response.redirect_chain == [(reverse("crm:customer", args=[one.pk]), 302)]
    assert "became part of" in response.content.decode()
    assert agent_client.get("/customers/999999/").status_code == 404


def test_the_page_takes_them_apart_again(agent_client: Client, agent: User) -> None:
    one, other, change_set = merged(agent)
    undo = reverse("crm:undo", args=[change_set.pk])
    page = reverse("crm:customer", args=[one.pk])
    assert undo in text_of(agent_client, page)
    response = agent_client.post(undo, {"next": page}, follow=True)
    assert "Taken back" in response.content.decode()
    assert agent_client.get(reverse("crm:customer", args=[other.pk])).status_code == 200
    assert not MergedCustomer.objects.exists()
    again = agent_client.post(undo, {"next": page}, follow=True)
    assert "taken back already" in again.content.decode()


def test_only_who_merged_them_or_a_manager_takes_it_back(
    agent: User, owner: User, manager_client: Client
) -> None:
    one, _other, change_set = merged(owner)
    undo = reverse("crm:undo", args=[change_set.pk])
    assert undo not in text_of(signed_in(agent), reverse("crm:customer", args=[one.pk]))
    assert signed_in(agent).post(undo).status_code == 403
    assert manager_client.post(undo).status_code == 302


def test_a_hint_on_the_page_of_who_may_be_there_twice(agent_client: Client) -> None:
    alone = CustomerFactory(name="Rui")
    one, other = pair()
    page = text_of(agent_client, reverse("crm:customer", args=[other.pk]))
    assert merge_page(other, one) in page
    assert "There a second time?" not in text_of(
        agent_client, reverse("crm:customer", args=[alone.pk])
    )
