"""A business leaves its three spreadsheets behind, through the browser alone: the files as people
have them, a bad row in each, corrected, imported again without duplicates, one taken back."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from tests.services.looking import PHONE, WIDE, Looking
from tests.services.serving import Installation, Serving, serving

pytestmark = [pytest.mark.browser, pytest.mark.once]

PASSWORD = "correct horse battery staple"
OWNER = "olga@panaderia-aurora.example"
SETUP = (
    *("setup", "--business", "Panadería Aurora", "--time-zone", "Europe/Madrid"),
    *("--currency", "EUR", "--language", "en", "--owner", OWNER, "--password-stdin"),
)

CUSTOMERS = """\
Código;Nombre;Correo electrónico;Teléfono;Ciudad;Fecha de alta;Etiquetas
1;María Ñúñez;maria@example.com;600 123 456;Valencia;31/01/2025;vip
2;Café Aurora;hola@cafe-aurora.example;961 234 567;Castellón;02/02/2025;
3;José Peña;sin arroba;600 765 432;Alcoy;03/02/2025;
4;Íñigo Muñoz;inigo@example.com;;León;15/02/2025;vip
"""
ORDERS = [
    ("P-1", "1", datetime(2025, 3, 1), 120.5),
    ("P-2", "2", datetime(2025, 3, 2, 16, 30), 1234.56),
    ("P-3", "999", datetime(2025, 3, 3), 80.0),
    ("P-4", "4", datetime(2025, 3, 4), -20.0),
]
COSTS = """\
Fecha;Concepto;Finalidad;Importe;Notas
31/01/2025;advertising;acquisition;1.234,56;enero
28/02/2025;tools;service;49,90;
15/03/2025;advertising;acquisition;mil;marzo
"""


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def running(installation: Installation) -> Iterator[Serving]:
    installation.prepare()
    installation.manage(*SETUP, stdin=f"{PASSWORD}\n")
    with serving(installation) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """As a Spanish Windows, a spreadsheet program and an accountant write them."""
    folder = tmp_path / "their files"
    folder.mkdir()
    found = {name: folder / name for name in ("clientes.csv", "pedidos.xlsx", "gastos.csv")}
    found["clientes.csv"].write_bytes(CUSTOMERS.encode("latin-1"))
    found["gastos.csv"].write_text(COSTS)
    with xlsxwriter.Workbook(found["pedidos.xlsx"]) as book:
        sheet = book.add_worksheet("Pedidos 2025")
        a_day = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_row(0, 0, ["Nº pedido", "Cliente", "Fecha", "Importe"])
        for place, (number, customer, at, total) in enumerate(ORDERS, 1):
            sheet.write_row(place, 0, [number, customer])
            sheet.write_datetime(place, 2, at, a_day)
            sheet.write_number(place, 3, total)
    return found


def test_three_spreadsheets_come_in(
    running: Serving, installation: Installation, files: dict[str, Path], page: Page
) -> None:
    sign_in(page, running.address)
    looking = Looking(page)

    upload(page, running.address, files["clientes.csv"], kind="Customers")
    look(looking, "columns")
    expect(page.get_by_label("Código")).to_have_value("external_id")
    expect(page.get_by_label("Correo electrónico")).to_have_value("email")
    expect(page.get_by_text("María Ñúñez", exact=False).first).to_be_visible()
    check(page, created=3, refused=1)
    expect(page.get_by_text("“sin arroba” is not an e-mail address.")).to_be_visible()
    look(looking, "checked")
    bring_in(page, rows=3)
    look(looking, "done")
    correct(page, lambda cells: cells | {"Correo electrónico": "jose@example.com"})
    bring_in(page, rows=1)

    upload(page, running.address, files["pedidos.xlsx"])  # told by its columns
    expect(page.get_by_text("Orders", exact=False).first).to_be_visible()
    check(page, created=3, refused=1)
    bring_in(page, rows=3)
    orders_at = page.url
    correct(page, lambda cells: cells | {"Cliente": "3"})
    bring_in(page, rows=1)

    upload(page, running.address, files["gastos.csv"], kind="Costs")
    check(page, created=2, refused=1)
    bring_in(page, rows=2)
    correct(page, lambda cells: cells | {"Importe": "1.000,00"})
    bring_in(page, rows=1)

    assert everything(installation) == (4, 4, 3)
    assert sums(installation) == ("1415.06", "2284.46")

    again_changes_nothing(page, running.address, files["clientes.csv"], unchanged=3)
    again_changes_nothing(page, running.address, files["pedidos.xlsx"], unchanged=3)
    assert everything(installation) == (4, 4, 3)

    take_back(page, orders_at)
    look(looking, "taken back")
    assert everything(installation) == (4, 1, 3)
    looking.found_nothing()


# --- Steps --------------------------------------------------------------------------------------


def sign_in(page: Page, at: str) -> None:
    page.goto(at)
    page.locator("input[name=login]").fill(OWNER)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Imports").first.click()


def look(looking: Looking, where: str) -> None:
    looking.where = where
    looking.with_axe()
    looking.for_width(PHONE, WIDE)


def upload(page: Page, at: str, file: Path, *, kind: str = "") -> None:
    page.goto(f"{at}/imports/")
    page.locator("input[type=file]").set_input_files(file)
    if kind:
        page.get_by_label("What is in it").select_option(label=kind)
    page.get_by_role("button", name="Upload and look at its columns").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(file.name)


def check(page: Page, **counts: int) -> None:
    page.get_by_role("button", name="Check the whole file").click()
    checked(page, **counts)


def checked(page: Page, **counts: int) -> None:
    """The page asks again by itself until the check is over."""
    for word, number in counts.items():
        told = page.locator(".import-tally > div", has_text=word)
        expect(told.locator("dd")).to_have_text(str(number))


def bring_in(page: Page, *, rows: int) -> None:
    name = f"Import {rows} row{'s' if rows != 1 else ''}"
    page.get_by_role("button", name=name).click()
    expect(page.get_by_text("The import is done")).to_be_visible(timeout=20_000)


def correct(page: Page, change: object) -> None:
    """Download the refused rows, correct them as a spreadsheet program would, and hand them in."""
    with page.expect_download() as asked:
        page.get_by_role("link", name="Download them with the reasons").click()
    with asked.value.path().open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["reason"] for row in rows], "each row says why"
    corrected = [change(row) for row in rows]  # type: ignore[operator]
    content = written(list(corrected[0]), [list(row.values()) for row in corrected])
    page.locator(".import-correct input[type=file]").set_input_files(
        {"name": "corrected.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Check the corrected rows").click()


def written(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    lines = [";".join(f'"{cell}"' for cell in row) for row in (header, *rows)]
    return "\r\n".join(lines).encode("cp1252")


def again_changes_nothing(page: Page, at: str, file: Path, *, unchanged: int) -> None:
    upload(page, at, file)
    expect(page.get_by_text("as last time")).to_be_visible()
    check(page, created=0, updated=0, unchanged=unchanged)
    expect(page.get_by_role("button", name="Import ", exact=False)).to_have_count(0)


def take_back(page: Page, at: str) -> None:
    page.goto(at)
    page.get_by_role("link", name="Take this import back").click()
    expect(page.get_by_text("What 3 rows created is deleted again.")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("The import was taken back")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Everything is as it was before.")).to_be_visible()


# --- What is there ------------------------------------------------------------------------------


def everything(installation: Installation) -> tuple[int, ...]:
    tables = ("crm_customer", "crm_order", "crm_cost")
    return tuple(installation.rows(f"SELECT count(*) FROM {name}")[0][0] for name in tables)


def sums(installation: Installation) -> tuple[str, ...]:
    queries = ("SELECT sum(total) FROM crm_order", "SELECT sum(amount) FROM crm_cost")
    return tuple(f"{installation.rows(query)[0][0]:.2f}" for query in queries)
