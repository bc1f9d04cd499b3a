"""An import as the browser has it: draft, check of the whole file, run in slices, taken back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from crm.actions import imports
from crm.imports import walking, working
from crm.imports.memory import Memory
from crm.imports.reading import FileUnusable
from crm.models import ColumnMapping, Contact, ContactPoint, Customer, FileImport, Order, Tag
from staff.files import open_file, store_file
from staff.models import AuditEntry, Business, Change, User

State = FileImport.State
pytestmark = pytest.mark.django_db
Starter = Callable[..., FileImport]

# Each hard in a way of its own: twice in the file by key, by address and by both; addresses that
# change hands; two rows about one customer; tags; a referrer who comes later; refusals of all sorts.
KNOWN = """external_id,name,email,phone,city,tags
a,Ana,ana@example.com,+5511987654321,Lima,vip
b,Bia,bia@example.com,,Cusco,
c,Cleo,cleo@example.com,,,
,Dora,dora@example.com,,,
"""
HARD = """external_id,name,email,phone,city,tags,referred_by,stage
a,Ana,ana.new@example.com,+5511987654321,Lima,vip,,
x1,Xavier,ana@example.com,,,new,y1,customer
b,Bia,bia@example.com,,Cusco,,,
b,Bia again,,,,,,
c,Cleo,bia@example.com,,,,,
,Dora,dora@example.com,,Lima,,,
d9,Dora,dora@example.com,,Cusco,,,
,Dora again,dora@example.com,,,,,
y1,Yara,yara@example.com,not a phone,,,,
y1,Yara,yara@example.com,+551133334444,,,,
z,Zoe,zoe@example.com,,,,nobody,lost
,,,,,,,
w,Wim,wim@example.com,+551133334444,,vip;new,a,
a,,,,,,,
q,Quim,too,many,cells,,,,,
"""


@pytest.fixture
def start(business: Business, agent: User) -> Starter:
    def run(kind: str, text: str | bytes, name: str = "file.csv") -> FileImport:
        content = text if isinstance(text, bytes) else text.encode()
        stored = store_file(io.BytesIO(content), "text/csv")
        return imports.start_import(kind=kind, file=stored, file_name=name, by=agent)

    return run


def worked(row: FileImport, *, slices: int = 1000, seconds: float = 60) -> FileImport:
    """Let the worker do what the row waits for, in at most so many slices."""
    for _ in range(slices):
        if not working.slice_of(row.pk, seconds=seconds):
            break
    row.refresh_from_db()
    return row


def checked(row: FileImport, by: User, **how: Any) -> FileImport:
    return worked(imports.begin_check(file_import=row, by=by), **how)


def run(row: FileImport, by: User, **how: Any) -> FileImport:
    return worked(imports.begin_run(file_import=checked(row, by), by=by), **how)


def counts(row: FileImport) -> dict[str, int]:
    names = ("created", "updated", "unchanged", "refused")
    return {name: getattr(row, name) for name in names}


def refused_file(row: FileImport) -> bytes:
    assert row.refused_file is not None
    with open_file(row.refused_file) as file:
        return file.read()


def refused_rows(row: FileImport) -> list[dict[str, str]]:
    text = refused_file(row).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_file_with_spanish_headers_gets_in_by_itself(start: Starter, agent: User) -> None:
    text = (
        "Código;Nombre;Correo electrónico;Teléfono;Fecha de alta;Ciudad\n"
        "1;José Muñoz;jose@example.com;(11) 98765-4321;12/03/2025;Lima\n"
        "2;Iñaki;no es correo;;13/03/2025;\n"
    ).encode("latin-1")
    row = start("customers", text)
    assert (row.state, row.reading) == (State.DRAFT, {"encoding": "cp1252", "separator": ";"})
    assert row.mapping == {
        "external_id": "Código",
        "name": "Nombre",
        "email": "Correo electrónico",
        "phone": "Teléfono",
        "created_at": "Fecha de alta",
        "city": "Ciudad",
    }
    assert row.options["dates"] == "dmy"
    row = checked(row, agent)
    assert (row.state, row.report["counts"]["created"]) == (State.CHECKED, 1)
    assert row.report["refusals"][0][0] == 3
    assert not Customer.objects.exists()
    row = worked(imports.begin_run(file_import=row, by=agent))
    assert (row.state, row.rows_total, row.checkpoint) == (State.DONE, 2, 2)
    assert counts(row) == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert Customer.objects.get().name == "José Muñoz"
    assert refused_rows(row)[0]["Nombre"] == "Iñaki"
    assert AuditEntry.objects.get(action="import.run").by == agent


def test_refused_rows_corrected_come_in_and_keep_no_second_line(
    start: Starter, agent: User
) -> None:
    row = run(start("customers", "external_id,name,email\na,Ana,bad\nb,Bea,bad\n"), agent)
    corrected = refused_file(row).replace(b"a,Ana,bad", b"a,Ana,ana@example.com")
    again = run(start("customers", corrected), agent)
    assert counts(again) == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert list(refused_rows(again)[0]) == ["external_id", "name", "email", "line", "reason"]


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_a_check_counts_what_the_import_does(
    start: Starter, agent: User, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(start("customers", KNOWN), agent)
    monkeypatch.setattr(walking, "BATCH", batch)
    row = checked(start("customers", HARD), agent)
    before = (Customer.objects.count(), Contact.objects.count(), Tag.objects.count())
    found = row.report["counts"]
    assert (Customer.objects.count(), Contact.objects.count(), Tag.objects.count()) == before
    row = worked(imports.begin_run(file_import=row, by=agent))
    assert counts(row) == found
    assert row.report["run"]["refusals"] == row.report["refusals"]
    assert row.report["run"]["warnings"] == row.report["warnings"]


def test_a_check_shows_field_by_field_what_would_change(start: Starter, agent: User) -> None:
    run(start("customers", KNOWN), agent)
    text = KNOWN.replace("Lima", "Quito").replace("cleo@", "cleo.m@").replace("vip", "gold")
    row = checked(start("customers", text), agent)
    assert row.report["fields"] == {
        "city": {"count": 1, "examples": [[2, "Ana", "Lima", "Quito"]]},
        "email": {
            "count": 1,
            "examples": [[4, "Cleo", "cleo@example.com", "cleo.m@example.com"]],
        },
        "tags": {"count": 1, "examples": [[2, "Ana", "vip", "gold"]]},
    }
    assert row.report["counts"] == {"created": 0, "updated": 2, "unchanged": 2, "refused": 0}


def test_a_check_tells_days_and_tags_as_people_write_them(start: Starter, agent: User) -> None:
    run(start("customers", "email,created_at\nana@example.com,2025-02-03\n"), agent)
    text = 'email,created_at,tags\nana@example.com,2025-01-02,"vip, gold"\n'
    fields = checked(start("customers", text), agent).report["fields"]
    [[_line, _whom, before, after]] = fields["created_at"]["examples"]
    assert (before, after) == ("Feb 3, 2025, 00:00", "Jan 2, 2025, 00:00")
    assert fields["tags"]["examples"][0][3] == "vip; gold"


def test_a_check_of_orders_shows_what_would_change(start: Starter, agent: User) -> None:
    run(start("customers", KNOWN), agent)
    text = 'Pedido,Cliente,Fecha,Importe\n1,a,12/03/2025,"1.234,56"\n2,b,13/03/2025,"1.500"\n'
    row = start("orders", text)
    assert row.mapping["external_id"] == "Pedido"
    assert row.options["decimal"] == ","
    run(row, agent)
    assert {str(order.total) for order in Order.objects.all()} == {"1234.56", "1500.00"}
    again = checked(start("orders", text.replace("1.500", "1.600")), agent)
    assert again.report["fields"] == {
        "total": {"count": 1, "examples": [[3, "2", "1500.00", "1600"]]}
    }


def test_slices_go_on_where_the_last_one_stopped(
    start: Starter, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "BATCH", 2)
    run(start("customers", KNOWN), agent)
    whole = checked(start("customers", HARD), agent)
    sliced = checked(start("customers", HARD), agent, seconds=0)
    assert sliced.report == whole.report
    row = imports.begin_run(file_import=sliced, by=agent)
    row = worked(row, slices=1, seconds=0)
    assert (row.state, row.checkpoint, row.rows_done) == (State.RUNNING, 2, 2)
    row = worked(row, seconds=0)
    assert row.state == State.DONE
    assert counts(row) == whole.report["counts"]
    assert len(refused_rows(row)) == row.refused


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_run_that_died_remembers_what_it_had_seen(
    start: Starter, agent: User, forgotten: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the last batch that committed; with no memory, or that of an earlier place."""
    monkeypatch.setattr(walking, "BATCH", 2)
    run(start("customers", KNOWN), agent)
    row = checked(start("customers", HARD), agent)
    wanted = row.report["counts"]
    row = worked(imports.begin_run(file_import=row, by=agent), slices=1, seconds=0)
    write = Memory.write
    monkeypatch.setattr(Memory, "write", lambda *_: None)
    row = worked(row, slices=3, seconds=0)
    monkeypatch.setattr(Memory, "write", write)
    assert row.checkpoint == 8
    if forgotten:
        for left in walking.folder().glob(f"*-{row.pk}.memory"):
            left.unlink()
        for left in walking.folder().glob(f"{row.change_set_id}-refused.csv"):
            left.unlink()
    row = worked(row, seconds=0)
    assert counts(row) == wanted
    assert len(refused_rows(row)) == row.refused


