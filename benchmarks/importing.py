"""Customers from a file, beside COPY of the very rows that came of it into the same tables.

The floor's rows are the import's own (customer, contact, affiliation, contact points; triggers add
the marks), with other keys; they are rolled back. Meanwhile somebody looks at the list of customers.
`python -m benchmarks.importing FILE` is one import in a process of its own.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import IO, TYPE_CHECKING

import psutil

from benchmarks.apart import peak, told_by
from benchmarks.rows import Row, percentile

if TYPE_CHECKING:
    import psycopg

    from benchmarks.scenery import Site

MOST = 4
MOST_MEMORY = 250
# A list may take so many times as long while a file comes in.
MOST_MEANWHILE = 2
COLUMNS = "external_id name kind email phone source language created_at city country".split()
NAMES = "Ana Bruno Çelik Dolores Édson Fátima Gonçalo Helena Íñigo João".split()
SURNAMES = "Almeida Barros Castaño Díaz Echeverría Ferreira García Hidalgo Ibáñez Jiménez".split()
CITIES = "Aveiro Bilbao Curitiba Dénia Évora Fortaleza Gijón Huelva Ibiza Jaén".split()
# The floor is the median of so many, up to so many rows.
FLOORS, FEW = 3, 100_000
# Visits of the list before; seconds between those meanwhile.
WARM_UP, VISITS, PAUSE = 5, 25, 0.5

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


def measure(count: int, folder: Path, site: Site) -> Iterator[Row]:
    new = (cells(place, again=False, wrong=False) for place in range(count))
    again = (cells(place, again=True, wrong=False) for place in range(count))
    half = (cells(place, again=False, wrong=place % 2 > 0) for place in range(count, 2 * count))
    looks_at_list = list_visitor(site)
    peak = 0.0
    for name, lines, wanted in [
        ("new", new, {"created": count}),
        ("all updates", again, {"updated": count}),
        ("half refused", half, {"created": count // 2, "refused": count - count // 2}),
    ]:
        is_update = name == "all updates"
        first = first_of_source() if is_update else next_customer()
        path = write(folder / f"{name.replace(' ', '-')}.csv", lines)
        before = [looks_at_list() for _ in range(WARM_UP + VISITS)][WARM_UP:]
        with meanwhile(looks_at_list) as during:
            done = imported(path)
        path.unlink()
        peak = max(peak, done["peak"])
        wrong = {key: done[key] for key, value in wanted.items() if done[key] != value}
        broken = f"it came to {wrong} instead of {wanted}" if wrong else ""
        work = f"import {count:,} customers, {name}"
        floor = copied_again(copied(first, updates=False), count)
        note = f"processor time {done['processor'] / floor.processor:.3g} ×"
        yield Row(work, done["seconds"], floor.seconds, "s", MOST, note=note, broken=broken)
        if is_update:
            changed = copied_again(copied(first, updates=True), count)
            beside = f"{work}, beside the rows alone that changed"
            yield Row(beside, done["seconds"], changed.seconds, "s", None)
        yield Row(
            f"customer list meanwhile ({name}), p50",
            percentile(during, 0.5) * 1000,
            percentile(before, 0.5) * 1000,
            "ms",
            MOST_MEANWHILE,
            note=f"{len(during):,} visits, of which the slowest took {max(during):.2g} s",
        )
    yield Row(f"import {count:,} customers, memory", peak, None, "MB", MOST_MEMORY)


# --- Meanwhile --------------------------------------------------------------------------------


def list_visitor(site: Site) -> Callable[[], float]:
    """Each call looks at the list of customers once: the seconds that it took."""
    from benchmarks.pages import owner_client, visitor

    visit = visitor(site, owner_client())
    return lambda: visit("/customers/")


@contextmanager
def meanwhile(visit: Callable[[], float]) -> Iterator[list[float]]:
    """What visits take while the block runs; there is one at least."""
    taken: list[float] = []
    over = Event()

    def look() -> None:
        while not over.wait(PAUSE) or not taken:
            taken.append(visit())

    thread = Thread(target=look)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


# --- The floor --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Took:
    seconds: float
    processor: float  # seconds of the processor, of both sides


def copied_again(tables: Sequence[Copied], count: int) -> Took:
    """The median of what COPY of these rows takes; of very many, once must do."""
    times = FLOORS if count <= FEW else 1
    return sorted((copy_again(tables) for _ in range(times)), key=lambda one: one.seconds)[
        times // 2
    ]


def copy_again(tables: Sequence[Copied]) -> Took:
    """COPY these rows, with all that a commit would look at; they are gone afterwards."""
    from django.db import connection

    connection.ensure_connection()
    raw: psycopg.Connection = connection.connection
    with raw.transaction(force_rollback=True), raw.cursor() as cursor:
        given = [(one, *taken(raw, one)) for one in tables]
        spent, began = processor_time(raw), time.perf_counter()
        for one, columns, content in given:
            with (
                content,
                cursor.copy(f"COPY {one.table} ({columns}) FROM STDIN".encode()) as into,
            ):
                while part := content.read(1 << 20):
                    into.write(part)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        took = Took(time.perf_counter() - began, processor_time(raw) - spent)
    with connection.cursor() as vacuum:
        for one in tables:
            vacuum.execute(f"VACUUM ANALYZE {one.table}")
    return took


def processor_time(raw: psycopg.Connection) -> float:
    """Seconds of the processor that this process and the database's for it have had so far."""
    server = psutil.Process(raw.info.backend_pid).cpu_times()
    return float(time.process_time() + server.user + server.system)


def taken(raw: psycopg.Connection, one: Copied) -> tuple[str, IO[bytes]]:
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
        content = TemporaryFile()  # noqa: SIM115 (closed by whoever reads it)
        with cursor.copy(query.encode()) as out:
            content.writelines(out)
        content.seek(0)
    return ", ".join(f'"{name}"' for name in names), content


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


# --- One import -------------------------------------------------------------------------------


def imported(path: Path) -> dict[str, float]:
    """What became of the file, how long it took, and the most memory that it needed (MB)."""
    return told_by("importing", path)


def run(path: Path) -> None:
    """Import one file here and now, and say what it took."""
    import django

    django.setup()
    from django.db import connection

    from crm.imports.kinds import KINDS
    from crm.imports.run import Import
    from staff.models import Business

    business = Business.objects.get(pk=1)  # also connects
    began, spent = time.perf_counter(), processor_time(connection.connection)
    outcome = Import(
        kind=KINDS["customers"], path=path, business=business, by=None, source="bench"
    ).run()
    found = {
        "seconds": time.perf_counter() - began,
        "processor": processor_time(connection.connection) - spent,
        "peak": peak(),
    }
    counts = {
        name: getattr(outcome, name) for name in ("created", "updated", "unchanged", "refused")
    }
    print(json.dumps(found | counts))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
