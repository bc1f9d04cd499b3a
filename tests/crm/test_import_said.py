"""What a file says and leaves open: days without a time, numbers in two ways, since when somebody is a
customer, and all that is wrong with a row."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crm.imports import guessing
from crm.imports.kinds import KINDS
from crm.models import Customer, Interaction, Order, Tenure
from staff.models import Business
from surveys.models import Response

Importer = Callable[..., dict[str, Any]]


@pytest.fixture
def bring_in(business: Business, tmp_path: Path) -> Importer:
    def run(kind: str, text: str, *options: str) -> dict[str, Any]:
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        out = StringIO()
        call_command("import", kind, str(path), *options, "--json", stdout=out)
        account: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
        return account

    return run


def counts(account: dict[str, Any]) -> tuple[int, int, int, int]:
    return (account["created"], account["updated"], account["unchanged"], account["refused"])


def test_a_refused_row_names_all_that_is_wrong_with_it(bring_in: Importer) -> None:
    text = "external_id,name,email,phone,created_at\n1,Ana,nobody,12,yesterday\n"
    [[line, why]] = bring_in("customers", text)["refusals"]
    assert line == 2
    assert [why.count(f"{column}: ") for column in ("email", "phone", "created_at")] == [1, 1, 1]


# --- Days without a time --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "head", "model", "column"),
    [
        ("orders", "external_id,customer,total,ordered_at\n1,c,12.50,", Order, "ordered_at"),
        (
            "interactions",
            "external_id,customer,kind,summary,occurred_at\n1,c,call,Asked,",
            Interaction,
            "occurred_at",
        ),
        (
            "responses",
            "external_id,customer,survey,score,answered_at\n1,c,nps,9,",
            Response,
            "answered_at",
        ),
    ],
)
def test_a_bare_date_leaves_the_time_of_that_day(
    bring_in: Importer, kind: str, head: str, model: Any, column: str
) -> None:
    bring_in("customers", "external_id,name\nc,Ana\n")
    told = model.objects.filter(external_id="1")
    assert counts(bring_in(kind, f"{head}2026-01-31 16:30\n")) == (1, 0, 0, 0)
    [before] = told.values_list(column, flat=True)
    assert counts(bring_in(kind, f"{head}2026-01-31\n")) == (0, 0, 1, 0)
    assert told.get(**{column: before})
    assert counts(bring_in(kind, f"{head}2026-01-30\n")) == (0, 1, 0, 0)
    assert not told.filter(**{column: before}).exists()
    assert counts(bring_in(kind, f"{head}2026-01-30T00:00\n")) == (0, 0, 1, 0)


def test_a_bare_date_leaves_the_time_since_which_somebody_is_known(bring_in: Importer) -> None:
    bring_in("customers", "external_id,name,created_at\nc,Ana,2026-01-31 16:30\n")
    text = "external_id,name,created_at\nc,Ana María,2026-01-31\n"
    assert counts(bring_in("customers", text)) == (0, 1, 0, 0)
    ana = Customer.objects.get()
    assert (ana.name, ana.created_at.minute) == ("Ana María", 30)


# --- Written in two ways --------------------------------------------------------------------

ORDERS = "external_id;customer;ordered_at;total\n1;c;03/04/2026;1.234\n"


def test_the_command_is_told_how_numbers_and_days_are_written(bring_in: Importer) -> None:
    bring_in("customers", "external_id,name\nc,Ana\n")
    [[_line, why]] = bring_in("orders", ORDERS)["refusals"]
    assert "ordered_at: " in why
    assert "total: " in why
    assert counts(bring_in("orders", ORDERS, "--decimal", ",", "--dates", "dmy")) == (1, 0, 0, 0)
    order = Order.objects.get()
    assert (order.total, order.ordered_at.date().isoformat()) == (1234, "2026-04-03")
    with pytest.raises(CommandError):
        bring_in("orders", ORDERS, "--dates", "ymd")


# --- Since when somebody is a customer ------------------------------------------------------


def test_whoever_is_a_customer_since_a_day_is_one_from_then_on(bring_in: Importer) -> None:
    text = (
        "external_id,name,stage,created_at,customer_since\n"
        "1,Ana,,2025-01-10,2025-03-01\n"
        "2,Rui,,,2025-03-01\n"
        "3,Eva,lead,2025-01-10,\n"
    )
    assert counts(bring_in("customers", text)) == (3, 0, 0, 0)
    since = datetime(2025, 3, 1, tzinfo=UTC)
    tenures = dict(Tenure.objects.values_list("customer__external_id", "started_at"))
    assert {key: at.date() for key, at in tenures.items()} == {"1": since.date(), "2": since.date()}
    assert dict(Customer.objects.values_list("external_id", "stage")) == {
        "1": "customer",
        "2": "customer",
        "3": "lead",
    }
    assert Customer.objects.get(external_id="2").created_at.date() == since.date()
    # What is known of customers already knows better.
    again = "external_id,name,customer_since\n1,Ana,2024-03-01\n2,Rui,2024-03-01\n3,Eva,\n"
    assert counts(bring_in("customers", again)) == (0, 0, 3, 0)
    later = "external_id,customer_since\n3,2025-05-01\n"
    assert counts(bring_in("customers", later)) == (0, 1, 0, 0)
    assert Customer.objects.get(external_id="3").stage == "customer"


@pytest.mark.parametrize("header", ["Cliente desde", "Customer since", "CLIENTE DESDE"])
@pytest.mark.usefixtures("business")
def test_a_column_of_that_name_says_so(header: str) -> None:
    guessed = guessing.guess(KINDS["customers"], ["Nombre", header, "Fecha de alta"])
    assert guessed == {"name": "Nombre", "customer_since": header, "created_at": "Fecha de alta"}