def test_an_import_is_cancelled_between_batches_and_goes_on_or_back(
    start: Starter, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "BATCH", 2)
    row = imports.begin_run(file_import=checked(start("customers", KNOWN), agent), by=agent)
    row = worked(row, slices=1, seconds=0)
    row = worked(imports.ask_cancel(file_import=row, by=agent))
    assert (row.state, row.checkpoint, row.created) == (State.CANCELLED, 2, 2)
    with pytest.raises(imports.NotNow):
        imports.ask_cancel(file_import=row, by=agent)
    row = worked(imports.go_on(file_import=row, by=agent))
    assert (row.state, row.created) == (State.DONE, 4)
    row = worked(imports.begin_revert(file_import=row, by=agent))
    assert row.state == State.REVERTED
    assert not Customer.objects.exists()


def test_cancelling_a_check_leaves_a_draft_and_a_waiting_run_leaves_nothing(
    start: Starter, agent: User
) -> None:
    row = imports.begin_check(file_import=start("customers", KNOWN), by=agent)
    row = worked(imports.ask_cancel(file_import=row, by=agent))
    assert row.state == State.DRAFT
    row = imports.begin_run(file_import=checked(row, agent), by=agent)
    row = worked(imports.ask_cancel(file_import=row, by=agent))
    assert (row.state, row.change_set) == (State.CANCELLED, None)
    assert not imports.can_revert(row)


