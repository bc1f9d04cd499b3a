"""manage.py send_mail"""

from io import StringIO

import pytest
from django.core.management import call_command
from pytest_django import Settings

from mail.actions import queue_emails
from staff.models import Business
from tests.mail.drafting import draft
from tests.services.smtp import Sink

pytestmark = pytest.mark.django_db


def run() -> str:
    out = StringIO()
    call_command("send_mail", stdout=out)
    return out.getvalue()


def test_one_pass_sends_all_that_is_due(
    smtp_sink: Sink, settings: Settings, business: Business
) -> None:
    settings.EMAIL_URL = smtp_sink.url
    queue_emails([draft(n) for n in range(3)])
    assert run() == "3 tried, 0 waiting\n"
    assert len(smtp_sink.delivered) == 3
    assert run() == "0 tried, 0 waiting\n"


def test_without_a_server_it_says_so(business: Business) -> None:
    queue_emails([draft()])
    assert run() == "No mail server is set up, so messages wait here.\n0 tried, 1 waiting\n"
