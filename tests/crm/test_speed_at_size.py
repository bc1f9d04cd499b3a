"""At a size where it matters, no page that people look at all day reads a whole table (PostgreSQL)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.folding import fold
from crm.models import Customer, CustomerSearch, Interaction
from staff.bulk import insert
from tests.factories import CustomerFactory

ROWS = 6_000
TABLES = "crm_customer|crm_customersearch|crm_interaction|crm_contactpoint|crm_affiliation"

needs_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite plans by rules, not by sizes"
)


@pytest.fixture
def large(agent_client: Client) -> Customer:
    """Many customers, and one of whom very much is known."""
    one = CustomerFactory(name="Zoe Quintana", email="zoe@correo.example", phone="+5511987654321")
    others = [Customer(name=f"Ana {n}", name_folded=fold(f"Ana {n}")) for n in range(ROWS)]
    insert(others)
    insert([CustomerSearch(customer_id=c.pk, text=c.name_folded) for c in others])
    began = datetime(2024, 1, 1, tzinfo=UTC)
    insert(
        [
            Interaction(
                customer=customer,
                kind="call",
                direction="in",
                summary=str(n),
                occurred_at=began + timedelta(minutes=n),
            )
            for customer, many in ((one, 3_200), *((other, 4) for other in others[:1_000]))
            for n in range(many)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return one


def plans(client: Client, url: str) -> dict[str, str]:
    """How the database goes about each query of a page that reads a large table."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    found = {}
    for query in captured.captured_queries:
        sql = query["sql"]
        if re.search(TABLES, sql) and sql.startswith(("SELECT", "WITH")):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + sql.replace("%", "%%"), [])
                found[sql] = "\n".join(line for (line,) in cursor.fetchall())
    assert found
    return found


def reads_a_whole_table(plan: str) -> bool:
    return bool(re.search(rf"Seq Scan on ({TABLES})\b", plan))


@needs_postgresql
def test_the_list_and_a_search_use_their_indexes(large: Customer, agent_client: Client) -> None:
    for query in ("", "q=zoe", "q=ana", "q=quint+zo", "q=zoe@cor", "q=98765", "sort=newest"):
        for sql, plan in plans(agent_client, f"/customers/?{query}").items():
            if "COUNT(*)" not in sql:  # of at most ten thousand, and reading so many is quickest so
                assert not reads_a_whole_table(plan), f"{query}: {sql}\n{plan}"


@needs_postgresql
def test_page_1_and_page_100_of_a_timeline_use_its_index(
    large: Customer, agent_client: Client
) -> None:
    url = f"/customers/{large.pk}/timeline/"
    address = url
    for _ in range(99):
        address = agent_client.get(address).context["timeline"].older_url
        assert address
    for place in (url, address):
        for sql, plan in plans(agent_client, place).items():
            assert not reads_a_whole_table(plan), f"{sql}\n{plan}"
