"""A customer's page: what is known, what passed, and writing down what passes."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import actions, registry, timeline
from crm.actions.deals.writing import create_deal
from crm.models import Customer, Interaction, InteractionBody, Loss, Task
from staff.formats import date_short
from staff.models import User
from support.actions import conversation, states
from tests.factories import (
    ContactFactory,
    ContractFactory,
    CustomerFactory,
    InteractionFactory,
    OpenedTicketFactory,
    OrderFactory,
    ResponseFactory,
    TaskFactory,
    TenureSpanFactory,
    TicketFactory,
)

HTMX = {"HX-Request": "true"}
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
LINE = {"kind": "call", "direction": "in", "summary": "Asked for a cake"}


def url(customer: Customer) -> str:
    return reverse("crm:customer", args=[customer.pk])


def log_url(customer: Customer) -> str:
    return reverse("crm:log-interaction", args=[customer.pk])


@pytest.fixture
def ada(business: object) -> Customer:
    customer: Customer = CustomerFactory(
        name="Ada Lovelace", email="ada@example.com", phone="+5511987654321", tags=["vip"]
    )
    return customer


def test_the_page_says_who_how_to_reach_them_and_what_they_brought(
    read_only_client: Client, agent: User, ada: Customer
) -> None:
    referrer = CustomerFactory(name="Grace Hopper")
    actions.update_customer(
        customer=ada, by=agent, referred_by=referrer, notes="Calls before nine", source="web"
    )
    actions.record_order(customer=ada, by=agent, total=Decimal("1234.50"))
    actions.record_order(customer=ada, by=agent, total=Decimal("-34.50"))

    response = read_only_client.get(url(ada))

    assertContains(response, 'href="mailto:ada@example.com"')
    assertContains(response, 'href="tel:+5511987654321"')
    assertContains(response, "(11) 98765-4321")
    assertContains(response, "Grace Hopper")
    assertContains(response, "Calls before nine")
    assertContains(response, "R$1,200.00")
    assertContains(response, "in 1 order")
    assertContains(read_only_client.get(url(referrer)), f"?referred_by={referrer.pk}")
    assertNotContains(response, 'id="log"')


def test_an_unknown_customer_is_not_found(agent_client: Client) -> None:
    assert agent_client.get(reverse("crm:customer", args=[1])).status_code == 404


def test_the_health_line_says_why(agent_client: Client, ada: Customer) -> None:
    long_ago = timezone.now() - timedelta(days=94, hours=1)
    Customer.objects.filter(pk=ada.pk).update(last_inbound_at=long_ago)
    TaskFactory(customer=ada, is_promise=True, due_at=timezone.now() - timedelta(days=1))
    ContractFactory(customer=ada, ends_on=timezone.localdate() + timedelta(days=10))

    reasons = agent_client.get(url(ada)).context["record"].health

    assert [reason.tone for reason in reasons] == ["bad", "watch", "watch"]
    assert reasons[0].text == "1 late promise"
    assert reasons[1].text.startswith("Contract ends on")
    assert reasons[2].text == "Quiet for 94 days"


def test_queries_do_not_grow_with_what_is_known(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            response = agent_client.get(url(ada))
        assert len(response.context["record"].people) > 1
        return len(queries)

    # business, session, user, customer with tags, people with their points, timeline, orders,
    # tasks, contracts, tenures; the surveys room's panel and the help desk's
    everything_passes(ada, agent, 1)
    told = {kind for kind in Interaction.objects.values_list("about_model", flat=True) if kind}
    assert told >= {mark.name for mark in registry.TIMELINE_MARKS.all()} | set(timeline.OWN_MODELS)
    assert cost() <= 14
    # and what the timeline tells of answers and of messages: 14 in all, however much there is
    few = cost()
    everything_passes(ada, agent, 2)
    assert cost() == few


def everything_passes(ada: Customer, agent: User, times: int) -> None:
    """All that a customer's page can show, its timeline's every kind of mark included."""
    for number in range(times):
        actions.record_order(customer=ada, by=agent, total=Decimal(number + 1))
        ContactFactory(customer=ada)
        TaskFactory(customer=ada)
        actions.promise(customer=ada, title=f"Promise {number}", due_at=timezone.now(), by=agent)
        contract = ContractFactory(customer=ada)
        response = ResponseFactory(customer=ada, score=3)
        for about in (contract, response):
            actions.log_interaction(customer=ada, kind="note", by=None, about=about)
        ticket = OpenedTicketFactory(customer=ada)
        conversation.reply(ticket=ticket, text="A man comes on Thursday.", by=agent)
        states.resolve(ticket=ticket, by=agent)
        OpenedTicketFactory(customer=ada, assignee=agent)
        create_deal(customer=ada, title=f"Oven {number}", by=agent)
        InteractionFactory(customer=ada)
        actions.set_tags(customer=ada, tags=[f"tag {number}", "vip"], by=agent)


def test_an_archived_customer_can_be_restored(agent_client: Client, ada: Customer) -> None:
    archived = agent_client.post(reverse("crm:customer-archive", args=[ada.pk]), follow=True)

    assertContains(archived, "In the archive since")
    assertContains(archived, "Undo")
    assertNotContains(archived, 'id="log"')
    again = agent_client.post(reverse("crm:customer-archive", args=[ada.pk]), follow=True)
    assertContains(again, "archived already")

    restored = agent_client.post(reverse("crm:customer-restore", args=[ada.pk]), follow=True)
    assertContains(restored, "is back from the archive")
    assertContains(restored, 'id="log"')


# --- What passed --------------------------------------------------------------------------


def test_the_timeline_is_grouped_by_day_and_pages_by_key(
    agent_client: Client, ada: Customer
) -> None:
    now = timezone.now()
    for number in range(40):
        InteractionFactory(
            customer=ada, summary=f"Call {number:02}", occurred_at=now - timedelta(days=number)
        )

    first = agent_client.get(url(ada))
    timeline = first.context["record"].timeline
    older = agent_client.get(timeline.older_url + "&part=days", headers=HTMX)

    assert len(timeline.days) == 30
    assertContains(first, "Call 29")
    assertNotContains(first, "Call 30")
    assertContains(older, "Call 39")
    assertNotContains(older, "Call 29")
    assertNotContains(older, "<html")
    page = agent_client.get(timeline.older_url)
    assertContains(page, "<html")
    assertContains(page, "Newer")


def test_the_timeline_can_be_narrowed_to_a_kind(agent_client: Client, ada: Customer) -> None:
    InteractionFactory(customer=ada, kind="call", summary="Rang twice")
    InteractionFactory(customer=ada, kind="note", summary="Likes rye")

    response = agent_client.get(
        reverse("crm:timeline", args=[ada.pk]), {"kind": "note"}, headers=HTMX
    )

    assertContains(response, "Likes rye")
    assertNotContains(response, "Rang twice")
    strange = agent_client.get(reverse("crm:timeline", args=[ada.pk]), {"kind": "drop"})
    assertContains(strange, "Rang twice")


def test_orders_and_promises_stand_on_the_timeline_with_their_marks(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    actions.record_order(customer=ada, by=agent, total=Decimal("12.50"))
    kept = actions.promise(
        customer=ada, title="Send the quote", due_at=timezone.now() + timedelta(days=1), by=agent
    )
    actions.complete_task(task=kept, by=agent)

    response = agent_client.get(reverse("crm:timeline", args=[ada.pk]))

    assertContains(response, "R$12.50")
    assertContains(response, "promise kept")


def test_a_timeline_of_another_customer_stays_apart(agent_client: Client, ada: Customer) -> None:
    InteractionFactory(summary="Somebody else")

    assertNotContains(agent_client.get(url(ada)), "Somebody else")


# --- Logging ------------------------------------------------------------------------------


def test_a_line_is_logged_without_scripts(agent_client: Client, agent: User, ada: Customer) -> None:
    response = agent_client.post(log_url(ada), LINE)

    assertRedirects(response, url(ada))
    interaction = Interaction.objects.get()
    assert (interaction.kind, interaction.direction) == ("call", "in")
    assert interaction.by == agent
    ada.refresh_from_db()
    assert ada.last_inbound_at == interaction.occurred_at


def test_a_line_is_logged_in_place(agent_client: Client, ada: Customer) -> None:
    response = agent_client.post(log_url(ada), LINE, headers=HTMX)

    assert response.status_code == 200
    assertContains(response, "Asked for a cake")
    assertNotContains(response, "<html")
    assertContains(response, 'hx-swap-oob="true"')


def test_a_refused_line_keeps_what_was_typed(agent_client: Client, ada: Customer) -> None:
    said = {**LINE, "summary": "", "body": "A long story"}

    for headers in ({}, HTMX):
        response = agent_client.post(log_url(ada), said, headers=headers)
        assert response.status_code == 422
        assertContains(response, "Write a few words", status_code=422)
        assertContains(response, "A long story", status_code=422)
    assert not Interaction.objects.exists()


def test_a_long_text_is_kept_behind_its_line(agent_client: Client, ada: Customer) -> None:
    agent_client.post(log_url(ada), {**LINE, "body": "First.\n\nSecond."})

    assert InteractionBody.objects.get().text == "First.\n\nSecond."
    one = Interaction.objects.get()
    assertContains(agent_client.get(url(ada)), reverse("crm:interaction", args=[one.pk]))
    fragment = agent_client.get(reverse("crm:interaction", args=[one.pk]), headers=HTMX)
    assertContains(fragment, "<p>Second.</p>")
    assertNotContains(fragment, "<html")


def test_a_promise_becomes_a_task_on_the_timeline(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    until = timezone.localdate() + timedelta(days=3)

    agent_client.post(log_url(ada), {**LINE, "promise_until": until.isoformat()})

    task = Task.objects.get()
    assert (task.title, task.is_promise, task.owner) == ("Asked for a cake", True, agent)
    assert timezone.localtime(task.due_at, SAO_PAULO).date() == until
    assert set(Interaction.objects.values_list("kind", flat=True)) == {"call", "promise"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"promise": "Call back"}, "Until when is it promised?"),
        ({"occurred_at": "2999-01-01T10:00"}, "has not passed yet"),
        ({"kind": "order"}, "Select a valid choice"),
    ],
)
def test_what_cannot_have_passed_is_refused(
    agent_client: Client, ada: Customer, said: dict[str, str], words: str
) -> None:
    response = agent_client.post(log_url(ada), {**LINE, **said})

    assertContains(response, words, status_code=422)
    assert not Interaction.objects.exists()


def test_read_only_people_log_nothing(read_only_client: Client, ada: Customer) -> None:
    assert read_only_client.post(log_url(ada), LINE).status_code == 403
    assert read_only_client.get(reverse("crm:log")).status_code == 403


def test_logging_from_anywhere_finds_the_customer_by_a_few_letters(
    agent_client: Client, ada: Customer
) -> None:
    response = agent_client.post(reverse("crm:log"), {**LINE, "customer": "lovel"})

    assertRedirects(response, url(ada))
    assert ada.interactions.count() == 1


def test_logging_from_anywhere_asks_which_of_several(agent_client: Client, ada: Customer) -> None:
    other = CustomerFactory(name="Ada Byron")

    response = agent_client.post(reverse("crm:log"), {**LINE, "customer": "ada"})
    assertContains(response, f"Ada Byron #{other.pk}; Ada Lovelace #{ada.pk}")

    chosen = agent_client.post(reverse("crm:log"), {**LINE, "customer": f"Ada Byron #{other.pk}"})
    assertRedirects(chosen, url(other))


# --- Losing and winning back ----------------------------------------------------------------


def test_a_loss_takes_a_reason_and_can_be_taken_back(agent_client: Client, ada: Customer) -> None:
    TenureSpanFactory(customer=ada)
    lose = reverse("crm:customer-lose", args=[ada.pk])

    assertContains(agent_client.post(lose, {"note": "Too far"}), "Too far")
    response = agent_client.post(lose, {"reason": "moved", "note": "Too far"}, follow=True)

    loss = Loss.objects.get()
    assert (loss.reason, loss.note) == ("moved", "Too far")
    ada.refresh_from_db()
    assert ada.stage == Customer.Stage.LOST
    undo = reverse("crm:loss-undo", args=[loss.pk])
    assertContains(response, undo)

    agent_client.post(undo)
    ada.refresh_from_db()
    assert ada.stage == Customer.Stage.CUSTOMER


def test_a_lead_cannot_be_lost(agent_client: Client, ada: Customer) -> None:
    lose = reverse("crm:customer-lose", args=[ada.pk])

    assertContains(agent_client.post(lose, {"reason": "moved"}), "Only a customer can be lost")


def test_strangers_see_nothing(client: Client, ada: Customer) -> None:
    assert isinstance(client.get(url(ada)).wsgi_request.user, AnonymousUser)
    assert client.get(url(ada)).status_code == 302


def test_an_order_list_pages_through_everything(agent_client: Client, ada: Customer) -> None:
    for number in range(3):
        OrderFactory(customer=ada, total=Decimal(number + 1))

    assertContains(agent_client.get(reverse("crm:order-list", args=[ada.pk])), "R$3.00")


def test_a_low_answer_is_part_of_how_it_stands(agent_client: Client, ada: Customer) -> None:
    ResponseFactory(customer=ada, score=3)

    assertContains(agent_client.get(url(ada)), "Last NPS: 3")


def test_a_selection_is_sent_a_survey_by_post(agent_client: Client, ada: Customer) -> None:
    page = agent_client.get(reverse("crm:customer-list"))

    assertContains(page, f'formaction="{reverse("surveys:preflight")}"')
    chooser = agent_client.post(reverse("surveys:preflight"), {"customer": [ada.pk]})
    assertContains(chooser, f"customer={ada.pk}")


def test_a_refund_is_called_one_on_the_timeline(agent_client: Client, agent: User) -> None:
    customer = CustomerFactory()
    actions.record_order(customer=customer, total=Decimal(-5), by=agent)
    assertContains(agent_client.get(f"/customers/{customer.pk}/"), "Refund")


# --- Where the reasons lead, and coming back --------------------------------------------------


def test_each_reason_leads_to_what_it_tells_of(agent_client: Client, ada: Customer) -> None:
    long_ago = timezone.now() - timedelta(days=94, hours=1)
    Customer.objects.filter(pk=ada.pk).update(last_inbound_at=long_ago)
    TaskFactory(customer=ada, is_promise=True, due_at=timezone.now() - timedelta(days=1))
    ContractFactory(customer=ada, ends_on=timezone.localdate() + timedelta(days=10))
    ResponseFactory(customer=ada, score=3)
    TicketFactory(customer=ada)

    response = agent_client.get(url(ada))

    text = response.content.decode()
    places = {reason.url for reason in response.context["record"].health}
    assert places == {"#tasks", "#felt-title", "#contracts-title", "#timeline", "#tickets-title"}
    for place in places:
        assert f'href="{place}"' in text
        assert f'id="{place[1:]}"' in text


def test_one_who_came_back_is_told_of_in_the_head_the_timeline_and_the_facts(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    now = timezone.now()
    first, second = now - timedelta(days=900), now - timedelta(days=20)
    actions.record_order(customer=ada, by=agent, total=Decimal(10), ordered_at=first)
    before = agent_client.get(url(ada))
    assertNotContains(before, "back since")
    assertNotContains(before, "back as a customer")
    actions.record_order(customer=ada, by=agent, total=Decimal(10), ordered_at=second)
    actions.record_order(customer=ada, by=agent, total=Decimal(10))

    response = agent_client.get(url(ada))

    assertContains(response, f"back since {date_short(second.astimezone(SAO_PAULO).date())}")
    assertContains(response, "back as a customer", count=1)
    assertContains(response, "Customer before")
    timeline = agent_client.get(reverse("crm:timeline", args=[ada.pk]))
    assertContains(timeline, "back as a customer", count=1)
