"""Lists as files: short ones at once, long ones by the worker; safe cells, real values, nobody else's."""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.asserts import assertContains, assertNotContains
from python_calamine import CalamineWorkbook

from crm.models import Customer
from staff import leases
from staff.access import Role
from staff.actions import exports as actions
from staff.cells import harmless, meant
from staff.exports import LISTS, ExportList, column, files, walking, working
from staff.exports.files import Draft, Sheet
from staff.models import AuditEntry, Business, Export, StoredFile, User
from tests.factories import CustomerFactory

NEW = "/exports/new/"
PAGE = "/exports/"


def content(response: HttpResponse) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def rows(data: bytes, separator: str = ",") -> list[dict[str, str]]:
    text = data.decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=separator))


@pytest.fixture
def long_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows are a long list, and a stretch."""
    monkeypatch.setattr(actions, "AT_ONCE", 1)
    monkeypatch.setattr(walking, "STRETCH", 2)


def asked(client: Client, **data: object) -> HttpResponse:
    return client.post(NEW, {"list": "customers", "format": "csv", **data})


# --- Cells ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://x.example","y")',
        "=1+1",
        "@SUM(A1)",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "\t=1+1",
        " =1+1",
        "'=1+1",
        "＝1+1",
        "\r\n=1",
    ],
)
def test_what_a_spreadsheet_would_calculate_is_text(cell: str) -> None:
    assert harmless(cell).startswith("'")


@pytest.mark.parametrize("cell", ["+34 600 111 222", "-12,50", "Ada", "d'Ávila", "'tis", "1-2", ""])
def test_what_calculates_nothing_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


@given(st.text())
def test_what_was_made_harmless_is_read_back_as_it_was(cell: str) -> None:
    # A cell's own blanks at either end are lost whatever it holds: that is how a file is read.
    assert meant(harmless(cell.strip())) == cell.strip()


# --- At once --------------------------------------------------------------------------------


def test_a_short_list_comes_at_once_as_filtered(agent_client: Client, agent: User) -> None:
    CustomerFactory(name="=Ada", stage=Customer.Stage.CUSTOMER, owner=agent)
    CustomerFactory(name="Grace")
    response = asked(agent_client, address="stage=customer&after=x")
    assert response["Content-Disposition"].startswith('attachment; filename="customers-')
    [row] = rows(content(response))
    assert (row["Name"], row["Stage"], row["Owner"]) == ("'=Ada", "Customer", "Ana Reis")
    export = Export.objects.get()
    assert (export.state, export.rows_done, export.file) == (Export.State.DONE, 1, None)
    entry = AuditEntry.objects.get(action="export.create")
    assert entry.by == agent
    assert entry.changes["filters"] == [None, "stage=customer"]


def test_only_the_rows_that_were_checked(agent_client: Client) -> None:
    wanted, _other = CustomerFactory(name="Ada"), CustomerFactory(name="Grace")
    [row] = rows(content(asked(agent_client, customer=[wanted.pk, "x"])))
    assert row["Name"] == "Ada"


def test_only_the_columns_on_screen_in_their_order(agent_client: Client) -> None:
    CustomerFactory(name="Ada")
    [row] = rows(content(asked(agent_client, column=["city", "name", "nonsense"])))
    assert list(row) == ["City", "Name"]


def test_where_people_write_a_decimal_comma_cells_are_parted_by_semicolons(
    agent: User, agent_client: Client
) -> None:
    CustomerFactory(name="Ada; Lovelace", created_at=datetime(2026, 1, 31, 15, 30, 5, tzinfo=UTC))
    User.objects.filter(pk=agent.pk).update(language="es")
    with translation.override("es"):
        data = content(asked(agent_client, column=["name", "created_at"]))
    assert data.startswith(b"\xef\xbb\xbf")
    [row] = rows(data, ";")
    assert list(row.values()) == ["Ada; Lovelace", "2026-01-31 12:30:05"]


def test_a_spreadsheet_has_real_dates_and_text_that_is_no_formula(agent_client: Client) -> None:
    CustomerFactory(name="=1+1", created_at=datetime(2026, 1, 31, 15, 30, tzinfo=UTC))
    data = content(asked(agent_client, format="xlsx", column=["name", "created_at"]))
    [header, row] = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()
    assert header == ["Name", "Created"]
    assert row == ["=1+1", datetime(2026, 1, 31, 12, 30)]


def test_nobody_exports_a_list_that_is_not_theirs(
    agent_client: Client, read_only_client: Client
) -> None:
    assert agent_client.post(NEW, {"list": "audit"}).status_code == 403
    assert read_only_client.post(NEW, {"list": "customers"}).status_code == 403
    assert agent_client.post(NEW, {"list": "nonsense"}).status_code == 404
    assert agent_client.post(NEW, {"list": "customers", "format": "pdf"}).status_code == 404
    assert not Export.objects.exists()


def test_the_menu_of_a_list_offers_it_to_who_may(
    agent_client: Client, read_only_client: Client
) -> None:
    CustomerFactory()
    assertContains(agent_client.get("/customers/?stage=lead"), "Export as XLSX")
    assertContains(agent_client.get("/customers/?stage=lead"), 'value="stage=lead"')
    assertNotContains(read_only_client.get("/customers/"), "Export as")


# --- By the worker --------------------------------------------------------------------------


@pytest.mark.usefixtures("long_lists")
def test_a_long_list_is_written_in_slices_and_waits_for_its_reader(
    agent: User, agent_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ada", "Berta", "Carla", "Dora", "Eva"):
        CustomerFactory(name=name)
    assert asked(agent_client)["Location"] == PAGE
    assertContains(agent_client.get(PAGE), "Waiting")
    monkeypatch.setattr(working, "SLICE_SECONDS", 0)
    slices = 1
    while working.work():
        slices += 1
    assert slices > 2
    export = Export.objects.get()
    assert (export.rows_done, export.rows_total) == (5, 5)
    found = rows(content(agent_client.get(f"/exports/{export.pk}/file/")))
    assert [row["Name"] for row in found] == ["Ada", "Berta", "Carla", "Dora", "Eva"]
    assert not list((settings.VAR_DIR / "exports").iterdir())
    assertContains(agent_client.get(PAGE), f"/exports/{export.pk}/file/")


@pytest.mark.usefixtures("long_lists")
def test_what_a_killed_worker_left_is_taken_up_where_it_was_noted(
    agent: User, tmp_path: Path
) -> None:
    for name in ("Ada", "Berta", "Carla"):
        CustomerFactory(name=name)
    sheet = Sheet(
        LISTS["customers"], QueryDict(), agent, "csv", Business.objects.get().zone, names=["name"]
    )
    draft = Draft(tmp_path / "x.csv")
    assert not files.write(sheet, draft, lambda _rows: False)
    draft.keep()
    with draft.path.open("a") as file:
        file.write("half a li")  # the kill came here
    again = Draft(draft.path)
    again.find()
    assert again.rows == 2
    assert files.write(sheet, again)
    assert [row["Name"] for row in rows(draft.path.read_bytes())] == ["Ada", "Berta", "Carla"]


def test_a_note_without_its_file_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"rows": 2, "place": [1], "size": 9}))
    draft = Draft(tmp_path / "x.csv")
    draft.find()
    assert (draft.rows, draft.place) == (0, None)


@pytest.mark.usefixtures("long_lists")
def test_cancelling_ends_it_and_leaves_nothing(agent: User, agent_client: Client) -> None:
    CustomerFactory.create_batch(3)
    asked(agent_client)
    export = Export.objects.get()
    agent_client.post(f"/exports/{export.pk}/cancel/")
    assert not working.work()
    export.refresh_from_db()
    assert (export.state, export.file) == (Export.State.CANCELLED, None)
    assert AuditEntry.objects.filter(action="export.cancel").exists()
    again = agent_client.post(f"/exports/{export.pk}/cancel/", follow=True)
    assertContains(again, "not being written any more")


@pytest.mark.usefixtures("long_lists")
def test_cancelled_while_it_is_written_it_stops_after_the_rows_in_hand(
    agent: User, agent_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    CustomerFactory.create_batch(5)
    asked(agent_client)
    acquire, seen = leases.acquire, []

    def cancelling(*args: object) -> bool:
        seen.append(args)
        if len(seen) == 2:
            Export.objects.update(state=Export.State.CANCELLED)
        return acquire(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(working.leases, "acquire", cancelling)
    working.work()
    assert len(seen) == 2
    assert Export.objects.get().state == Export.State.CANCELLED
    assert not StoredFile.objects.exists()


@pytest.mark.usefixtures("long_lists")
def test_two_workers_do_not_write_the_same(agent_client: Client) -> None:
    CustomerFactory.create_batch(3)
    asked(agent_client)
    assert leases.acquire(working.LEASE, "another", 60)
    assert not working.work()
    assert Export.objects.get().state == Export.State.WAITING


@pytest.mark.usefixtures("long_lists")
def test_whose_role_was_taken_meanwhile_gets_nothing(agent: User, agent_client: Client) -> None:
    CustomerFactory.create_batch(3)
    asked(agent_client)
    User.objects.filter(pk=agent.pk).update(role=Role.READ_ONLY)
    working.work()
    export = Export.objects.get()
    assert (export.state, export.file) == (Export.State.FAILED, None)
    assert "not there for you" in export.problem


@pytest.mark.usefixtures("long_lists")
def test_what_goes_wrong_is_said_and_does_not_keep_others_waiting(
    agent_client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    CustomerFactory.create_batch(3)
    broken = ExportList(
        "broken",
        "broken",
        lambda _query, _user: Customer.objects.all(),
        lambda _query, _user: [column("name", "Name", show=lambda _name: 1 / 0)],
    )
    monkeypatch.setitem(LISTS, "broken", broken)
    asked(agent_client, list="broken")
    asked(agent_client)
    working.work()
    states = dict(Export.objects.values_list("what", "state"))
    assert states == {"broken": "failed", "customers": "done"}
    assert "failed" in caplog.text
    assertContains(agent_client.get(PAGE), "It could not be written")


@pytest.mark.usefixtures("long_lists")
def test_a_file_is_for_who_asked_and_for_owners(
    agent_client: Client, manager_client: Client, owner_client: Client
) -> None:
    CustomerFactory.create_batch(2)
    asked(agent_client, format="xlsx")
    working.work()
    url = f"/exports/{Export.objects.get().pk}/file/"
    assert manager_client.get(url).status_code == 404
    assert content(owner_client.get(url)).startswith(b"PK")
    response = agent_client.get(url)
    assert response["Content-Type"].endswith("spreadsheetml.sheet")
    assert content(response)


@pytest.mark.usefixtures("long_lists")
def test_whose_role_was_taken_does_not_get_the_file_either(
    manager: User, manager_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    CustomerFactory.create_batch(3)
    monkeypatch.setitem(LISTS, "customers", replace(LISTS["customers"], role=Role.MANAGER))
    asked(manager_client)
    working.work()
    url = f"/exports/{Export.objects.get().pk}/file/"
    assert content(manager_client.get(url))
    User.objects.filter(pk=manager.pk).update(role=Role.AGENT)
    assert manager_client.get(url).status_code == 404


@pytest.mark.usefixtures("long_lists")
def test_after_some_days_the_file_is_gone(
    agent_client: Client, django_capture_on_commit_callbacks
) -> None:
    CustomerFactory.create_batch(2)
    asked(agent_client)
    working.work()
    export = Export.objects.get()
    assert export.file
    path = export.file.path
    working.sweep()
    assert default_storage.exists(path)
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        working.sweep()
    assert not default_storage.exists(path)
    assert not StoredFile.objects.exists()
    assert agent_client.get(f"/exports/{export.pk}/file/").status_code == 404
    assertContains(agent_client.get(PAGE), "its time is over")


def test_one_sees_only_ones_own(agent: User, manager_client: Client) -> None:
    Export.objects.create(what="customers", format="csv", by=agent, state="done")
    assertContains(manager_client.get(PAGE), "Nothing exported yet")


def test_the_page_asks_few_queries_however_many_exports_there_are(
    agent: User, agent_client: Client, django_assert_max_num_queries
) -> None:
    for _ in range(20):
        Export.objects.create(what="customers", format="csv", by=agent, state="waiting")
    with django_assert_max_num_queries(4):  # session, user, business, exports
        agent_client.get(PAGE)


def test_money_is_a_number_with_the_readers_decimal_sign(business: Business) -> None:
    from staff.exports.writing import CsvText

    with translation.override("pt-br"):
        assert CsvText(business.zone, exact=False).cells([Decimal("1234.50"), True, None]) == [
            "1234,50",
            "sim",
            "",
        ]
    assert CsvText(business.zone, exact=True).cells([Decimal("1234.50"), True]) == [
        "1234.50",
        "yes",
    ]


def test_a_manager_exports_the_trail_as_filtered(manager: User, manager_client: Client) -> None:
    content(asked(manager_client))
    response = manager_client.post(NEW, {"list": "audit", "address": "action=export.create"})
    found = rows(content(response))
    assert [row["What"] for row in found] == ["Exported a list"] * len(found)
    assert "customers" in found[-1]["From what to what"]
    assert found[0]["Who"] == "Marina Luz"