def test_a_revert_in_slices_says_what_it_left_alone(
    start: Starter, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("staff.changes.reverting.BATCH", 3)
    row = run(start("customers", KNOWN), agent)
    Customer.objects.filter(name="Bia").update(city="Quito")
    row = imports.begin_revert(file_import=row, by=agent)
    row = worked(row, slices=1, seconds=0)
    assert row.state == State.REVERTING
    row = worked(row, seconds=0)
    assert row.state == State.REVERTED
    assert row.report["reverted"]["left_alone"] == 1
    assert row.report["reverted"]["reasons"] == {"changed": 1}
    assert Customer.objects.get().name == "Bia"


def test_states_refuse_what_is_not_their_turn(start: Starter, agent: User) -> None:
    row = start("customers", KNOWN)
    for act in (imports.begin_run, imports.ask_cancel, imports.begin_revert, imports.go_on):
        with pytest.raises(imports.NotNow):
            act(file_import=row, by=agent)
    row = run(row, agent)
    with pytest.raises(imports.NotNow):
        imports.begin_check(file_import=row, by=agent)
    with pytest.raises(imports.NotNow):
        imports.forget(file_import=row, by=agent)


def test_a_mapping_is_remembered_by_kind_and_shape(start: Starter, agent: User) -> None:
    row = start("customers", "A,B\nx,Ana\n")
    assert row.mapping == {}
    with pytest.raises(FileUnusable):
        imports.begin_check(file_import=row, by=agent)
    row = imports.set_mapping(
        file_import=row,
        mapping={"external_id": "A", "name": "B", "city": ""},
        options={"source": "old crm"},
        reading=row.reading,
        by=agent,
    )
    checked(row, agent)
    again = start("customers", "A,B\ny,Bea\n")
    assert again.mapping == {"external_id": "A", "name": "B"}
    assert again.options["source"] == "old crm"
    assert ColumnMapping.objects.count() == 1
    assert start("customers", "B,A\nBea,y\n").mapping == {}


def test_reading_a_file_another_way_guesses_its_columns_anew(start: Starter, agent: User) -> None:
    row = start("customers", "nombre;ciudad,pais\nAna;Lima,Peru\n")
    row = imports.set_mapping(
        file_import=row,
        mapping=row.mapping,
        options={},
        reading={**row.reading, "separator": ","},
        by=agent,
    )
    assert imports.shape(row).header == ("nombre;ciudad", "pais")
    assert row.mapping == {"country": "pais"}


def test_what_breaks_says_so_and_what_is_in_stays(
    start: Starter, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "BATCH", 2)
    row = imports.begin_run(file_import=checked(start("customers", KNOWN), agent), by=agent)
    row = worked(row, slices=1, seconds=0)

    def broken(*_arguments: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(walking.Walk, "_take", broken)
    row = worked(row)
    assert (row.state, row.checkpoint, Customer.objects.count()) == (State.FAILED, 2, 2)
    assert row.problem
    assert imports.can_go_on(row)
    assert imports.can_revert(row)


def test_a_command_that_was_killed_is_said_to_be_stopped(business: Business) -> None:
    row = FileImport.objects.create(kind="customers", file_name="x.csv", state=State.RUNNING)
    working.bury_commands()
    row.refresh_from_db()
    assert row.state == State.FAILED


def test_changes_belong_to_the_import_and_nothing_points_to_a_checks_set(
    start: Starter, agent: User
) -> None:
    row = run(start("customers", KNOWN), agent)
    assert set(Change.objects.values_list("change_set", flat=True)) == {row.change_set_id}
    assert ContactPoint.objects.count() == 5
