"""SIGKILL at every commit point of an import: it goes on behind the last batch, never half, never twice.

One process does a slice of the work; it kills itself at its Nth statement that writes or commits,
just before or just after. The next one goes on from what was committed, as a worker would.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation

SET_UP = """
import io, json
from crm.actions import imports
from crm.imports import working
from staff.files import store_file
from staff.models import Business
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
def bring_in(kind, text):
    stored = store_file(io.BytesIO(text.encode()), "text/csv")
    row = imports.start_import(kind=kind, file=stored, file_name=kind, by=None)
    row.options["create_customers"] = True
    row.save()
    imports.begin_check(file_import=row, by=None)
    while working.slice_of(row.pk, seconds=60): pass
    row.refresh_from_db()
    return imports.begin_run(file_import=row, by=None)
known = bring_in("customers", "external_id,name,email\\n0,Ana,ana@example.com\\n2,Rui,rui@example.com\\n")
while working.slice_of(known.pk, seconds=60): pass
lines = [f"{n},Person {n},p{n}@example.com,+55119{n:08},new;vip,{n + 1},customer" for n in range(8)]
lines += ["1,Twice,,,,,", "9,Nobody,no address,,,,", "10,Late,rui@example.com,,,,"]
row = bring_in("customers", "external_id,name,email,phone,tags,referred_by,stage\\n" + "\\n".join(lines))
print(json.dumps([row.pk, row.report["counts"]]))
"""
THROUGH_KILLS = """
import json
from crm.imports import walking, working
from crm.models import FileImport
from tests.faults.dying import killed

walking.BATCH = 3

def work():
    while working.slice_of(ROW, seconds=0): pass

kills = 0
for number in range(FIRST, 1000, STEP):
    died = [killed(work, number, when) for when in ("before", "after")]
    kills += sum(died)
    row = FileImport.objects.get(pk=ROW)
    if row.state == "done":
        break
print(json.dumps(kills))
"""
FOUND = """
import csv, io, json
from crm.models import *
from staff.files import open_file
from staff.models import Change
row = FileImport.objects.get(pk=ROW)
with open_file(row.refused_file) as file:
    refused = len(list(csv.reader(io.TextIOWrapper(file, "utf-8-sig")))) - 1
print(json.dumps({
    "state": row.state,
    "counts": {name: getattr(row, name) for name in ("created", "updated", "unchanged", "refused")},
    "refused": refused,
    "customers": Customer.objects.count(),
    "contacts": Contact.objects.count(),
    "affiliations": Affiliation.objects.count(),
    "points": ContactPoint.objects.count(),
    "searched": CustomerSearch.objects.count(),
    "spans": TenureSpan.objects.count(),
    "referred": Customer.objects.exclude(referred_by=None).count(),
    "created": Change.objects.filter(change_set=row.change_set, model="crm.customer",
                                     operation="created").count(),
}))
"""
TAKEN_BACK = """
import json
from crm.actions import imports
from crm.imports import working
from crm.models import *
row = FileImport.objects.get(pk=ROW)
imports.begin_revert(file_import=row, by=None)
while working.slice_of(row.pk, seconds=0): pass
row.refresh_from_db()
print(json.dumps([row.state, row.report["reverted"]["left_alone"], Customer.objects.count(),
                  ContactPoint.objects.count(), TenureSpan.objects.count()]))
"""


@pytest.fixture(params=["embedded", "services"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """SQLite, then PostgreSQL."""
    urls = {}
    if request.param == "services":
        urls["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    made = Installation(tmp_path, **urls)
    made.prepare()
    yield made
    made.stop_all()


def through_kills(installation: Installation, *, first: int, step: int, least: int) -> None:
    row, wanted = installation.ask(SET_UP)
    assert wanted == {"created": 7, "updated": 2, "unchanged": 0, "refused": 2}
    code = THROUGH_KILLS.replace("ROW", str(row))
    kills = installation.ask(code.replace("FIRST", str(first)).replace("STEP", str(step)))
    assert kills >= least
    installation.ask(code.replace("FIRST", "999").replace("STEP", "1"))
    found = installation.ask(FOUND.replace("ROW", str(row)))
    assert found["state"] == "done"
    assert found["counts"] == wanted
    assert found["refused"] == wanted["refused"]
    people = wanted["created"] + 2
    names = ("customers", "contacts", "affiliations", "searched")
    assert {found[name] for name in names} == {people}
    assert found["created"] == wanted["created"]
    assert found["spans"] == 8
    taken_back = installation.ask(TAKEN_BACK.replace("ROW", str(row)))
    assert taken_back == ["reverted", 0, 2, 2, 0]


@pytest.mark.once
def test_an_import_goes_on_through_kills_at_some_writes(installation: Installation) -> None:
    through_kills(installation, first=4, step=11, least=2)


@pytest.mark.faults
def test_an_import_goes_on_through_kills_at_every_write(installation: Installation) -> None:
    through_kills(installation, first=1, step=1, least=20)
