"""manage.py import, as somebody at a terminal uses it."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from crm.models import (
    Contact,
    ContactPoint,
    Contract,
    Cost,
    Customer,
    Interaction,
    Order,
    Tag,
    Tenure,
    TenureSpan,
)
from staff.models import AuditEntry, Business, User

Importer = Callable[..., dict[str, Any]]


@pytest.fixture
def bring_in(business: Business, tmp_path: Path) -> Importer:
    """Write a file, import it, return the account."""

    def run(kind: str, text: str | bytes, *options: str) -> dict[str, Any]:
        path = tmp_path / f"{kind}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = StringIO()
        call_command("import", kind, str(path), *options, "--json", stdout=out)
        account: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
        return account

    return run


def counts(account: dict[str, Any]) -> tuple[int, int, int, int]:
    return (account["created"], account["updated"], account["unchanged"], account["refused"])


def refused_rows(account: dict[str, Any]) -> list[dict[str, str]]:
    with Path(account["refused_file"]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


CUSTOMERS = """external_id,name,kind,email,phone,source,language,tags,created_at,referred_by,city,custom.shoe
c1,Ana Muñoz,person,Ana@Example.com,(11) 98765-4321,web,es,vip;taller,2025-01-02,,Lima,38
c2,Taller Sol,company,sol@example.com,,referral,pt-br,,2025-02-03,c1,,
"""


def test_customers_come_with_contact_tags_and_referrer(bring_in: Importer) -> None:
    assert counts(bring_in("customers", CUSTOMERS)) == (2, 0, 0, 0)
    ana = Customer.objects.get(external_id="c1")
    assert (ana.name, ana.city, ana.language, ana.custom) == (
        "Ana Muñoz",
        "Lima",
        "es",
        {"shoe": "38"},
    )
    assert ana.created_at == datetime(2025, 1, 2, 3, tzinfo=UTC)
    assert {tag.name for tag in ana.tags.all()} == {"vip", "taller"}
    assert set(ContactPoint.objects.values_list("kind", "value")) == {
        ("email", "ana@example.com"),
        ("phone", "+5511987654321"),
        ("email", "sol@example.com"),
    }
    sol = Customer.objects.get(external_id="c2")
    assert sol.referred_by == ana
    assert list(Customer.objects.search("muñoz ana")) == [ana]


def test_importing_again_changes_nothing(bring_in: Importer) -> None:
    bring_in("customers", CUSTOMERS)
    assert counts(bring_in("customers", CUSTOMERS)) == (0, 0, 2, 0)
    assert Contact.objects.count() == 2


def test_customers_are_updated_by_key_and_blank_cells_leave_alone(bring_in: Importer) -> None:
    bring_in("customers", CUSTOMERS)
    account = bring_in(
        "customers",
        "external_id,name,city,email,tags\nc1,Ana M.,,ana.m@example.com,vip\nc2,,Cusco,,\n",
    )
    assert counts(account) == (0, 2, 0, 0)
    ana = Customer.objects.get(external_id="c1")
    assert (ana.name, ana.city) == ("Ana M.", "Lima")
    assert [tag.name for tag in ana.tags.all()] == ["vip"]
    assert ContactPoint.objects.filter(value="ana.m@example.com").count() == 1
    assert not ContactPoint.objects.filter(value="ana@example.com").exists()
    assert list(Customer.objects.search("ana.m@example")) == [ana]


def test_a_customer_is_found_by_email_when_the_key_is_new(bring_in: Importer) -> None:
    bring_in("customers", "name,email\nAna,ana@example.com\n")
    assert counts(bring_in("customers", "external_id,email,city\nx1,ANA@example.com,Lima\n")) == (
        0,
        1,
        0,
        0,
    )
    assert Customer.objects.get().external_id == "x1"


def test_an_email_that_somebody_else_has_is_refused_with_their_name(bring_in: Importer) -> None:
    bring_in("customers", CUSTOMERS)
    account = bring_in("customers", "external_id,name,email\nc9,Eva,ana@example.com\n")
    assert counts(account) == (0, 0, 0, 1)
    assert "belongs to Ana Muñoz" in refused_rows(account)[0]["reason"]


def test_bad_rows_are_refused_with_reason_and_the_others_come_in(bring_in: Importer) -> None:
    account = bring_in(
        "customers",
        "external_id,name,email,created_at,owner\n"
        "a,Ana,not-an-address,,\n"
        "b,Bea,,31/31/2026,\n"
        "c,Cleo,,,nobody@example.com\n"
        "d,Dora,,,\n"
        "d,Dora again,,,\n"
        "e,too,many,cells,here,\n",
    )
    assert counts(account) == (1, 0, 0, 5)
    rows = refused_rows(account)
    assert [row["line"] for row in rows] == ["2", "3", "4", "6", "7"]
    assert "not an e-mail address" in rows[0]["reason"]
    assert "not a date" in rows[1]["reason"]
    assert "nobody called" in rows[2]["reason"]
    assert "line 5 already" in rows[3]["reason"]
    assert "cells" in rows[4]["reason"]


def test_refused_rows_can_be_corrected_and_imported_again(bring_in: Importer) -> None:
    account = bring_in("customers", "external_id,name,email\na,Ana,bad\nb,Bea,\n")
    corrected = Path(account["refused_file"]).read_bytes().replace(b"bad", b"ana@example.com")
    assert counts(bring_in("customers", corrected)) == (1, 0, 0, 0)


def test_a_latin1_file_with_semicolons_and_commas_in_numbers(bring_in: Importer) -> None:
    bring_in("customers", "name;external_id\nMuñoz;m1\n".encode("latin-1"))
    account = bring_in(
        "orders",
        "external_id;customer;ordered_at;total\n1;m1;15/01/2026 10:00;12,50\n"
        "2;m1;2026-01-16;1.234,56\n3;m1;2026-01-17;1.234\n".encode("latin-1"),
    )
    assert counts(account) == (2, 0, 0, 1)
    assert list(Order.objects.order_by("external_id").values_list("total", flat=True)) == [
        Decimal("12.50"),
        Decimal("1234.56"),
    ]
    assert "two ways" in refused_rows(account)[0]["reason"]


ORDERS = """external_id,customer,ordered_at,total,cost
1,c1,2026-01-15T12:00:00Z,100,40
2,c1,2026-01-10T12:00:00Z,50.25,
3,c2,2026-02-01T12:00:00Z,-20,
"""


def test_an_unknown_customer_is_refused_unless_asked_for(bring_in: Importer) -> None:
    account = bring_in("orders", ORDERS)
    assert counts(account) == (0, 0, 0, 3)
    assert "“c1” is unknown" in refused_rows(account)[0]["reason"]
    assert counts(bring_in("orders", ORDERS, "--create-customers")) == (3, 0, 0, 0)
    c1 = Customer.objects.get(external_id="c1")
    assert c1.created_at == datetime(2026, 1, 10, 12, tzinfo=UTC)
    assert c1.tenures.get().started_at == c1.created_at
    assert Customer.objects.get(external_id="c2").tenures.count() == 0
    assert Interaction.objects.filter(kind="order").count() == 3


def test_orders_twice_are_unchanged_and_a_correction_is_an_update(bring_in: Importer) -> None:
    bring_in("orders", ORDERS, "--create-customers")
    assert counts(bring_in("orders", ORDERS)) == (0, 0, 3, 0)
    assert counts(bring_in("orders", ORDERS.replace(",100,40", ",110,40"))) == (0, 1, 2, 0)
    order = Order.objects.get(external_id="1")
    assert (order.total, order.total_micros) == (Decimal("110.00"), 110_000_000)


def test_moving_an_order_to_another_customer_moves_both_tenures(bring_in: Importer) -> None:
    bring_in("orders", ORDERS, "--create-customers")
    bring_in("orders", "external_id,customer,ordered_at,total\n1,c2,2026-01-15T12:00:00Z,100\n")
    assert Tenure.objects.get(customer__external_id="c2").started_at.day == 15
    assert Tenure.objects.get(customer__external_id="c1").started_at.day == 10


def test_foreign_money_needs_its_rate_and_ones_own_has_none(bring_in: Importer) -> None:
    account = bring_in(
        "orders",
        "external_id,customer,ordered_at,total,currency,rate\n"
        "1,a,2026-01-15,10,USD,5.5\n2,a,2026-01-15,10,usd,\n3,a,2026-01-15,10,BRL,2\n"
        "4,a,2026-01-15,10,EURO,\n",
        "--create-customers",
    )
    assert counts(account) == (2, 0, 0, 2)
    assert Order.objects.get(external_id="1").total_micros == 55_000_000
    assert Order.objects.get(external_id="2").total_micros is None


def test_columns_are_mapped_and_unused_ones_named(bring_in: Importer) -> None:
    account = bring_in(
        "orders",
        "No,When,Who,Sum,Lines\n7,2026-01-15 12:00,kim,9.90,3\n",
        "--create-customers",
        *("--map", "external_id=No", "--map", "ordered_at=When"),
        *("--map", "customer=Who", "--map", "total=Sum"),
    )
    assert counts(account) == (1, 0, 0, 0)
    assert account["ignored_columns"] == ["Lines"]


def test_contracts_costs_and_tenures(bring_in: Importer) -> None:
    bring_in("customers", CUSTOMERS)
    contracts = "external_id,customer,starts_on,ends_on,amount,interval\n1,c1,2026-01-01,2026-07-01,30,month\n"
    assert counts(bring_in("contracts", contracts)) == (1, 0, 0, 0)
    tenure = Tenure.objects.get(customer__external_id="c1")
    assert tenure.ended_at == datetime(2026, 7, 1, 3, tzinfo=UTC)
    costs = (
        "external_id,purpose,category,amount,on,until\n1,acquisition,ads,30,2026-01-01,2026-01-31\n"
        "2,fun,ads,30,2026-01-01,\n3,training,,30,2026-01-05,2026-01-01\n"
    )
    assert counts(bring_in("costs", costs)) == (1, 0, 0, 2)
    tenures = "customer,started_at,ended_at\nc2,2025-06-01T00:00:00Z,\n"
    assert counts(bring_in("tenures", tenures)) == (1, 0, 0, 0)
    assert counts(bring_in("tenures", tenures)) == (0, 0, 1, 0)
    closed = tenures.replace("Z,", "Z,2026-01-01T00:00:00Z")
    assert counts(bring_in("tenures", closed)) == (0, 1, 0, 0)
    assert Tenure.objects.get(customer__external_id="c2").ended_at is not None


def test_a_dry_run_gives_the_same_account_and_writes_nothing(bring_in: Importer) -> None:
    dry = bring_in("orders", ORDERS, "--create-customers", "--dry-run")
    assert counts(dry) == (3, 0, 0, 0)
    for written in (Order, Customer, AuditEntry.objects.filter(action="import.run")):
        rows = written if isinstance(written, QuerySet) else written._default_manager.all()
        assert not rows.exists()
    assert counts(bring_in("orders", ORDERS, "--create-customers")) == counts(dry)


def test_an_import_is_taken_back_whole(bring_in: Importer) -> None:
    bring_in("customers", CUSTOMERS)
    account = bring_in("orders", ORDERS.replace("c2", "c3"), "--create-customers")
    out = StringIO()
    call_command("import", "revert", str(account["import_id"]), "--json", stdout=out)
    assert json.loads(out.getvalue())["left_alone"] == 0
    assert not Order.objects.exists()
    assert not Tenure.objects.exists()
    assert not Interaction.objects.filter(kind="order").exists()
    assert set(Customer.objects.values_list("external_id", "stage")) == {
        ("c1", "lead"),
        ("c2", "lead"),
    }
    with pytest.raises(CommandError, match="taken back already"):
        call_command("import", "revert", str(account["import_id"]))


def test_reverting_an_update_restores_and_leaves_alone_what_changed_since(
    bring_in: Importer,
) -> None:
    bring_in("customers", CUSTOMERS)
    account = bring_in("customers", "external_id,name\nc1,Ana M.\nc2,Sol S.A.\n")
    Customer.objects.filter(external_id="c2").update(name="Sol e Lua")
    out = StringIO()
    call_command("import", "revert", str(account["import_id"]), "--json", stdout=out)
    outcome = json.loads(out.getvalue())
    assert outcome["left_alone"] == 1
    assert Customer.objects.get(external_id="c1").name == "Ana Muñoz"
    assert Customer.objects.get(external_id="c2").name == "Sol e Lua"
    assert Customer.objects.search("munoz").exists()


def test_customers_import_reverts_with_contacts_tags_and_search(bring_in: Importer) -> None:
    account = bring_in("customers", CUSTOMERS)
    call_command("import", "revert", str(account["import_id"]), stdout=StringIO())
    for model in (Customer, Contact, ContactPoint, Tag):
        assert not model._default_manager.exists(), model


def test_said_to_be_a_customer_is_one_from_their_creation(bring_in: Importer) -> None:
    text = "external_id,name,stage,created_at\na,Ana,customer,2025-01-01\nb,Bea,lost,2025-01-01\n"
    account = bring_in("customers", text)
    assert counts(account) == (1, 0, 0, 1)
    assert "follows from dates" in refused_rows(account)[0]["reason"]
    assert TenureSpan.objects.get().started_at == datetime(2025, 1, 1, 3, tzinfo=UTC)
    assert Customer.objects.get().stage == "customer"
    assert counts(bring_in("customers", text)) == (0, 0, 1, 1)


def test_referrers_may_come_later_in_the_file_and_unknown_ones_are_said(bring_in: Importer) -> None:
    account = bring_in(
        "customers", "external_id,name,referred_by\na,Ana,b\nb,Bea,\nc,Cleo,nobody\n"
    )
    assert counts(account) == (3, 0, 0, 0)
    assert Customer.objects.get(external_id="a").referred_by == Customer.objects.get(
        external_id="b"
    )
    assert "nobody" in account["warnings"][0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("nonsense", "f.csv"), "can't be imported"),
        (("orders", "missing.csv"), "no file"),
        (("revert", "77"), "no import 77"),
        (("revert", "x"), "no import x"),
    ],
)
def test_what_can_not_be_done_exits_2(
    business: Business, arguments: tuple[str, ...], why: str
) -> None:
    with pytest.raises(CommandError, match=why) as refusal:
        call_command("import", *arguments)
    assert refusal.value.returncode == 2


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "No column gives customer, total"),
        (("--map", "total=Sum"), "has no column"),
        (("--map", "sum=When"), "no target"),
        (("--map", "total"), "TARGET=COLUMN"),
    ],
)
def test_a_file_without_its_columns_is_unusable(
    bring_in: Importer, options: tuple[str, ...], why: str
) -> None:
    with pytest.raises(CommandError, match=why) as refusal:
        bring_in("orders", "external_id,ordered_at,When\n1,2026-01-01,x\n", *options)
    assert refusal.value.returncode == 2


def test_nothing_before_the_business_is_set_up(db: None) -> None:
    with pytest.raises(CommandError, match=r"manage\.py setup"):
        call_command("import", "customers", "x.csv")


def test_the_account_is_audited(bring_in: Importer) -> None:
    bring_in("customers", CUSTOMERS)
    entry = AuditEntry.objects.get(action="import.run")
    assert entry.changes["created"] == [None, 2]
    assert entry.change_set is not None


def test_the_plain_account_says_what_to_do_next(business: Business, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("external_id,name,email,shoes\na,Ana,bad,3\nb,Bea,,4\n")
    out = StringIO()
    call_command("import", "customers", str(path), stdout=out)
    text = out.getvalue()
    assert "1 created, 0 updated, 0 unchanged, 1 refused." in text
    assert "Line 2: email: “bad” is not an e-mail address." in text
    assert "shoes" in text
    assert "manage.py import revert" in text


def test_queries_are_per_batch_not_per_row(bring_in: Importer) -> None:
    def queries(rows: range) -> int:
        lines = "".join(f"o{n},c{n},2026-01-15,{n}\n" for n in rows)
        text = f"external_id,customer,ordered_at,total\n{lines}"
        with CaptureQueriesContext(connection) as captured:
            bring_in("orders", text, "--create-customers")
        return len(captured)

    # SQLite takes a bulk insert in pieces; that is all that may grow.
    assert queries(range(10, 200)) - queries(range(1, 3)) < 20


def test_an_owner_is_named_by_email_or_name(bring_in: Importer, agent: User) -> None:
    bring_in(
        "customers", f"external_id,name,owner\na,Ana,{agent.email.upper()}\nb,Bea,{agent.name}\n"
    )
    assert Customer.objects.filter(owner=agent).count() == 2


def test_a_cost_may_name_a_customer(bring_in: Importer) -> None:
    bring_in("customers", CUSTOMERS)
    bring_in("costs", "external_id,purpose,amount,on,customer\n1,service,9,2026-01-01,c1\n")
    assert Cost.objects.get().customer == Customer.objects.get(external_id="c1")


def test_a_contract_that_ends_before_it_starts_is_refused(bring_in: Importer) -> None:
    bring_in("customers", CUSTOMERS)
    account = bring_in(
        "contracts", "external_id,customer,starts_on,ends_on,amount\n1,c1,2026-02-01,2026-01-01,9\n"
    )
    assert counts(account) == (0, 0, 0, 1)
    assert not Contract.objects.exists()
