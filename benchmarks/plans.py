"""How PostgreSQL goes about the queries of a page: whether any of them reads a large table whole."""

from __future__ import annotations

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

# The tables that grow with customers and with what passes.
LARGE = "crm_customer|crm_customersearch|crm_interaction|crm_contactpoint|crm_affiliation"


def plans(client: Client, url: str) -> dict[str, str]:
    """How the database goes about each query of a page that reads a large table, but for those that
    count up to ten thousand rows: to read so many is quickest in the order in which they lie."""
    with CaptureQueriesContext(connection) as captured:
        status = client.get(url).status_code
    assert status == 200, f"{url} answered {status}"  # noqa: S101 (of benchmarks and tests)
    found = {}
    for query in captured.captured_queries:
        sql = query["sql"]
        if re.search(LARGE, sql) and sql.startswith(("SELECT", "WITH")) and "COUNT(*)" not in sql:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + sql.replace("%", "%%"), [])
                found[sql] = "\n".join(line for (line,) in cursor.fetchall())
    return found


def whole_reads(client: Client, url: str) -> list[str]:
    """The queries of a page that read a large table whole, each with its plan."""
    return [f"{sql}\n{plan}" for sql, plan in plans(client, url).items() if reads_whole(plan)]


SCAN = re.compile(rf"Seq Scan on (?:{LARGE})\b.*?\.\.([\d.]+)")
TOTAL = re.compile(r"\.\.([\d.]+)")


def reads_whole(plan: str) -> bool:
    """Whether a plan reads a large table to its end, and does not stop at the first row or so: then
    it costs less in all than the reading would."""
    total = TOTAL.search(plan)
    return total is not None and any(float(cost) <= float(total[1]) for cost in SCAN.findall(plan))
