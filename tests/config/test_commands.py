"""What every command says before there is a business, with or without its tables."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

COMMANDS = [
    ["import", "orders", "orders.csv"],
    ["metric", "nps", "--from", "2026-01-01", "--to", "2026-02-01"],
    ["recompute"],
    ["send_surveys"],
    ["send_mail"],
]


@pytest.mark.django_db
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_before_set_up_each_says_what_to_do(command: list[str]) -> None:
    with pytest.raises(CommandError, match=r"manage\.py setup") as refused:
        call_command(*command)
    assert refused.value.returncode == 2


@pytest.mark.once
def test_so_it_does_before_there_are_tables(tmp_path: Path) -> None:
    """With a variable that is set to nothing, which counts as unset."""
    done = subprocess.run(
        [sys.executable, "manage.py", "send_mail"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "VAR_DIR": str(tmp_path), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "CommandError: Set the business up first: manage.py setup."


def test_a_port_that_cannot_be_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match="Port 99999 can't be used"):
        call_command("serve", port=99999)
