"""Damaged mails and any bytes, for some seconds; `make faults` does it for ten minutes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.mail.parsing.mutations import anything, check, damaged

# No database: once is enough.
pytestmark = pytest.mark.once

QUICK = settings(
    max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@QUICK
@given(damaged())
def test_damaged_mails(raw: bytes) -> None:
    check(raw)


@QUICK
@given(anything)
def test_any_bytes(raw: bytes) -> None:
    check(raw)
