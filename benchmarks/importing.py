"""Customers from a file, beside COPY of the very rows that came of it into the same tables.

The floor's rows are the import's own (customer, contact, affiliation, contact points; triggers add
the marks), with other keys. `python -m benchmarks.importing FILE` is one import in a process of its own.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.rows import Row
from benchmarks.scenery import ROOT

if TYPE_CHECKING:
    import psycopg

MOST = 4
MOST_MEMORY = 250
COLUMNS = "external_id name kind email phone source language created_at city country".split()
NAMES = "Ana Bruno Çelik Dolores Édson Fátima Gonçalo Helena Íñigo João".split()
SURNAMES = "Almeida Barros Castaño Díaz Echeverría Ferreira García Hidalgo Ibáñez Jiménez".split()
CITIES = "Aveiro Bilbao Curitiba Dénia Évora Fortaleza Gijón Huelva Ibiza Jaén".split()
FLOORS = 3

# Away from every key that there is.
AWAY = 10**12


@dataclass(frozen=True)
class Copied:
    """A table whose resulting rows the floor copies; `moved` gives some columns another value."""

    table: str
    moved: dict[str, str]
    which: str


def copied(first: int, *, updates: bool) -> list[Copied]:
    """The rows that came of an import that began when `first` was the next customer's id."""
    away = {"id": f"id + {AWAY}"}
    customer, contact = f"customer_id + {AWAY}", f"contact_id + {AWAY}"
    imported = f"SELECT id FROM crm_customer WHERE external_source = 'bench' AND id >= {first}"
    served = f"SELECT contact_id FROM crm_affiliation WHERE customer_id IN ({imported})"
    key = "external_id || '-again'"
    found = [
        Copied("crm_customer", away | {"external_id": key}, f"id IN ({imported})"),
        Copied("crm_contact", away, f"id IN ({served})"),
        Copied(
            "crm_affiliation",
            away | {"customer_id": customer, "contact_id": contact},
            f"customer_id IN ({imported})",
        ),
        Copied(
            "crm_contactpoint",
            away
            | {
                "contact_id": contact,
                "value": "CASE kind WHEN 'email' THEN 'again-' || value ELSE value END",
            },
            f"contact_id IN ({served})",
        ),
    ]
    if not updates:
        return found
    # An update leaves a customer and a telephone anew; the rest is as it was.
    phones = Copied(
        "crm_contactpoint",
        away,
        f"kind = 'phone' AND contact_id IN ({served})",
    )
    phones.moved["value"] = "value || '0'"
    return [found[0], phones]


def cells(place: int, *, again: bool, wrong: bool) -> list[str]:
    """A line of the file; `again`: the same customer with another name, telephone and city."""
    name = f"{NAMES[place % 10]} {SURNAMES[place // 10 % 10]} {place}"
    return [
        f"C-{place}",
        f"{name} Vega" if again else name,
        "company" if place % 4 == 0 else "person",
        f"customer{place}{'at' if wrong else '@'}example.com",
        f"+346{(place + 50_000_000 * again) % 10**8:08}",
        "web" if place % 3 else "referral",
        ("es", "pt-br", "en")[place % 3],
        f"20{24 + place % 2}-{place % 12 + 1:02}-{place % 28 + 1:02}T10:{place % 60:02}:00Z",
        CITIES[(place + again) % 10],
        "España",
    ]


def write(path: Path, lines: Iterator[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(lines)
    return path


def measure(count: int, folder: Path) -> Iterator[Row]:
    new = (cells(place, again=False, wrong=False) for place in range(count))
    again = (cells(place, again=True, wrong=False) for place in range(count))
    half = (cells(place, again=False, wrong=place % 2 > 0) for place in range(count, 2 * count))
    peak = 0.0
    for name, lines, wanted in [
        ("new", new, {"created": count}),
        ("all updates", again, {"updated": count}),
        ("half refused", half, {"created": count // 2, "refused": count - count // 2}),
    ]:
        first = next_customer() if name != "all updates" else first_of_source()
        done = imported(write(folder / f"{name.replace(' ', '-')}.csv", lines))
        peak = max(peak, done["peak"])
        tables = copied(first, updates=name == "all updates")
        floor = median(copy_again(tables) for _ in range(FLOORS))
        wrong = {key: done[key] for key, value in wanted.items() if done[key] != value}
        broken = f"it came to {wrong} instead of {wanted}" if wrong else ""
        work = f"import {count:,} customers, {name}"
        yield Row(work, done["seconds"], floor, "s", MOST, broken=broken)
    yield Row("import, memory", peak, None, "MB", MOST_MEMORY)


def next_customer() -> int:
    [(latest,)] = asked("SELECT COALESCE(MAX(id), 0) + 1 FROM crm_customer")
    return latest


def first_of_source() -> int:
    [(first,)] = asked("SELECT MIN(id) FROM crm_customer WHERE external_source = 'bench'")
    return first


def asked(query: str) -> list[tuple[int]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def imported(path: Path) -> dict[str, float]:
    """What became of the file, how long it took, and the most memory that it needed (MB)."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.importing", path],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def copy_again(tables: Sequence[Copied]) -> float:
    """Seconds that COPY of these rows takes, in one commit; they are taken away again."""
    from django.db import connection

    connection.ensure_connection()
    raw: psycopg.Connection = connection.connection
    given = [(one, *taken(raw, one)) for one in tables]
    began = time.perf_counter()
    with raw.transaction(), raw.cursor() as cursor:
        for one, columns, content in given:
            with cursor.copy(f"COPY {one.table} ({columns}) FROM STDIN".encode()) as into:
                into.write(content)
    took = time.perf_counter() - began
    with raw.transaction(), raw.cursor() as cursor:
        for one in reversed(tables):
            cursor.execute(f"DELETE FROM {one.table} WHERE id >= {AWAY}".encode())
    return took


def taken(raw: psycopg.Connection, one: Copied) -> tuple[str, bytes]:
    """The columns and the rows as COPY gives them, under other keys."""
    with raw.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [one.table],
        )
        names = [name for (name,) in cursor.fetchall()]
        values = ", ".join(one.moved.get(name, f'"{name}"') for name in names)
        query = f"COPY (SELECT {values} FROM {one.table} WHERE {one.which}) TO STDOUT"
        with cursor.copy(query.encode()) as out:
            content = b"".join(bytes(part) for part in out)
    return ", ".join(f'"{name}"' for name in names), content


def run(path: Path) -> None:
    """Import one file here and now, and say what it took."""
    import django

    django.setup()
    from crm.imports.kinds import KINDS
    from crm.imports.run import Import
    from staff.models import Business

    business = Business.objects.get(pk=1)
    began = time.perf_counter()
    outcome = Import(
        kind=KINDS["customers"], path=path, business=business, by=None, source="bench"
    ).run()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = {
        name: getattr(outcome, name) for name in ("created", "updated", "unchanged", "refused")
    }
    print(json.dumps({"seconds": seconds, "peak": peak, **counts}))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
