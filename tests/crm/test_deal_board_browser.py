"""Cards of the board, dragged with the mouse and moved by the keyboard."""

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from crm import actions
from crm.actions import pipelines
from crm.models import Customer, Deal
from tests.staff.test_frame import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.once]


def test_a_card_is_dragged_and_moved_by_keys(
    page: Page, context: BrowserContext, live_server: LiveServer, owner_client: Client
) -> None:
    sign_in(context, owner_client, live_server)
    ada = Customer.objects.create(name="Ada", name_folded="ada")
    first, second, _third = pipelines.first_pipeline().stages.all()
    for title, stage in (("One", first), ("Two", second), ("Three", second)):
        actions.create_deal(customer=ada, title=title, stage=stage, by=None)
    page.goto(live_server.url + reverse("crm:deal-list"))
    titles = page.locator(".board-column").nth(1).locator(".deal-title")
    expect(titles).to_have_text(["Three", "Two"])

    two = page.locator(".deal-card", has_text="Two")
    page.locator(".deal-card", has_text="One").drag_to(two, target_position={"x": 30, "y": 4})

    expect(page.get_by_text("“One” stands in “Proposal” now.")).to_be_visible()
    expect(titles).to_have_text(["Three", "One", "Two"])
    assert Deal.objects.get(title="One").version == 2

    menu = page.get_by_label("Move Two")
    menu.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Negotiation").first.press("Enter")

    expect(page.get_by_text("“Two” stands in “Negotiation” now.")).to_be_visible()
    expect(titles).to_have_text(["Three", "One"])
    expect(page.get_by_label("Move Two")).to_be_focused()
