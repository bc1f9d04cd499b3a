"""Ten minutes of damaged mails: nothing raises, nothing takes long, the same comes out twice."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.mail.parsing.mutations import anything, check, damaged

pytestmark = [pytest.mark.faults, pytest.mark.once]

SECONDS = float(os.environ.get("VINCULO_FUZZ_SECONDS", "600"))
# No mail of the corpus, however damaged, may take longer.
LONGEST = 5


def test_ten_minutes_of_damaged_mails() -> None:
    until = time.monotonic() + SECONDS
    seen = 0

    @settings(
        max_examples=2000,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(st.one_of(damaged(), anything))
    def round_of_many(raw: bytes) -> None:
        nonlocal seen
        if time.monotonic() < until:
            seen += 1
            begun = time.process_time()
            check(raw)
            assert time.process_time() - begun < LONGEST

    while time.monotonic() < until:
        round_of_many()
    assert seen > 0
