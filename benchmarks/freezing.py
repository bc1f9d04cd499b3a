"""The audience of a large sending frozen into invitations, beside an INSERT of the same rows.

`python -m benchmarks.freezing SOURCE` freezes those who came by SOURCE, in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.apart import peak, told_by
from benchmarks.rows import Row

PEOPLE = 100_000
TENTH, ALL = "bench-few", "bench-many"
# Memory with all, beside that with a tenth of them.
MOST_GROWTH = 1.3

# The invitations of the last run once more, for a run of their own; everything else is theirs.
AGAIN = "INSERT INTO surveys_invitation ({columns}) SELECT {values} FROM surveys_invitation WHERE run_id = %s"


def measure() -> Iterator[Row]:
    invite_more(TENTH, PEOPLE // 10)
    invite_more(ALL, PEOPLE)
    few, many = told_by("freezing", Path(TENTH)), told_by("freezing", Path(ALL))
    broken = "" if many["invited"] == PEOPLE else f"{many['invited']:,} were invited"
    floor, work = inserted(), f"freeze {PEOPLE:,} recipients"
    yield Row(work, many["seconds"], floor, "s", None, note="one transaction", broken=broken)
    yield Row(f"{work}, memory", many["peak"], few["peak"], "MB", MOST_GROWTH)


def invite_more(source: str, count: int) -> None:
    """So many customers who can be asked and came by `source`."""
    from crm.models import Affiliation, Contact, ContactPoint, Customer
    from staff.bulk import insert

    for start in range(0, count, 5000):
        numbers = range(start, min(start + 5000, count))
        customers = [
            Customer(
                name=f"{source} {n}", name_folded=f"{source} {n}", stage="customer", source=source
            )
            for n in numbers
        ]
        contacts = [Contact(name=f"{source} {n}") for n in numbers]
        insert(customers)
        insert(contacts)
        pairs = list(zip(customers, contacts, strict=True))
        insert([Affiliation(customer=one, contact=who, is_primary=True) for one, who in pairs])
        insert(
            [
                ContactPoint(contact=who, kind="email", value=f"{source}{n}@example.com")
                for n, who in zip(numbers, contacts, strict=True)
            ]
        )


def inserted() -> float:
    """Seconds for the last run's invitations to be written once more, all of their own tokens."""
    from django.db import connection, transaction

    from surveys.models import Invitation, SurveyRun

    last = SurveyRun.objects.latest("pk")
    copy = SurveyRun.objects.create(survey=last.survey, version=last.version, once_key="floor")
    fresh = {"run_id": str(copy.pk), "token_hash": "md5(token_hash) || md5(id::text)"}
    columns = [
        str(field.column) for field in Invitation._meta.concrete_fields if not field.primary_key
    ]
    values = [fresh.get(column, column) for column in columns]
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        statement = AGAIN.format(columns=", ".join(columns), values=", ".join(values))
        cursor.execute(statement, [last.pk])
        seconds = time.perf_counter() - began
        transaction.set_rollback(True)
    return seconds


def run(source: str) -> None:
    """Freeze here and now, and say what it took."""
    import django

    django.setup()
    from staff.access import Role
    from staff.models import User
    from surveys.actions.sending import send_survey
    from surveys.actions.surveys import stock_survey
    from surveys.audience import Audience

    owner = User.objects.filter(role=Role.OWNER).order_by("pk")[0]
    began = time.perf_counter()
    sent = send_survey(
        survey=stock_survey("csat"),
        audience=Audience(filters=f"source={source}"),
        once_key=source,
        by=owner,
    )
    seconds = time.perf_counter() - began
    print(json.dumps({"invited": sent.invited, "seconds": seconds, "peak": peak()}))


if __name__ == "__main__":
    run(sys.argv[1])
