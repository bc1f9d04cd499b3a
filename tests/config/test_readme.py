"""What the README lists is what there is."""

from __future__ import annotations

import re

from django.conf import settings

from metrics.definitions import DEFINITIONS
from staff.management.commands.serve import QUEUES

README = (settings.BASE_DIR / "README.md").read_text()


def test_it_names_every_metric_once() -> None:
    table = README.partition("| about | metrics |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(DEFINITIONS)


def test_its_worker_takes_every_queue() -> None:
    assert f"worker --queues {QUEUES}\n" in README
