"""The pages on which files come in: upload, columns, check, run, what came of it, taking back."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.actions import imports as actions
from crm.forms import imports as forms
from crm.imports import words, working
from crm.imports.kinds import KINDS
from crm.models import ColumnMapping, Customer, CustomField, FileImport
from staff.files import store_file
from staff.models import AuditEntry, StoredFile, User

State = FileImport.State
LIST = reverse("crm:import-list")
HTMX = {"HX-Request": "true"}
CUSTOMERS = (
    "Código;Nombre;Correo electrónico;Ciudad;Notas\n"
    "1;María Ñúñez;maria@example.com;Valencia;primera\n"
    "2;José Peña;sin arroba;Alcoy;\n"
    "3;Íñigo Muñoz;inigo@example.com;León;\n"
).encode("latin-1")
HOSTILE = '<script>alert("x")</script>'


def address(name: str, one: FileImport) -> str:
    return reverse(f"crm:import-{name}" if name else "crm:import", args=[one.pk])


def upload(
    client: Client, content: bytes = CUSTOMERS, *, name: str = "clientes.csv", kind: str = ""
) -> HttpResponse:
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    response: HttpResponse = client.post(LIST, {"file": file, "kind": kind})
    return response


def posted(one: FileImport, **changed: Any) -> dict[str, Any]:
    """What the browser sends of the columns as they stand, with what a person changed."""
    shape = actions.shape(one)
    targets = {column: target for target, column in one.mapping.items()}
    columns = {f"column_{i}": targets.get(name, "") for i, name in enumerate(shape.header)}
    return {**columns, **one.options, **shape.choices, "create_customers": "", **changed}


def worked(one: FileImport) -> FileImport:
    while working.slice_of(one.pk, seconds=60):
        pass
    one.refresh_from_db()
    return one


@pytest.fixture
def draft(manager: User) -> Callable[..., FileImport]:
    def make(
        content: bytes = CUSTOMERS, kind: str = "customers", name: str = "clientes.csv"
    ) -> FileImport:
        stored = store_file(io.BytesIO(content), "text/csv")
        return actions.start_import(kind=kind, file=stored, file_name=name, by=manager)

    return make


@pytest.fixture
def checked(draft: Callable[..., FileImport], manager: User) -> Callable[..., FileImport]:
    def make(*args: Any, **options: Any) -> FileImport:
        return worked(actions.begin_check(file_import=draft(*args, **options), by=manager))

    return make


@pytest.fixture
def done(checked: Callable[..., FileImport], manager: User) -> Callable[..., FileImport]:
    def make(*args: Any, **options: Any) -> FileImport:
        one = checked(*args, **options)
        return worked(actions.begin_run(file_import=one, by=manager))

    return make


# --- The history, and a new file ---------------------------------------------------------------


def test_the_first_visit_teaches_and_offers_examples(manager_client: Client) -> None:
    response = manager_client.get(LIST)

    assertContains(response, "Bring a file in")
    assertContains(response, "up to 300")
    for kind in ("customers", "orders", "costs", "tickets", "responses"):
        assertContains(response, reverse("crm:import-example", args=[kind]))


EXAMPLES = (
    "customers contacts orders contracts costs tenures interactions subscribers delivery_events "
    "tickets ticket_events responses invitations reviews"
).split()
# What an example names must be there.
BEFORE = {"customers": [], "ticket_events": ["customers", "tickets"]}


def test_every_kind_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(KINDS)


@pytest.mark.parametrize(
    ("kind", "language"),
    [*((kind, "es") for kind in EXAMPLES), ("customers", "en"), ("orders", "pt-br")],
)
def test_an_example_is_recognised_and_comes_in_as_it_is(
    manager_client: Client, manager: User, kind: str, language: str, done: Callable[..., FileImport]
) -> None:
    for earlier in BEFORE.get(kind, ["customers"]):
        done(words.example_file(earlier).encode(), earlier)
    manager.language = language
    manager.save()

    response = manager_client.get(reverse("crm:import-example", args=[kind]))

    assert response["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
    upload(manager_client, response.content, name=f"{kind}.csv")
    one = FileImport.objects.get(file_name=f"{kind}.csv", state=State.DRAFT)
    assert one.kind == kind
    assert len(one.mapping) == len(KINDS[kind].columns)
    found = worked(actions.begin_check(file_import=one, by=manager)).report
    assert (found["counts"]["refused"], found["refusals"]) == (0, [])
    assert found["counts"]["created"] + found["counts"]["updated"] > 0


def test_nobody_knows_an_example_of_nothing(agent_client: Client) -> None:
    assert agent_client.get(reverse("crm:import-example", args=["secrets"])).status_code == 404


def test_an_upload_is_kept_recognised_and_leads_to_its_columns(
    manager_client: Client, manager: User
) -> None:
    response = upload(manager_client)

    one = FileImport.objects.get()
    assertRedirects(response, address("columns", one))
    assert (one.kind, one.file_name, one.by) == ("customers", "clientes.csv", manager)
    assert one.reading == {"encoding": "cp1252", "separator": ";"}
    assert one.mapping["email"] == "Correo electrónico"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("clientes.csv", b"", "This file is empty."),
        ("clientes.pdf", b"%PDF-1.7", "This is no table that we read."),
        ("clientes.xlsx", b"PK\x03\x04 nothing of the kind", "can&#x27;t be read"),
        ("clientes.csv", b"\n\n", "The file is empty"),
        ("clientes.csv", b"nombre,nombre\na,b\n", "Two columns have the same name"),
    ],
)
def test_a_file_that_is_no_use_is_refused_beside_the_field(
    manager_client: Client, name: str, content: bytes, words: str
) -> None:
    response = upload(manager_client, content, name=name)

    assertContains(response, words)
    assert not FileImport.objects.exists()
    assert not StoredFile.objects.exists()


def test_a_file_that_nobody_recognises_is_asked_about_and_taken_as_what_it_is(
    manager_client: Client,
) -> None:
    upload(manager_client, b"hue;shade;when\nred;dark;31/12/2026\n", name="colors.csv")
    one = FileImport.objects.get()
    page = manager_client.get(address("columns", one))
    assertContains(page, "Taken as: Customers. Is it something else?")

    response = manager_client.post(address("kind", one), {"kind": "orders"})

    assertRedirects(response, address("columns", one))
    one.refresh_from_db()
    assert (one.kind, one.mapping) == ("orders", {"ordered_at": "when"})
    response = manager_client.post(address("kind", one), {"kind": "secrets"}, follow=True)
    assertContains(response, "Nothing of this kind can be imported.")


def test_a_file_that_is_too_large_is_refused(
    manager_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "LARGEST_FILE", 10)

    assertContains(upload(manager_client), "This file is too large")
    assert not FileImport.objects.exists()


def test_a_forgotten_file_is_asked_for(manager_client: Client) -> None:
    assertContains(manager_client.post(LIST, {"kind": "customers"}), "Choose a file first.")


def test_agents_read_and_managers_bring_in(
    agent_client: Client, read_only_client: Client, done: Callable[..., FileImport]
) -> None:
    one = done()

    assertContains(agent_client.get(LIST), "clientes.csv")
    assertNotContains(agent_client.get(LIST), "Bring a file in")
    assert upload(agent_client).status_code == 403
    page = agent_client.get(address("", one))
    assertContains(page, "is not an e-mail address")
    assertNotContains(page, "Take this import back")
    assert agent_client.get(address("revert", one)).status_code == 403
    assert agent_client.get(address("columns", one)).status_code == 403
    assert read_only_client.get(LIST).status_code == 403


def test_the_history_is_paged_and_costs_the_same_however_long(
    agent_client: Client,
    manager: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    FileImport.objects.bulk_create(
        FileImport(
            kind="orders", file_name=f"file {n}.csv", by=manager, state=State.DONE, created=n
        )
        for n in range(60)
    )

    with django_assert_max_num_queries(10):
        page = agent_client.get(LIST)
    assertContains(page, "file 59.csv")
    assertNotContains(page, "file 0.csv")
    rest = agent_client.get(LIST + page.context["page"].next_url, headers=HTMX)
    assertContains(rest, "file 0.csv")
    assertNotContains(rest, "<html")


# --- What the columns are -----------------------------------------------------------------------


def test_columns_stand_as_guessed_with_what_is_in_them(
    manager_client: Client,
    draft: Callable[..., FileImport],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    CustomField.objects.create(key="shoe_size", label="Shoe size", kind="number")
    one = draft()

    with django_assert_max_num_queries(10):
        page = manager_client.get(address("columns", one))

    assertContains(page, "guessed by their names")
    assertContains(page, "María Ñúñez · José Peña · Íñigo Muñoz")
    assertContains(page, '<option value="email" selected>E-mail</option>', html=True)
    assertContains(page, '<option value="custom.shoe_size">Shoe size</option>', html=True)
    assertContains(page, "about 3 rows")


def test_needed_targets_are_marked_and_missed(
    manager_client: Client, draft: Callable[..., FileImport]
) -> None:
    one = draft(b"Cliente;Fecha;Importe\n1;31/01/2026;10\n", "orders", "pedidos.csv")
    page = manager_client.get(address("columns", one))
    assertContains(page, "Total (needed)")
    assertContains(page, "Make customers that rows name")

    response = manager_client.post(address("columns", one), posted(one, column_2="", source="shop"))

    assertContains(response, "No column gives what each row needs: Total.")
    assertContains(response, 'value="shop"')
    one.refresh_from_db()
    assert one.state == State.DRAFT


def test_no_target_is_fed_twice(manager_client: Client, draft: Callable[..., FileImport]) -> None:
    one = draft()

    response = manager_client.post(address("columns", one), posted(one, column_4="email"))

    assertContains(response, "E-mail is taken from the column “Correo electrónico” already.")


def test_columns_are_checked_and_remembered(
    manager_client: Client, draft: Callable[..., FileImport]
) -> None:
    one = draft()

    response = manager_client.post(
        address("columns", one), posted(one, column_4="source", source="old shop", dates="dmy")
    )

    assertRedirects(response, address("", one))
    one.refresh_from_db()
    assert (one.state, one.mapping["source"]) == (State.CHECKING, "Notas")
    assert (one.options["source"], one.options["dates"]) == ("old shop", "dmy")
    assert ColumnMapping.objects.get().mapping["source"] == "Notas"
    assertContains(manager_client.get(address("columns", draft())), "as last time")


def test_a_file_read_with_the_wrong_letters_is_read_again(
    manager_client: Client, draft: Callable[..., FileImport]
) -> None:
    one = draft("Nombre;Año\nÑandú;2026\n".encode("mac_roman"))
    assertNotContains(manager_client.get(address("columns", one)), "Ñandú")

    response = manager_client.post(
        address("columns", one), posted(one, encoding="mac_roman", reread="1")
    )

    assertRedirects(response, address("columns", one))
    assertContains(manager_client.get(address("columns", one)), "Ñandú")


def test_other_columns_are_looked_at_before_they_are_checked(
    manager_client: Client, draft: Callable[..., FileImport]
) -> None:
    one = draft(b"Nombre;Correo\nAna;ana@example.com\n")

    response = manager_client.post(address("columns", one), posted(one, separator=","), follow=True)

    assertContains(response, "has other columns when it is read so")
    assertContains(response, "Nombre;Correo")
    one.refresh_from_db()
    assert one.state == State.DRAFT


def test_a_file_may_be_read_again_before_its_columns_are_settled(
    manager_client: Client, draft: Callable[..., FileImport]
) -> None:
    one = draft("a;b\nÑandú;2026\n".encode("mac_roman"), "orders")

    manager_client.post(address("columns", one), posted(one, encoding="mac_roman", reread="1"))

    assertContains(manager_client.get(address("columns", one)), "Ñandú")


def test_hostile_names_and_cells_are_only_text(
    manager_client: Client, checked: Callable[..., FileImport], draft: Callable[..., FileImport]
) -> None:
    content = f"name,email,{HOSTILE.replace(chr(34), '')}\n"
    content += f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",{HOSTILE.replace(chr(34), "")},x\n'
    one = draft(content.encode(), name=f"{HOSTILE}.csv")
    pages = [manager_client.get(address("columns", one))]
    one = checked(content.encode(), name=f"{HOSTILE}.csv")
    pages += [manager_client.get(address("", one)), manager_client.get(LIST)]

    for page in pages:
        assertNotContains(page, "<script>alert")
        assertContains(page, "&lt;script&gt;alert")


def test_what_is_under_way_has_its_columns_settled(
    manager_client: Client, done: Callable[..., FileImport]
) -> None:
    one = done()

    assertRedirects(manager_client.get(address("columns", one)), address("", one))


def test_a_draft_is_dropped_with_its_files(
    manager_client: Client, checked: Callable[..., FileImport]
) -> None:
    assertRedirects(manager_client.post(address("forget", checked())), LIST)
    assert not FileImport.objects.exists()
    assert not StoredFile.objects.exists()


def test_another_sheet_of_a_spreadsheet_is_read(
    manager_client: Client, draft: Callable[..., FileImport]
) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        cover = book.add_worksheet("Portada")
        cover.write_row(0, 0, ["Panadería", "2026"])
        cover.write_row(1, 0, ["Aurora", "abierta"])
        book.add_worksheet("Clientes").write_row(0, 0, ["Nombre", "Correo"])
    one = draft(content.getvalue(), name="libro.xlsx")
    page = manager_client.get(address("columns", one))
    assertContains(page, "Another sheet of the file")
    assertContains(page, "about 1 row")

    manager_client.post(address("columns", one), posted(one, sheet="Clientes", reread="1"))

    one.refresh_from_db()
    assert (one.reading, one.mapping) == (
        {"sheet": "Clientes"},
        {"name": "Nombre", "email": "Correo"},
    )


# --- Check and run --------------------------------------------------------------------------------


def test_the_page_asks_again_until_the_check_is_over(
    manager_client: Client, draft: Callable[..., FileImport], manager: User
) -> None:
    one = actions.begin_check(file_import=draft(), by=manager)
    page = manager_client.get(address("", one))
    assertContains(page, "Checking the whole file")
    assertContains(page, 'hx-trigger="every 1s"')
    assertContains(page, "Stop checking")

    worked(one)

    part = manager_client.get(address("", one), headers=HTMX)
    assertNotContains(part, "<html")
    assertNotContains(part, "hx-trigger")
    assertContains(part, "would be created")
    assertContains(part, "“sin arroba” is not an e-mail address.")
    assertContains(part, "Import 2 rows")
    assertContains(part, "Notas")
    assert not Customer.objects.exists()


def test_a_check_that_was_stopped_leads_back_to_the_columns(
    manager_client: Client, draft: Callable[..., FileImport], manager: User
) -> None:
    one = actions.begin_check(file_import=draft(), by=manager)

    manager_client.post(address("cancel", one))
    worked(one)

    polled = manager_client.get(address("", one), headers=HTMX)
    assert polled["HX-Redirect"] == address("columns", one)
    assertRedirects(manager_client.get(address("", one)), address("columns", one))


def test_what_would_change_is_told_field_by_field(
    manager_client: Client, checked: Callable[..., FileImport], done: Callable[..., FileImport]
) -> None:
    done()
    changed = CUSTOMERS.replace(b"Valencia", b"Sagunto")

    page = manager_client.get(address("", checked(changed)))

    assertContains(page, "What would change, field by field")
    assertContains(page, "<del>Valencia</del>")
    assertContains(page, "<ins>Sagunto</ins>")
    assertContains(page, "Import 1 row")


def test_nothing_to_import_is_said(
    manager_client: Client, checked: Callable[..., FileImport], done: Callable[..., FileImport]
) -> None:
    good = b"id,name\n1,Ana\n"
    done(good)

    page = manager_client.get(address("", checked(good)))

    assertContains(page, "there is nothing to import")
    assertNotContains(page, address("run", checked(good)))


def test_a_checked_file_comes_in_and_tells_what_came_of_it(
    manager_client: Client,
    checked: Callable[..., FileImport],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    one = checked()

    assertRedirects(manager_client.post(address("run", one)), address("", one))
    one.refresh_from_db()
    assertContains(manager_client.get(address("", one)), "You can leave this page")
    worked(one)

    with django_assert_max_num_queries(10):
        page = manager_client.get(address("", one))
    assertContains(page, "The import is done")
    assertContains(page, "See the customers")
    assertContains(page, "Take this import back")
    assertContains(page, "Check the corrected rows")
    assert Customer.objects.count() == 2


def test_running_twice_is_refused_in_words(
    manager_client: Client, done: Callable[..., FileImport]
) -> None:
    one = done()

    response = manager_client.post(address("run", one), follow=True)

    assertContains(response, "in another state by now")
    assert Customer.objects.count() == 2


def test_a_stopped_run_can_go_on(
    manager_client: Client, checked: Callable[..., FileImport], manager: User
) -> None:
    one = actions.begin_run(file_import=checked(), by=manager)
    manager_client.post(address("cancel", one))
    worked(one)

    page = manager_client.get(address("", one))

    assert one.state == State.CANCELLED
    assertContains(page, "was stopped")
    assert not Customer.objects.exists()


# --- What was refused -------------------------------------------------------------------------------


def test_refused_rows_are_downloaded_corrected_and_brought_in(
    manager_client: Client, done: Callable[..., FileImport]
) -> None:
    one = done()
    given = manager_client.get(address("refused", one))
    assert given["Content-Type"] == "text/csv; charset=utf-8"
    assert "clientes" in given["Content-Disposition"]
    text = b"".join(given.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "sin arroba" in text

    corrected = text.replace("sin arroba", "jose@example.com", 1).encode()
    file = SimpleUploadedFile("corregido.csv", corrected)
    response = manager_client.post(address("correct", one), {"file": file})

    again = FileImport.objects.exclude(pk=one.pk).get()
    assertRedirects(response, address("", again))
    assert (again.state, again.mapping) == (State.CHECKING, one.mapping)
    worked(again)
    assertContains(manager_client.get(address("", again)), "Import 1 row")


@pytest.mark.parametrize("content", [None, b"other;columns\n1;2\n", b""])
def test_a_corrected_file_that_is_none_is_refused(
    manager_client: Client, done: Callable[..., FileImport], content: bytes | None
) -> None:
    one = done()
    data = {} if content is None else {"file": SimpleUploadedFile("corregido.csv", content)}

    response = manager_client.post(address("correct", one), data, follow=True)

    assertContains(response, "message-error")
    assert FileImport.objects.count() == 1


def test_no_refused_rows_no_file(manager_client: Client, done: Callable[..., FileImport]) -> None:
    one = done(b"id,name\n1,Ana\n")
    assert manager_client.get(address("refused", one)).status_code == 404


# --- Taking back ------------------------------------------------------------------------------------


def test_an_import_is_taken_back_after_saying_what_that_does(
    manager_client: Client,
    manager: User,
    done: Callable[..., FileImport],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    one = done()
    page = manager_client.get(address("revert", one))
    assertContains(page, "What 2 rows created is deleted again.")
    kept = Customer.objects.get(external_id="1")
    Customer.objects.filter(pk=kept.pk).update(city="Sagunto")

    assertRedirects(manager_client.post(address("revert", one)), address("", one))
    one.refresh_from_db()
    assertContains(manager_client.get(address("", one)), "Taking the import back")
    worked(one)

    with django_assert_max_num_queries(12):
        page = manager_client.get(address("", one))
    assertContains(page, "was taken back by")
    assertContains(page, "left as")
    assertContains(page, reverse("crm:customer", args=[kept.pk]))
    assert list(Customer.objects.all()) == [kept]
    assert AuditEntry.objects.filter(action="import.revert", by=manager).exists()


def test_what_was_taken_back_is_not_taken_back_again(
    manager_client: Client, done: Callable[..., FileImport], manager: User
) -> None:
    one = worked(actions.begin_revert(file_import=done(), by=manager))

    assertRedirects(manager_client.get(address("revert", one)), address("", one))
    response = manager_client.post(address("revert", one), follow=True)
    assertContains(response, "in another state by now")


@pytest.mark.parametrize("name", ["run", "cancel", "go-on", "forget", "correct", "kind"])
def test_steps_are_posted(
    manager_client: Client, name: str, done: Callable[..., FileImport]
) -> None:
    assert manager_client.get(address(name, done())).status_code in {403, 405}
