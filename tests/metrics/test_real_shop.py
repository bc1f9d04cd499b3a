"""A real shop's thirteen months: through the command line in, and out again as KPIs.

The expected figures are computed here with plain Python from the file alone: no ORM, no SQL, none
of the product's own arithmetic.
"""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from crm.models import Customer, Order
from metrics.actions import recompute_full
from metrics.models import Snapshot
from staff.models import Business

DATA = Path(__file__).parent.parent / "data" / "online_retail_invoices.csv.gz"
LONDON = ZoneInfo("Europe/London")
SILENCE = timedelta(days=180)
MONTHS = [(2010, 12), *((2011, month) for month in range(1, 13))]
MAPPING = ("external_id=InvoiceNo", "ordered_at=InvoiceDate", "customer=CustomerID", "total=Total")


@dataclass
class Shop:
    """The file as a dictionary of customers: (instant, total) of each invoice, in order."""

    invoices: dict[str, list[tuple[datetime, Decimal]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def tenures(self, customer: str) -> list[tuple[datetime, datetime]]:
        spans: list[tuple[datetime, datetime]] = []
        for at, total in sorted(self.invoices[customer]):
            if total <= 0:
                continue
            end = at.astimezone(UTC) + SILENCE  # in hours, whatever the clocks do
            if spans and at <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(spans[-1][1], end))
            else:
                spans.append((at, end))
        return spans


def midnight(year: int, month: int) -> datetime:
    if month == 13:
        year, month = year + 1, 1
    return datetime(year, month, 1, tzinfo=LONDON)


@pytest.fixture(scope="module")
def shop() -> Shop:
    shop = Shop()
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=LONDON)
            shop.invoices[row["CustomerID"]].append((at, Decimal(row["Total"])))
    return shop


@pytest.fixture
def imported(db: None, tmp_path: Path) -> Iterator[dict[str, Any]]:
    Business.objects.create(
        pk=1, name="Shop", time_zone="Europe/London", currency="GBP", language="en"
    )
    timezone.activate(LONDON)
    path = tmp_path / "invoices.csv"
    path.write_bytes(gzip.decompress(DATA.read_bytes()))
    yield {"path": path, **bring_in(path)}
    timezone.deactivate()


def bring_in(path: Path) -> dict[str, Any]:
    out = StringIO()
    options = [option for pair in MAPPING for option in ("--map", pair)]
    call_command(
        "import", "orders", str(path), "--create-customers", "--json", *options, stdout=out
    )
    account: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return account


def metric(kpi: str, start: str, end: str, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("metric", kpi, "--from", start, "--to", end, "--json", *options, stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return result


def boundary_counts(shop: Shop, start: datetime, end: datetime) -> dict[str, int]:
    """S, E and the rest by the definition: active at b ⇔ started_at < b ≤ ended_at."""
    counts: dict[str, int] = defaultdict(int)
    for customer in shop.invoices:
        spans = shop.tenures(customer)
        at_start = any(a < start <= z for a, z in spans)
        at_end = any(a < end <= z for a, z in spans)
        served = any(a < end and z >= start for a, z in spans)
        counts["start"] += at_start
        counts["end"] += at_end
        counts["lost"] += at_start and not at_end
        counts["new"] += bool(spans) and start <= spans[0][0] < end
        counts["served"] += served
        counts["left"] += served and not at_end
    return counts


def test_the_shop_comes_in_whole_and_again_without_change(
    imported: dict[str, Any], shop: Shop
) -> None:
    assert (imported["created"], imported["refused"]) == (22_190, 0)
    assert Customer.objects.count() == 4_372 == len(shop.invoices)
    again = bring_in(imported["path"])
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 22_190)
    ticket = metric("average_ticket", "2010-12-01", "2012-01-01")
    assert ticket["denominator"] == 18_532
    assert Decimal(str(ticket["numerator"])) == Decimal("8300065.81")
    assert ticket["value"] == pytest.approx(float(Fraction("8300065.81") / 18_532), abs=1e-9)
    assert Order.objects.filter(total__lt=0).count() == 3_654
    assert Order.objects.filter(total=0).count() == 4


def test_every_month_on_the_dashboard_agrees_with_plain_python(
    imported: dict[str, Any], shop: Shop
) -> None:
    # As of the month after the file's last: the years since then would say nothing.
    recompute_full(now=datetime(2012, 1, 20, tzinfo=LONDON))
    stored = {
        (snapshot.kpi, snapshot.starts_on.year, snapshot.starts_on.month): snapshot
        for snapshot in Snapshot.objects.filter(grain="month", is_current=True, segment="")
    }
    for year, month in MONTHS:
        start, end = midnight(year, month), midnight(year, month + 1)
        rows = [
            (customer, total)
            for customer, invoices in shop.invoices.items()
            for at, total in invoices
            if start <= at < end
        ]
        net = sum((total for _c, total in rows), Decimal(0))
        positive = sum(total > 0 for _c, total in rows)
        counts = boundary_counts(shop, start, end)
        ticket = stored["average_ticket", year, month]
        assert ticket.value == pytest.approx(float(Fraction(net) / positive), rel=1e-12)
        churn = stored["customer_churn", year, month]
        if counts["start"]:
            assert churn.value == pytest.approx(counts["lost"] / counts["start"], rel=1e-12)
        else:
            assert (churn.value, churn.status) == (None, "no_customers_at_start")
        turnover = stored["turnover", year, month]
        assert turnover.value == pytest.approx(counts["left"] / counts["served"], rel=1e-12)
        published = stored["retention_as_published", year, month]
        expected = (counts["end"] - counts["new"]) / counts["end"]
        assert published.value == pytest.approx(expected, rel=1e-12)


def test_income_per_customer_counts_those_served_and_shows_the_remainder(
    imported: dict[str, Any], shop: Shop
) -> None:
    start, end = midnight(2011, 11), midnight(2011, 12)
    served = {
        customer
        for customer in shop.invoices
        if any(a < end and z >= start for a, z in shop.tenures(customer))
    }
    income = sum(
        (
            total
            for customer in served
            for at, total in shop.invoices[customer]
            if start <= at < end
        ),
        Decimal(0),
    )
    result = metric("income_per_customer", "2011-11-01", "2011-12-01")
    assert result["denominator"] == len(served)
    assert Decimal(str(result["numerator"])) == income
