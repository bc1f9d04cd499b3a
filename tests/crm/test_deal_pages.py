"""The board and the list of deals, one deal's page, how it ends, and the stages in settings."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import actions, deals
from crm.actions import pipelines
from crm.models import Contract, Customer, Deal, Order, Stage, Task
from staff.exports import LISTS
from staff.models import Business, ChangeSet, User
from tests.factories import CustomerFactory

BOARD = reverse("crm:deal-list")
LIST = {"view": "list"}
HTMX = {"HX-Request": "true"}
SETTINGS = reverse("crm:pipelines")


@pytest.fixture
def ada(business: Business) -> Customer:
    customer: Customer = CustomerFactory(name="Ada Lovelace")
    return customer


@pytest.fixture
def stages(business: Business) -> list[Stage]:
    return list(pipelines.first_pipeline().stages.all())


@pytest.fixture
def bikes(ada: Customer, agent: User, stages: list[Stage]) -> Deal:
    return actions.create_deal(
        customer=ada, title="Five cargo bikes", amount=Decimal(9500), owner=agent, by=agent
    )


def url(name: str, deal: Deal) -> str:
    return reverse(f"crm:deal-{name}" if name else "crm:deal", args=[deal.pk])


# --- The board and the list -------------------------------------------------------------------


def test_an_empty_board_teaches(agent_client: Client, read_only_client: Client) -> None:
    assertContains(agent_client.get(BOARD), "Begin the first deal")
    assertNotContains(read_only_client.get(BOARD), "Begin the first deal")
    assertContains(agent_client.get(BOARD, LIST), "No deal matches")


def test_a_board_shows_where_each_deal_stands(
    agent_client: Client, read_only_client: Client, bikes: Deal
) -> None:
    Deal.objects.update(moved_at=timezone.now() - timedelta(days=15))

    page = agent_client.get(BOARD)

    assertContains(page, "Five cargo bikes")
    assertContains(page, "First contact")
    assertContains(page, "15 days")
    assertContains(page, "longer than usual")
    assertContains(page, "R$9,500.00")
    assertContains(page, "R$950.00")  # what may be expected of it
    assertContains(page, f'data-move="{url("move", bikes)}"')
    assertNotContains(read_only_client.get(BOARD), "data-move")


def test_a_board_of_one_owner_and_one_pipeline(
    agent_client: Client, agent: User, bikes: Deal, ada: Customer
) -> None:
    other = pipelines.create_pipeline(name="Fleets", by=None)
    actions.create_deal(customer=ada, title="A fleet", stage=other.stages.first(), by=agent)

    assertNotContains(agent_client.get(BOARD), "A fleet")
    assertContains(agent_client.get(BOARD, {"pipeline": other.pk}), "A fleet")
    assertNotContains(agent_client.get(BOARD, {"owner": "none"}), "Five cargo bikes")
    assertContains(agent_client.get(BOARD, {"owner": agent.pk}), "Five cargo bikes")
    for nonsense in ("x", "9" * 30, "-1"):
        asked = dict.fromkeys(("pipeline", "owner", "stage", "state", "sort"), nonsense)
        assertContains(agent_client.get(BOARD, asked), "Five cargo bikes")
        assert agent_client.get(BOARD, {**asked, **LIST, "customer": nonsense}).status_code == 200


def test_a_long_column_leads_to_the_list(
    agent_client: Client, ada: Customer, agent: User, stages: list[Stage]
) -> None:
    for number in range(deals.CARDS + 2):
        actions.create_deal(customer=ada, title=f"Deal {number:02}", by=agent)

    page = agent_client.get(BOARD)

    assertContains(page, "2 more")
    assertContains(page, f"?view=list&amp;stage={stages[0].pk}")
    assertContains(page, "data-following")
    assertNotContains(page, "Deal 00")
    assertContains(agent_client.get(BOARD, {**LIST, "stage": stages[0].pk}), "Deal 00")


def test_the_list_has_the_closed_ones_too(
    agent_client: Client, bikes: Deal, ada: Customer, agent: User
) -> None:
    lost = actions.create_deal(customer=ada, title="A tandem", amount=Decimal(50), by=agent)
    actions.lose_deal(deal=lost, reason="unknown", by=agent)

    assertNotContains(agent_client.get(BOARD, LIST), "A tandem")
    assertContains(agent_client.get(BOARD, {**LIST, "state": "lost"}), "A tandem")
    everything = agent_client.get(BOARD, {**LIST, "state": "any", "sort": "amount"})
    titles = [deal.title for deal in everything.context["page"].rows]
    assert titles == ["Five cargo bikes", "A tandem"]
    assert everything.context["sums"] == deals.Sums(2, Decimal(9550), Decimal(950), 0)
    fragment = agent_client.get(BOARD, LIST, headers=HTMX)
    assertContains(fragment, 'id="deals"')
    assertNotContains(fragment, "<html")


def test_boards_and_lists_cost_the_same_however_long(
    agent_client: Client,
    agent: User,
    bikes: Deal,
    ada: Customer,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    stages: list[Stage],
) -> None:
    for number in range(8):
        actions.create_deal(
            customer=CustomerFactory(), title=f"Deal {number}", stage=stages[number % 3], by=agent
        )
    # session, user, business; stages, owners, sums, cards (or a page of the list)
    for asked in ({}, LIST, {**LIST, "owner": agent.pk, "stage": stages[0].pk}):
        with django_assert_max_num_queries(8):
            agent_client.get(BOARD, asked)


# --- Moving -----------------------------------------------------------------------------------


def test_a_card_moves_without_a_drag(
    agent_client: Client, bikes: Deal, stages: list[Stage]
) -> None:
    there = {"stage": stages[1].pk, "version": 1, "next": f"{BOARD}?owner=none"}

    moved = agent_client.post(url("move", bikes), there)

    assertRedirects(moved, f"{BOARD}?owner=none#deal-{bikes.pk}", fetch_redirect_response=False)
    bikes.refresh_from_db()
    assert bikes.stage == stages[1]
    assertContains(agent_client.get(BOARD), "stands in “Proposal” now")

    again = agent_client.post(url("move", bikes), there, follow=True)
    assertContains(again, "Somebody has changed this deal in the meantime")
    nowhere = agent_client.post(url("move", bikes), {"stage": "9" * 30}, follow=True)
    assertContains(nowhere, "That is no place for a deal.")


def test_a_drag_says_above_which_card(
    agent_client: Client, bikes: Deal, ada: Customer, agent: User, stages: list[Stage]
) -> None:
    top = actions.create_deal(customer=ada, title="A tandem", by=agent)
    data = {"stage": stages[0].pk, "above": bikes.pk, "version": 1, "next": BOARD}

    board = agent_client.post(url("move", top), {**data, "to": "last", "above": ""}, headers=HTMX)
    assert board.status_code == 302
    assert [deal.title for deal in _column(stages[0])] == ["Five cargo bikes", "A tandem"]
    agent_client.post(url("move", top), data, headers=HTMX)
    assert [deal.title for deal in _column(stages[0])] == ["A tandem", "Five cargo bikes"]
    agent_client.post(url("move", top), {"to": "down", "next": BOARD})
    assert [deal.title for deal in _column(stages[0])] == ["Five cargo bikes", "A tandem"]
    # The answer to a drag tells what came of it, where messages are read out.
    told = agent_client.get(BOARD, headers=HTMX)
    assertContains(told, 'hx-swap-oob="innerHTML:#messages"')
    assertContains(told, "has changed its place")


def _column(stage: Stage) -> list[Deal]:
    return list(Deal.objects.filter(stage=stage).order_by("position", "pk"))


# --- One deal ---------------------------------------------------------------------------------


def test_a_deal_is_begun_from_its_customer(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    new = f"{reverse('crm:deal-create')}?customer={ada.pk}"
    assertContains(agent_client.get(reverse("crm:customer", args=[ada.pk])), new)

    refused = agent_client.post(new, {"title": "", "amount": "9.500,00"})
    assertContains(refused, "Write what it is about.", status_code=422)
    data = {"title": "Five cargo bikes", "amount": "9.500,00", "owner": agent.pk}
    made = agent_client.post(new, data, follow=True)

    deal = Deal.objects.get()
    assert (deal.customer, deal.amount, deal.owner) == (ada, Decimal(9500), agent)
    assertContains(made, "The deal is there.")
    assertContains(made, "First contact")
    customer = agent_client.get(reverse("crm:customer", args=[ada.pk]))
    assertContains(customer, url("", deal))
    theirs = f"{BOARD}?view=list&state=any&customer={ada.pk}"
    assertContains(customer, theirs.replace("&", "&amp;"))
    assertContains(agent_client.get(theirs), "Five cargo bikes")


def test_a_deal_is_begun_from_the_board(
    agent_client: Client, ada: Customer, stages: list[Stage]
) -> None:
    new = reverse("crm:deal-create")
    data = {"title": "Bikes", "customer": "ada love", "stage": stages[2].pk}
    assertContains(
        agent_client.post(new, {**data, "customer": "nobody"}), "No customer", status_code=422
    )

    agent_client.post(new, data)

    assert Deal.objects.get().stage == stages[2]


def test_a_form_from_before_a_change_keeps_what_was_typed(
    agent_client: Client, bikes: Deal, agent: User
) -> None:
    edit = url("edit", bikes)
    assertContains(agent_client.get(edit), 'name="version" value="1"')
    actions.update_deal(deal=bikes, title="Six cargo bikes", by=agent)

    late = agent_client.post(edit, {"title": "Seven cargo bikes", "version": "1"})

    assertContains(late, "Somebody has changed this deal", status_code=422)
    assertContains(late, "Seven cargo bikes", status_code=422)
    assertRedirects(
        agent_client.post(edit, {"title": "Seven cargo bikes", "version": "2"}), url("", bikes)
    )


def test_what_is_to_be_done_about_a_deal(agent_client: Client, agent: User, bikes: Deal) -> None:
    add = url("task-add", bikes)
    assertContains(
        agent_client.post(add, {"title": ""}), "Write what is to be done", status_code=422
    )

    agent_client.post(add, {"title": "Send the quote", "due_on": "2030-01-31"})

    task = Task.objects.get()
    assert (task.about_model, task.about_id, task.owner) == ("crm.deal", bikes.pk, agent)
    assertContains(agent_client.get(url("", bikes)), "Send the quote")


def test_a_deal_is_won_with_an_order(agent_client: Client, bikes: Deal, ada: Customer) -> None:
    win = url("win", bikes)
    assertContains(agent_client.get(win), 'value="9,500.00"')
    refused = agent_client.post(win, {"made": "order", "amount": ""})
    assertContains(refused, "Write the amount.", status_code=422)

    won = agent_client.post(win, {"made": "order", "amount": "9000", "version": 1}, follow=True)

    assertContains(won, "Won. The order is written down.")
    order = Order.objects.get()
    assert (order.customer, order.total) == (ada, Decimal(9000))
    assertContains(won, reverse("crm:order-edit", args=[order.pk]))
    assertRedirects(agent_client.get(win), url("", bikes))


def test_a_deal_is_won_with_a_contract_or_neither(
    agent_client: Client, bikes: Deal, ada: Customer
) -> None:
    terms = {"amount": "50", "interval": "year", "starts_on": "2030-01-01"}
    agent_client.post(url("win", bikes), {"made": "contract", **terms})
    assert Contract.objects.get().interval == "year"

    agent_client.post(url("reopen", bikes))
    won = agent_client.post(url("win", bikes), {"made": ""}, follow=True)

    assertContains(won, "Undo")
    assert Contract.objects.count() == 1
    agent_client.post(url("reopen", bikes))
    assertContains(agent_client.post(url("reopen", bikes), follow=True), "This deal is open.")


def test_a_deal_is_lost_with_its_reason(agent_client: Client, bikes: Deal) -> None:
    lose = url("lose", bikes)
    assertContains(agent_client.post(lose, {"note": "Too dear"}), "Too dear", status_code=422)

    data = {"reason": "competitor_price", "note": "Too dear", "version": "1"}
    lost = agent_client.post(lose, data, follow=True)

    assertContains(lost, "Lost, and why is kept.")
    assertContains(lost, "Too dear")
    late = agent_client.post(lose, data)
    assertContains(late, "Somebody has changed this deal", status_code=422)


@pytest.mark.parametrize("page", [BOARD, f"{BOARD}?view=list"])
def test_a_deal_is_deleted_from_the_board_and_the_list_and_comes_back(
    agent_client: Client, read_only_client: Client, bikes: Deal, page: str
) -> None:
    assertContains(agent_client.get(page), url("delete", bikes))
    assertNotContains(read_only_client.get(page), url("delete", bikes))

    deleted = agent_client.post(url("delete", bikes), {"next": page}, follow=True, headers=HTMX)

    assert not Deal.objects.exists()
    assertContains(deleted, "Deleted: Five cargo bikes")
    assertContains(deleted, "Undo")
    undo = reverse("crm:undo", args=[ChangeSet.objects.get().pk])
    back = agent_client.post(f"{undo}?next={quote(page)}")
    assertRedirects(back, page)
    assertContains(agent_client.get(url("", bikes)), "Five cargo bikes")


def test_a_deal_is_deleted_from_its_page(agent_client: Client, bikes: Deal) -> None:
    assertContains(agent_client.get(url("", bikes)), url("delete", bikes))

    assertRedirects(agent_client.post(url("delete", bikes)), BOARD)

    assert agent_client.post(url("delete", bikes)).status_code == 404


def test_a_deal_page_costs_the_same_however_much_passed(
    agent_client: Client,
    agent: User,
    bikes: Deal,
    stages: list[Stage],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(6):
        actions.move_deal(deal=bikes, stage=stages[number % 3], by=agent)
        actions.create_task(title=f"Task {number}", customer=bikes.customer, about=bikes, by=agent)
    # session, user, business; deal, stages, history, tasks
    with django_assert_max_num_queries(7):
        agent_client.get(url("", bikes))


# --- Elsewhere --------------------------------------------------------------------------------


def test_a_deal_that_waits_is_on_its_owners_today(agent_client: Client, bikes: Deal) -> None:
    today = reverse("crm:today")
    assertNotContains(agent_client.get(today), "Five cargo bikes")
    Deal.objects.update(expected_on=timezone.localdate() - timedelta(days=2))
    assertContains(agent_client.get(today), "Five cargo bikes")


def test_a_deal_is_found_by_its_words_and_its_customer(agent_client: Client, bikes: Deal) -> None:
    for text in ("cargo", "ada"):
        assertContains(agent_client.get(reverse("crm:search"), {"q": text}), url("", bikes))


def test_deals_go_into_a_file_as_they_are_filtered(
    agent_client: Client, agent: User, bikes: Deal
) -> None:
    query = agent_client.get(BOARD, {**LIST, "state": "won"}).wsgi_request.GET
    assert not LISTS["deals"].rows(query, agent).exists()
    names = [one.name for one in LISTS["deals"].columns(query, agent)]
    assert {"title", "stage", "amount", "lost_reason"} <= set(names)
    assertContains(agent_client.get(BOARD), "/exports/")


# --- Settings ---------------------------------------------------------------------------------


def test_managers_arrange_stages(
    manager_client: Client, agent_client: Client, bikes: Deal, stages: list[Stage]
) -> None:
    assert agent_client.get(SETTINGS).status_code == 403
    page = manager_client.get(SETTINGS)
    assertContains(page, "Negotiation")
    new = reverse("crm:stage-create", args=[stages[0].pipeline_id])
    trial = {"name": "Trial ride", "probability": "60", "stale_days": ""}
    taken = manager_client.post(new, {**trial, "name": "Proposal"})
    assertContains(taken, "Another one has this name.", status_code=422)
    assertRedirects(manager_client.post(new, trial), SETTINGS)
    made = Stage.objects.get(name="Trial ride")
    manager_client.post(reverse("crm:stage-edit", args=[made.pk]), {**trial, "stale_days": "5"})
    manager_client.post(reverse("crm:stage-step", args=[made.pk, "up"]))
    made.refresh_from_db()
    assert (made.stale_days, made.position) == (5, 3)

    archive = reverse("crm:stage-step", args=[stages[0].pk, "archive"])
    assertContains(manager_client.post(archive, follow=True), "1 open deal is still there.")
    for step in ("archive", "restore"):
        manager_client.post(reverse("crm:stage-step", args=[made.pk, step]))
        made.refresh_from_db()
        assert (made.archived_at is not None) == (step == "archive")
    assert manager_client.post(reverse("crm:stage-step", args=[made.pk, "nope"])).status_code == 404


def test_managers_arrange_pipelines(manager_client: Client) -> None:
    assertContains(manager_client.get(SETTINGS), "No pipeline yet")
    new = reverse("crm:pipeline-create")
    assertRedirects(manager_client.post(new, {"name": "Sales"}), SETTINGS)
    manager_client.post(new, {"name": "Fleets"})
    fleets = deals.stages_in_use()[-1].pipeline
    manager_client.post(reverse("crm:pipeline-edit", args=[fleets.pk]), {"name": "Large fleets"})
    manager_client.post(reverse("crm:pipeline-step", args=[fleets.pk, "up"]))
    assert deals.stages_in_use()[0].pipeline.name == "Large fleets"
    manager_client.post(reverse("crm:pipeline-step", args=[fleets.pk, "archive"]))
    assertContains(manager_client.get(SETTINGS), "Use it again")
    assert len(deals.stages_in_use()) == 3
