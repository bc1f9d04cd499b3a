"""The pages of what arrives in a real browser: for whoever sees little, has no mouse or a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from mail import inbox
from mail.models import MailboxFolder, WebhookDelivery
from staff.files import store_file
from staff.models import User
from tests.conftest import signed_in
from tests.mail.arriving import arrived, bounce, raw_mail
from tests.mail.test_fetching import mailbox_at
from tests.services.looking import Looking
from tests.services.processes import free_port

LONG = "unbreakable" * 12


@pytest.mark.browser
def test_the_inbox_and_the_mailboxes_can_be_read_by_everyone(
    live_server: LiveServer, context: BrowserContext, page: Page, manager: User
) -> None:
    long = arrived(raw_mail(1, subject=LONG, sender=f"Maria <{LONG}@example.com>"))
    inbox.quarantine(long, inbox.FAILED, f"ValueError: {LONG}")
    copy = arrived(raw_mail(1, subject=LONG, sender=f"Maria <{LONG}@example.com>", top="X: y"))
    report = arrived(bounce("<nobody@x>"))
    mailbox = mailbox_at(
        free_port(),
        error="login [AUTHENTICATIONFAILED]",
        failing_since=timezone.now() - timedelta(hours=2),
    )
    MailboxFolder.objects.create(mailbox=mailbox, name=LONG, error=f"folder {LONG}")
    mailbox.folders.filter(name="INBOX").update(
        on_server=12_042, stored=12_041, missing=1, reconciled_at=timezone.now()
    )
    WebhookDelivery.objects.create(
        provider="mailgun", body=store_file(b"{", "x/y"), digest="d", state="failed", detail=LONG
    )
    [cookie] = signed_in(manager).cookies.values()
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    looking = Looking(page)
    settings = f"/settings/mailboxes/{mailbox.pk}/"
    for path in (
        "/inbox/",
        *(f"/inbox/{row.pk}/" for row in (long, copy, report)),
        "/settings/mailboxes/",
        settings,
        f"{settings}edit/",
        f"{settings}folders/",
    ):
        looking.open(live_server.url + path, language="en")
        looking.with_axe()
        looking.for_width()
    looking.found_nothing()
