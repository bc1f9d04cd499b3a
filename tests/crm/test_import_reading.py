"""Files as they come: encodings, separators, headers that can't be used."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crm.imports import parsing, reading
from crm.imports.parsing import BadCell, Context
from crm.imports.reading import FileUnusable
from staff.models import Business


def rows_of(path: Path) -> list[dict[str, str]]:
    with reading.opened(path) as table:
        return [dict(row.cells) for row in table.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_reads_what_spreadsheets_write(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "clientes.csv"
    path.write_bytes(f"name{separator}city\nMuñoz{separator}São Paulo\n".encode(encoding))
    assert rows_of(path) == [{"name": "Muñoz", "city": "São Paulo"}]


def test_a_separator_within_quotes_of_the_header_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"name, or, whatever, you, like";city\nAda;Lima\n')
    assert rows_of(path) == [{"name, or, whatever, you, like": "Ada", "city": "Lima"}]


def test_blank_lines_say_nothing_and_lines_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('name,city\n\n"Ada\nLovelace",London\n,\nGrace,New York\n')
    with reading.opened(path) as table:
        assert [(row.line, row.cells["city"]) for row in table.rows] == [
            (4, "London"),
            (6, "New York"),
        ]


def test_a_row_of_another_width_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,city\nAda\nGrace,New York,Yale\nLin,Taipei\n")
    with reading.opened(path) as table:
        assert [row.misaligned for row in table.rows] == [True, True, False]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"name,name\n1,2\n", "same name"),
    ],
)
def test_an_unusable_file_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(FileUnusable, match=why), reading.opened(path):
        pass


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="no file"), reading.opened(tmp_path / "none.csv"):
        pass


@pytest.fixture
def context(business: Business) -> Context:
    return Context(business)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("12.5", "12.5"),
        ("12,50", "12.50"),
        ("-3,00", "-3.00"),
        ("1234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("R$ 47.000,00", "47000"),
        ("47.000,00 €", "47000"),
        ("(15.00)", "-15"),
        ("12.500", None),
        ("1,234", None),
        ("1.2.3", None),
        ("twelve", None),
        ("12.345.6", None),
        ("0.001", None),
        ("99999999999", None),
        ("nan", None),
        ("1e5", None),
    ],
)
def test_money_as_people_write_it(context: Context, text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(BadCell):
            parsing.money(text, context)
    else:
        assert parsing.money(text, context) == Decimal(value)


def test_an_instant_without_an_offset_is_the_business_clock(context: Context) -> None:
    noon = datetime(2026, 1, 15, 15, tzinfo=UTC)
    assert parsing.instant("2026-01-15 12:00", context) == noon
    assert parsing.instant("2026-01-15T15:00:00Z", context) == noon
    assert parsing.instant("2026-01-15T17:00:00+02:00", context) == noon


def test_a_day_with_an_offset_is_the_business_day(context: Context) -> None:
    assert parsing.day("2026-01-16T01:30:00Z", context) == date(2026, 1, 15)


def test_slashed_dates_by_the_language_of_the_house(context: Context, business: Business) -> None:
    with pytest.raises(BadCell, match="two ways"):
        parsing.day("03/04/2026", context)
    assert parsing.day("31/01/2026", context) == date(2026, 1, 31)
    business.language = "es"
    assert parsing.day("03/04/2026", context) == date(2026, 4, 3)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "yesterday", "31/31/2026", "0001-01-01", "9999-12-31"]
)
def test_what_is_no_date_is_refused(context: Context, text: str) -> None:
    with pytest.raises(BadCell):
        parsing.instant(text, context)


def test_languages_in_their_spellings(context: Context) -> None:
    assert parsing.language("PT", context) == "pt-br"
    assert parsing.language("es_MX", context) == "es"
    with pytest.raises(BadCell):
        parsing.language("Klingon", context)
