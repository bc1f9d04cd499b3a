"""What a file may hold that nobody means well with: it is refused row by row, or kept harmless."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from crm.models import Customer, Order
from staff.models import Business, ChangeSet

Importer = Callable[..., dict[str, Any]]


@pytest.fixture
def bring_in(business: Business, tmp_path: Path) -> Importer:
    """Write a file, import it, return the account."""

    def run(kind: str, text: str, name: str = "rows.csv") -> dict[str, Any]:
        path = tmp_path / name
        path.write_bytes(text.encode())
        out = StringIO()
        call_command("import", kind, str(path), "--json", stdout=out)
        account: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
        return account

    return run


@pytest.mark.parametrize("total", ["9" * 40, f"{'9' * 40},50", f"0.{'1' * 40}", "1" * 5000])
def test_a_number_that_no_column_holds_refuses_its_row_alone(
    bring_in: Importer, total: str
) -> None:
    bring_in("customers", "external_id,name\nc1,Ana\n")

    account = bring_in(
        "orders",
        f'external_id,customer,ordered_at,total\n1,c1,2026-01-02,"{total}"\n2,c1,2026-01-02,5\n',
    )

    assert (account["created"], account["refused"]) == (1, 1)
    assert Order.objects.get().external_id == "2"


def test_a_null_character_refuses_its_row_alone(bring_in: Importer) -> None:
    account = bring_in("customers", "external_id,name\nc1,A\0na\nc\0,Rui\nc3,Eva\n")

    assert (account["created"], account["refused"]) == (1, 2)
    assert Customer.objects.get().name == "Eva"


def test_a_file_with_the_longest_name_of_all_comes_in(bring_in: Importer) -> None:
    bring_in("customers", "external_id,name\nc1,Ana\n", f"{'f' * 251}.csv")

    assert Customer.objects.exists()
    assert ChangeSet.objects.exists()


FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", '-2+3+HYPERLINK("http://x.example")']


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_refused_cell_is_a_formula_to_a_spreadsheet(bring_in: Importer, formula: str) -> None:
    quoted = formula.replace('"', '""')
    account = bring_in("customers", f'external_id,name,email\nc1,"{quoted}",no address\n')

    refused = Path(account["refused_file"])
    with refused.open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["name"] == f"'{formula}"

    corrected = refused.read_text(encoding="utf-8-sig").replace("no address", "ana@example.com")
    assert bring_in("customers", corrected)["created"] == 1
    assert Customer.objects.get().name == formula


def test_numbers_and_telephones_of_refused_rows_stay_as_they_are(bring_in: Importer) -> None:
    bring_in("customers", "external_id,name\nc1,Ana\n")
    rows = bring_in(
        "orders", 'external_id,customer,ordered_at,total\n1,c1,soon,"-12,50"\n2,c1,soon,+5\n'
    )
    people = bring_in("customers", "external_id,name,phone,email\nc2,Rui,+55 (11) 98765-4321,no\n")

    assert '"-12,50"' in Path(rows["refused_file"]).read_text(encoding="utf-8-sig")
    assert ",+5," in Path(rows["refused_file"]).read_text(encoding="utf-8-sig")
    assert ",+55 (11) 98765-4321," in Path(people["refused_file"]).read_text(encoding="utf-8-sig")
