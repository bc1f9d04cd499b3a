"""A broker that is not there: the row is written, the page answers, the sweep sends it later."""

from pathlib import Path

import pytest

from tests.faults.installation import Installation
from tests.services.processes import free_port

QUEUE = """
import json
from mail.actions import queue_email, queue_emails
from mail.drafts import Draft
from mail.models import OutgoingEmail
from staff.models import Business
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
one = Draft(stream="account", to_address="a@example.com", subject="Welcome", text="Hello")
queue_email(one)
queue_emails([one, one])
print(json.dumps(OutgoingEmail.objects.filter(state="queued").count()))
"""


@pytest.mark.once
def test_without_a_broker_nothing_is_lost(tmp_path: Path) -> None:
    installation = Installation(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    installation.prepare()
    assert installation.ask(QUEUE) == 3
