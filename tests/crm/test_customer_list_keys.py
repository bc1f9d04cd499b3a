"""The customer list in a real browser: rows by keys, ranges, all that match, and the way back."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from crm.models import Customer
from tests.staff.test_frame import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.once]

LIST = reverse("crm:customer-list")


def test_rows_are_selected_by_keys_and_in_ranges_and_stay_so_on_the_way_back(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    owner_client: Client,
) -> None:
    sign_in(context, owner_client, live_server)
    Customer.objects.bulk_create(
        [Customer(name=f"C {n:02}", name_folded=f"c {n:02}") for n in range(60)]
    )
    page.goto(f"{live_server.url}{LIST}?stage=lead")
    boxes = page.locator("tbody .cell-select input")

    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.locator("tbody .cell-select input:checked")).to_have_count(3)
    boxes.nth(9).click(modifiers=["Shift"])
    expect(page.locator("[data-selected-count]")).to_have_text("10")
    page.locator("input[name=everything]").check()
    boxes.nth(0).uncheck()
    expect(page.locator("input[name=everything]")).not_to_be_checked()

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/customers/\d+/$"))
    page.go_back()
    expect(page).to_have_url(f"{live_server.url}{LIST}?stage=lead")

    page.locator("[data-select-all]").check()
    page.locator("input[name=everything]").check()
    page.get_by_role("button", name="Change").click()
    page.locator("input[name=add_tags]").fill("spring")
    page.get_by_role("button", name="Change 60 customers").click()
    expect(page.get_by_text("60 customers changed.")).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}{LIST}?stage=lead")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
