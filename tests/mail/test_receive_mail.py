"""manage.py receive_mail: exit 0 once the raw mail is stored, 75 when the mail server must keep it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mail.models import InboundEmail, Mailbox
from staff.models import Business
from tests.mail.arriving import bounce, raw_mail

ROOT = Path(__file__).resolve().parents[2]


def receive(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    said = io.StringIO()
    call_command("receive_mail", stdout=said)
    return said.getvalue().strip()


@pytest.mark.django_db
def test_it_says_what_became_of_the_mail(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert receive(raw_mail(), monkeypatch).endswith("waiting")
    assert receive(raw_mail(), monkeypatch).endswith("duplicate")
    assert receive(bounce("<nobody@x>"), monkeypatch).endswith("noted not_ours")
    assert receive(b"", monkeypatch).endswith("waiting")
    mailbox = Mailbox.objects.get(kind=Mailbox.Kind.COMMAND)
    assert mailbox.last_message_at
    assert InboundEmail.objects.filter(mailbox=mailbox).count() == 4


@pytest.mark.django_db
def test_before_set_up_the_mail_server_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError) as refusal:
        receive(raw_mail(), monkeypatch)
    assert refusal.value.returncode == os.EX_TEMPFAIL


@pytest.mark.once
def test_without_a_database_the_mail_server_keeps_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "receive_mail"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(tmp_path),
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        },
        input=raw_mail(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == os.EX_TEMPFAIL
