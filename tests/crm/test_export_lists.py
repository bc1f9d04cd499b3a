"""What this room and those above give out as files; and that an import takes it back as it was."""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.http import QueryDict
from django.test import Client
from pytest_django.asserts import assertContains

from crm import tenures
from crm.imports.kinds import KINDS as IMPORTED
from crm.models import (
    Affiliation,
    Consent,
    Contact,
    Cost,
    Customer,
    CustomField,
    Interaction,
    Tag,
)
from mail.models import DeliveryEvent
from staff.exports import KINDS, LISTS
from staff.exports.files import Draft, Sheet, write
from staff.models import Business, User
from support.models import Ticket
from surveys.models import Review
from tests.factories import (
    ContactFactory,
    ContractFactory,
    CostFactory,
    CustomerFactory,
    InteractionFactory,
    InvitationFactory,
    OrderFactory,
    TenureSpanFactory,
    TicketFactory,
)

pytestmark = pytest.mark.usefixtures("business")
MORNING = datetime(2026, 2, 3, 9, 5, 7, 123456, tzinfo=UTC)


def written(name: str, user: User, folder: Path, query: str = "") -> list[dict[str, str]]:
    """A list as this person gets it."""
    draft = Draft(folder / f"{name}.csv")
    write(Sheet(LISTS[name], QueryDict(query), user, "csv", Business.objects.get().zone), draft)
    with draft.path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- As people see them ---------------------------------------------------------------------


def test_customers_in_the_order_of_the_list_with_fields_of_ones_own(
    agent: User, tmp_path: Path
) -> None:
    CustomField.objects.create(key="shoe_size", label="Shoe size", kind="number")
    CustomerFactory(name="Berta", custom={"shoe_size": "38.5"}, tags=["vip", "club"])
    CustomerFactory(name="Ada", email="ada@example.com", phone="+551155556666")
    ada, berta = written("customers", agent, tmp_path)
    assert (ada["Name"], ada["E-mail"], ada["Phone"]) == ("Ada", "ada@example.com", "+551155556666")
    assert (berta["Tags"], berta["Shoe size"]) == ("club; vip", "38.5")
    newest = written("customers", agent, tmp_path, "sort=newest")
    assert [row["Name"] for row in newest] == ["Ada", "Berta"]


@pytest.mark.parametrize(
    ("name", "make", "expected"),
    [
        ("orders", OrderFactory, {"Total": "100.00", "Currency": "BRL"}),
        ("contracts", ContractFactory, {"Starts": "2026-01-01", "Per": "A month"}),
        ("costs", CostFactory, {"On": "2026-01-01", "For": "Winning customers"}),
        ("interactions", InteractionFactory, {"Kind": "Call", "Direction": "From them"}),
        ("tenures", TenureSpanFactory, {"Begun by": "By hand", "The first time": "yes"}),
        ("tickets", TicketFactory, {"State": "New"}),
    ],
)
def test_each_list_in_words_for_people(
    agent: User, tmp_path: Path, name: str, make: Callable[[], object], expected: dict[str, str]
) -> None:
    make()
    [row] = written(name, agent, tmp_path)
    assert row.items() >= expected.items()


def test_what_hangs_on_one_customer_alone(agent: User, tmp_path: Path) -> None:
    order, _other = OrderFactory(), OrderFactory()
    [row] = written("orders", agent, tmp_path, f"customer={order.customer_id}")
    assert row["Customer"] == order.customer.name


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_list_can_be_written_and_has_each_column_once(
    owner: User, tmp_path: Path, name: str
) -> None:
    columns = LISTS[name].columns(QueryDict(), owner)
    assert len({column.name for column in columns}) == len(columns)
    written(name, owner, tmp_path)


def test_the_queries_of_a_file_do_not_grow_with_its_rows(
    agent: User, tmp_path: Path, django_assert_max_num_queries
) -> None:
    for place in range(12):
        CustomerFactory(name=f"Ada {place}", email=f"ada{place}@example.com", tags=["vip"])
    # business, fields of one's own, columns chosen; customers; first contacts and points, twice;
    # tags; income
    with django_assert_max_num_queries(10):
        assert len(written("customers", agent, tmp_path)) == 12


# --- There and back -------------------------------------------------------------------------


