"""SIGKILL at every point of a long export: it goes on or begins again, and no half file is offered."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.faults.installation import Installation

SET_UP = """
from crm.actions.customers import create_customer
from staff.access import Role
from staff.models import Business, User
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
agent = User.objects.create_user(email="bia@padaria.example", name="Bia", role=Role.AGENT,
                                 password=None)
for n in range(10):
    create_customer(name=f"Person {n}", by=None)
print(1)
"""
ASKED = """
import json
from staff.actions import exports as actions
from staff.models import User
agent = User.objects.get(email="bia@padaria.example")
actions.AT_ONCE = 1
asked = actions.request_export(what="customers", query="", columns=["name"], format="FORMAT", by=agent)
print(json.dumps(asked.export.pk))
"""
THROUGH_KILLS = """
import json, sys
from staff.exports import files, walking, working
from staff.files import open_file
from staff.models import Export
from tests.faults.dying import killed

walking.STRETCH = 3
working.SLICE_SECONDS = 0
# Whoever died holds nothing: waiting for a dead one's lease is another test's matter.
working.LEASE_SECONDS = 0

def work():
    while working.work(): pass

FILES = [(files.Draft, "keep"), (files.Draft, "find"), (files.Draft, "throw_away"),
         (working, "store_file")]
kills = 0
offered = []
for number in range(1, 1000):
    for when in ("before", "after"):
        kills += killed(work, number, when, also=FILES)
        row = Export.objects.select_related("file").get(pk=ROW)
        if row.state == "done":
            with open_file(row.file) as file:
                offered.append(file.read().hex())
        elif row.file is not None or row.state == "failed":
            sys.exit(f"{row.state}: {row.problem}")
    if row.state == "done":
        break
print(json.dumps([kills, len(set(offered)), offered[-1], row.rows_done]))
"""


@pytest.fixture(params=["embedded", "services"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """SQLite, then PostgreSQL."""
    urls = {}
    if request.param == "services":
        urls["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    made = Installation(tmp_path, **urls)
    made.manage("migrate", "--verbosity", "0")
    yield made
    made.stop_all()


@pytest.mark.faults
def test_a_long_export_goes_on_through_kills(installation: Installation) -> None:
    installation.ask(SET_UP)
    through_kills(installation, "csv")
    through_kills(installation, "xlsx")


def through_kills(installation: Installation, ending: str) -> None:
    row = installation.ask(ASKED.replace("FORMAT", ending))
    kills, files, content, rows = installation.ask(THROUGH_KILLS.replace("ROW", str(row)))
    assert kills >= 10
    assert (files, rows) == (1, 10)
    whole = bytes.fromhex(content)
    if ending == "csv":
        names = whole.decode("utf-8-sig").splitlines()
        assert names[1:] == [f"Person {number}" for number in range(10)]
    else:
        [sheet] = CalamineWorkbook.from_filelike(BytesIO(whole)).sheet_names
        assert sheet == "customers"
