"""Spreadsheets, separators that hide, and columns that are guessed."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from crm.imports import guessing, reading, sheets
from crm.imports.kinds import KINDS
from crm.imports.parsing import decimal_mark, order_of_days
from crm.imports.reading import FileUnusable


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "pedidos.xlsx"
    book = xlsxwriter.Workbook(str(path))
    days = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("Pedidos")
    sheet.write_row(0, 0, ["Pedido", "Cliente", "Fecha", "Importe", "Pagado"])
    sheet.write_row(1, 0, [1, "c1"])
    sheet.write_datetime(1, 2, datetime(2025, 3, 12), days)
    sheet.write_row(1, 3, [1234.5, True])
    sheet.write_row(3, 0, [2, "c2", "13/03/2025", 1.234, False])
    book.add_worksheet("Otra").write_row(0, 0, ["Nombre"])
    book.close()
    return path


def test_a_sheet_is_read_as_a_person_would_write_it(workbook: Path) -> None:
    shape = reading.describe(workbook)
    assert (shape.sheets, shape.sheet) == (("Pedidos", "Otra"), "Pedidos")
    assert shape.header == ("Pedido", "Cliente", "Fecha", "Importe", "Pagado")
    assert shape.sample == (
        ("1", "c1", "2025-03-12", "1234.5", "yes"),
        ("2", "c2", "13/03/2025", "1.2340", "no"),
    )
    with reading.opened(workbook, shape.choices) as table:
        assert [row.line for row in table.rows] == [2, 4]
    assert reading.describe(workbook, {"sheet": "Otra"}).header == ("Nombre",)
    with pytest.raises(FileUnusable, match="no sheet"):
        reading.describe(workbook, {"sheet": "None"})


def test_a_small_archive_that_unpacks_to_a_giant_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_UNPACKED", 1 << 20)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (2 << 20))
    with pytest.raises(FileUnusable, match="too large"):
        reading.describe(path)


@pytest.mark.parametrize("far", [(1_048_575, 16_383), (1_048_575, 900)])
def test_two_cells_far_apart_take_nobody_down(tmp_path: Path, far: tuple[int, int]) -> None:
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Nombre", "Correo"])
    sheet.write(*far, "x")
    book.close()
    assert path.stat().st_size < 10_000
    with pytest.raises(FileUnusable, match="can't be read"):
        reading.describe(path)


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("Concepto;Importe\nPan;1.234,56\nSal;2,50\nAgua;3,00\n", ";"),
        ('"Nombre, apellidos";Ciudad\n"Gil, Ana";Lima\n', ";"),
        ('name,note\nAna,"a; b; c"\nBia,"d; e"\n', ","),
        ("a\tb\n1,5\t2,5\n", "\t"),
        ("name\nAna\nBia\n", ","),
    ],
)
def test_the_separator_is_the_one_by_which_lines_agree(text: str, separator: str) -> None:
    assert reading.separator_of(text) == separator


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1.234,56", "1.500"], ","),
        (["1,234.56", "1,500"], "."),
        (["12,50"], ","),
        (["1.234.567"], ","),
        (["1.500", "2.000"], ""),
        (["12,50", "12.50"], ""),
        (["12", "-3", "(4,50) €"], ","),
    ],
)
def test_a_column_tells_its_decimal_mark_or_nothing_does(cells: list[str], mark: str) -> None:
    assert decimal_mark(cells) == mark


def test_a_column_tells_the_order_of_its_days() -> None:
    assert order_of_days(["03/04/2025", "13/04/2025"]) == "dmy"
    assert order_of_days(["03/04/2025", "04/13/2025"]) == "mdy"
    assert order_of_days(["03/04/2025", date(2025, 1, 1).isoformat()]) == ""
    assert order_of_days(["13/04/2025", "04/13/2025"]) == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "header", "mapping"),
    [
        (
            "customers",
            ["Código", "Razón social", "Correo", "Móvil", "Población", "Fecha de alta"],
            {
                "external_id": "Código",
                "name": "Razón social",
                "email": "Correo",
                "phone": "Móvil",
                "city": "Población",
                "created_at": "Fecha de alta",
            },
        ),
        (
            "customers",
            ["Nome completo", "E-mail", "Celular", "Cidade", "Data de nascimento"],
            {
                "name": "Nome completo",
                "email": "E-mail",
                "phone": "Celular",
                "city": "Cidade",
                "birthday": "Data de nascimento",
            },
        ),
        (
            "orders",
            ["Nº pedido", "Cliente", "Fecha", "Importe", "Coste"],
            {
                "external_id": "Nº pedido",
                "customer": "Cliente",
                "ordered_at": "Fecha",
                "total": "Importe",
                "cost": "Coste",
            },
        ),
        (
            "costs",
            ["purpose", "Data", "Valor", "Categoria"],
            {"purpose": "purpose", "on": "Data", "amount": "Valor", "category": "Categoria"},
        ),
    ],
)
def test_columns_are_guessed_by_name(kind: str, header: list[str], mapping: dict[str, str]) -> None:
    assert guessing.guess(KINDS[kind], header) == mapping


@pytest.mark.django_db
def test_columns_are_guessed_by_what_stands_in_them() -> None:
    sample = [("Ana", "ana@example.com", "+34 600 123 456")] * 3
    found = guessing.guess(KINDS["customers"], ["nombre", "A", "B"], sample)
    assert found == {"name": "nombre", "email": "A", "phone": "B"}
