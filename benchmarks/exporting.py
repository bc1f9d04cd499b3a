"""All customers into a file, beside COPY of the same cells by one query.

`python -m benchmarks.exporting FILE` is one export in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.apart import peak, told_by
from benchmarks.importing import asked
from benchmarks.rows import Row

if TYPE_CHECKING:
    import psycopg

MOST = 8
# Memory at the end, beside what was needed for the first tenth of the rows.
MOST_GROWTH = 1.1

POINT = """
  LEFT JOIN LATERAL (
    SELECT value FROM crm_contactpoint
    WHERE contact_id = first.contact_id AND kind = '{kind}' AND retired_at IS NULL
    ORDER BY id LIMIT 1
  ) AS {kind} ON true"""
# The cells of `manage.py export customers`, own fields but together in one.
QUERY = f"""
SELECT COALESCE(NULLIF(customer.external_id, ''), '#' || customer.id), customer.name, customer.kind,
  CASE WHEN customer.stage = 'lead' THEN 'lead' WHEN said.customer_id IS NOT NULL THEN 'customer' END,
  email.value, phone.value, customer.source, owner.email, customer.language, tags.names,
  customer.created_at, COALESCE(NULLIF(referrer.external_id, ''), '#' || referrer.id),
  customer.birthday, customer.city, customer.country, customer.custom
FROM crm_customer AS customer
  LEFT JOIN LATERAL (
    SELECT contact_id FROM crm_affiliation
    WHERE customer_id = customer.id AND until IS NULL
    ORDER BY is_primary DESC, id LIMIT 1
  ) AS first ON true
  {POINT.format(kind="email")}
  {POINT.format(kind="phone")}
  LEFT JOIN staff_user AS owner ON owner.id = customer.owner_id
  LEFT JOIN crm_customer AS referrer ON referrer.id = customer.referred_by_id
  LEFT JOIN LATERAL (
    SELECT string_agg(tag.name, '; ' ORDER BY tag.folded) AS names
    FROM crm_customer_tags AS own JOIN crm_tag AS tag ON tag.id = own.tag_id
    WHERE own.customer_id = customer.id
  ) AS tags ON true
  LEFT JOIN LATERAL (
    SELECT customer_id FROM crm_tenurespan
    WHERE customer_id = customer.id AND external_id = '' AND ended_at IS NULL
      AND started_at = customer.created_at
    LIMIT 1
  ) AS said ON true
ORDER BY customer.id
"""


def measure(folder: Path) -> Iterator[Row]:
    [(count,)] = asked("SELECT count(*) FROM crm_customer")
    floor = copied()
    for ending in ("csv", "xlsx"):
        path = folder / f"customers.{ending}"
        done = exported(path)
        size = path.stat().st_size / 1_000_000
        path.unlink()
        broken = "" if done["rows"] == count else f"{done['rows']:,} rows came out"
        work, note = f"export {count:,} customers, {ending.upper()}", f"{size:.0f} MB"
        # A spreadsheet is an archive of XML: nothing that COPY could be held to.
        bar = MOST if ending == "csv" else None
        yield Row(work, done["seconds"], floor, "s", bar, note=note, broken=broken)
        yield Row(f"{work}, memory", done["peak"], done["early"], "MB", MOST_GROWTH)


def copied() -> float:
    """Seconds until COPY has given the same cells."""
    from django.db import connection

    connection.ensure_connection()
    raw: psycopg.Connection = connection.connection
    began = time.perf_counter()
    with (
        raw.cursor() as cursor,
        cursor.copy(f"COPY ({QUERY}) TO STDOUT (FORMAT csv)".encode()) as out,
    ):
        for _part in out:
            pass
    return time.perf_counter() - began


def exported(path: Path) -> dict[str, float]:
    """How many rows came out, how long it took, and the most memory (MB) by a tenth and by the end."""
    return told_by("exporting", path)


def run(path: Path) -> None:
    """Export here and now, and say what it took."""
    import django

    django.setup()
    from django.http import QueryDict

    from crm.models import Customer
    from staff.exports import KINDS
    from staff.exports.files import Draft, Sheet, write
    from staff.models import Business

    zone = Business.objects.get(pk=1).zone
    tenth = Customer.objects.count() // 10
    early = 0.0

    def progress(rows: int) -> bool:
        nonlocal early
        if rows <= tenth or not early:
            early = peak()
        return True

    began = time.perf_counter()
    draft = Draft(path)
    ending = path.suffix.removeprefix(".")
    write(Sheet(KINDS["customers"], QueryDict(), None, ending, zone, exact=True), draft, progress)
    seconds = time.perf_counter() - began
    found = {"rows": draft.rows, "seconds": seconds, "early": early, "peak": peak()}
    print(json.dumps(found))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