@pytest.fixture
def there(agent: User) -> None:
    """A little of everything."""
    CustomField.objects.create(key="shoe_size", label="Shoe size", kind="number")
    referrer = CustomerFactory(name="=SUM(A1)", owner=agent, created_at=MORNING)
    customer = CustomerFactory(
        name="Ada, “the first”",
        owner=None,
        email="ada@example.com",
        phone="+5511987654321",
        tags=["vip", "club de lectura"],
        referred_by=referrer,
        birthday=date(1990, 2, 28),
        city="São Paulo",
        created_at=MORNING,
        custom={"shoe_size": "38.5"},
        external_source="import",
        external_id="C-1",
    )
    ContactFactory(name="Berta", customer=customer, email="berta@example.com")
    OrderFactory(customer=customer, total=Decimal("-12.50"), cost=Decimal("0.10"))
    OrderFactory(customer=referrer, ordered_at=MORNING, rebuild=True)
    ContractFactory(customer=customer, cancelled_on=date(2026, 3, 1), reason="moved")
    TenureSpanFactory(customer=referrer, started_at=MORNING.replace(month=1))
    CostFactory(customer=customer)
    CostFactory(until=date(2026, 2, 1), source="web")
    InteractionFactory(customer=customer, occurred_at=MORNING, summary="-1 of two", by=agent)
    TicketFactory(customer=customer, subject="Broken chain")
    Review.objects.create(site="Google", rating=4, text="Warm bread", at=MORNING, customer=customer)
    contact = Contact.objects.get(points__value="berta@example.com")
    for given, at in ((True, MORNING), (False, MORNING.replace(hour=20))):
        Consent.objects.create(
            contact=contact, purpose="outreach", given=given, at=at, how=Consent.How.IMPORT
        )
    DeliveryEvent.objects.create(address="ada@example.com", type="hard_bounce", at=MORNING)
    InvitationFactory(
        customer=customer,
        contact=contact,
        state="elsewhere",
        external_id="Q-1",
        created_at=MORNING,
        sent_at=None,
        token_hash="",
    )
    tenures.rebuild([customer.pk, referrer.pk])


RELEVANT = [kind for kind in KINDS if kind in IMPORTED]


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_imported_elsewhere_is_the_same_again(tmp_path: Path, ending: str) -> None:
    for kind in KINDS:
        call_command("export", kind, str(tmp_path / f"{kind}.csv"), stdout=StringIO())
        call_command("export", kind, str(tmp_path / f"{kind}.{ending}"), stdout=StringIO())
    for model in (Cost, Ticket, Interaction, Review, DeliveryEvent, Customer, Contact, Tag):
        model.objects.all().delete()
    for kind in ordered():
        account = StringIO()
        call_command("import", kind, str(tmp_path / f"{kind}.{ending}"), stdout=account)
        assert " 0 refused" in account.getvalue(), account.getvalue()
    if ending == "xlsx":  # a spreadsheet knows no microseconds
        return
    for kind in ordered():
        again = tmp_path / f"{kind}-again.csv"
        call_command("export", kind, str(again), stdout=StringIO())
        assert lines(again) == lines(tmp_path / f"{kind}.csv"), kind


@pytest.mark.usefixtures("there")
def test_an_export_imported_where_it_is_from_changes_nothing(tmp_path: Path) -> None:
    for kind in ("customers",):
        call_command("export", kind, str(tmp_path / f"{kind}.csv"), stdout=StringIO())
        account = StringIO()
        call_command("import", kind, str(tmp_path / f"{kind}.csv"), stdout=account)
        assert account.getvalue().startswith("0 created, 0 updated, 2 unchanged, 0 refused.")
    assert Affiliation.objects.count() == 2


def ordered() -> Iterator[str]:
    """Customers first, for everything names them; tickets before what happened to them."""
    first = ["customers", "contacts", "tickets"]
    yield from (kind for kind in first if kind in RELEVANT)
    yield from sorted(set(RELEVANT) - set(first))


def lines(path: Path) -> list[str]:
    header, *rows = path.read_text(encoding="utf-8-sig").splitlines()
    return [header, *sorted(rows)]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_columns_of_a_kind_are_those_that_its_import_reads(tmp_path: Path, kind: str) -> None:
    if kind not in IMPORTED:
        pytest.skip("nothing imports it yet")
    path = tmp_path / "x.csv"
    call_command("export", kind, str(path), stdout=StringIO())
    header = path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    read = [column.name for column in IMPORTED[kind].columns]
    assert [name for name in header if name not in read and not name.startswith("custom.")] == []


def test_an_unknown_kind_or_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be exported"):
        call_command("export", "nonsense", str(tmp_path / "x.csv"))
    with pytest.raises(CommandError, match=r"\.csv or \.xlsx"):
        call_command("export", "customers", str(tmp_path / "x.pdf"))
    with pytest.raises(CommandError, match="can't be written"):
        call_command("export", "customers", str(tmp_path / "no" / "x.csv"))


def test_each_page_offers_its_list(owner_client: Client) -> None:
    order = OrderFactory()
    CostFactory()
    for url, name in (
        ("/costs/", "costs"),
        (f"/customers/{order.customer_id}/orders/", "orders"),
        ("/tickets/", "tickets"),
        ("/outbox/", "outbox"),
        ("/settings/audit/", "audit"),
    ):
        assertContains(owner_client.get(url), f'name="list" value="{name}"')
