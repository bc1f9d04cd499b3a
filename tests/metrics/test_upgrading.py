"""Migrations rebuild tables that triggers name: those step aside and come back."""

import pytest
from django.db import connection

from metrics.engine import triggers, upgrading


@pytest.mark.django_db
def test_triggers_step_aside_for_migrations_on_sqlite_alone() -> None:
    before = triggers.present(connection)
    assert before

    upgrading.step_aside(plan=[])
    assert triggers.present(connection) == before

    upgrading.step_aside(plan=["a migration"])
    is_sqlite = connection.vendor == "sqlite"
    assert triggers.present(connection) == ({} if is_sqlite else before)

    triggers.install()
    assert triggers.present(connection) == before
