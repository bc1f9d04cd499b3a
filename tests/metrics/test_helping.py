"""The figures of the help desk: from the tables, with the rows behind them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from crm.models import Customer, Task
from metrics import reading
from metrics.definitions import find
from metrics.engine.triggers import install
from metrics.formulas import Result
from metrics.periods import Period
from staff.models import Business
from support import projection
from support.actions.tickets import open_ticket
from support.models import OpenSpan, SlaTarget, Ticket, TicketEvent
from support.spans import rebuild_spans, spans
from tests.factories import CustomerFactory
from tests.metrics import tables

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1), ZoneInfo("UTC"))
NOW = datetime(2026, 3, 1, tzinfo=UTC)
Kind = TicketEvent.Kind


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+00:00")


def a_ticket(customer: Customer, opened: str, *events: tuple[str, str], **fields: Any) -> Ticket:
    fields = {"subject": "Help", "channel": Ticket.Channel.EMAIL, "text": "Help"} | fields
    state = fields.pop("state", "open")
    ticket = open_ticket(customer=customer, at=at(opened), **fields)
    Ticket.objects.filter(pk=ticket.pk).update(state=state)
    TicketEvent.objects.bulk_create(
        TicketEvent(ticket=ticket, kind=kind, at=at(when)) for kind, when in events
    )
    projection.rebuild([ticket.pk])
    return ticket


def measured(kpi: str, **params: str) -> Result:
    definition = find(kpi)
    result = reading.measured(definition, JANUARY, now=NOW, params=definition.parse(params))
    for side, number in (("numerator", result.numerator), ("denominator", result.denominator)):
        sections = reading.rows(definition, JANUARY, side, now=NOW, params=definition.parse(params))  # type: ignore[arg-type]
        if number is not None:
            assert sum((section.total() for section in sections), Fraction(0)) == number
    return result


def test_first_reply_counts_by_its_date_and_the_unanswered_beside_it() -> None:
    customer = CustomerFactory()
    a_ticket(customer, "01-05T10:00", (Kind.REPLIED, "01-05T10:30"))
    a_ticket(customer, "01-06T10:00", (Kind.REPLIED, "01-06T12:00"), (Kind.REPLIED, "01-07T12:00"))
    a_ticket(customer, "01-07T10:00")
    a_ticket(customer, "01-31T23:00", (Kind.REPLIED, "02-01T00:00"))
    a_ticket(customer, "01-08T10:00", (Kind.REPLIED, "01-08T10:05"), state="spam")

    result = measured("first_response_time")

    assert result.value == 75
    assert (result.n, result.parts["unanswered"]) == (2, 1)
    assert measured("first_response_time", clock="business").n <= 2


def test_nothing_is_undefined_with_its_reason() -> None:
    assert measured("first_response_time").status == "no_replies"
    assert measured("resolution_time").status == "no_resolved_tickets"
    assert measured("recontact_rate").status == "no_resolved_tickets"
    assert measured("sla_attainment").status == "no_targets"
    assert measured("backlog").status == "no_tickets"
    assert measured("promise_kept").status == "no_promises"


def test_return_after_the_first_reply() -> None:
    one, other = CustomerFactory(), CustomerFactory()
    a_ticket(one, "01-05T10:00", (Kind.REPLIED, "01-05T11:00"))
    a_ticket(one, "01-08T10:00")
    a_ticket(other, "01-05T10:00", (Kind.REPLIED, "01-05T11:00"))

    result = measured("recontact_rate", after="first_reply")

    assert (result.numerator, result.denominator) == (1, 2)


def test_solved_at_first_contact() -> None:
    solved = (Kind.RESOLVED, "01-05T12:00")
    a_ticket(CustomerFactory(), "01-05T10:00", (Kind.REPLIED, "01-05T11:00"), solved)
    a_ticket(CustomerFactory(), "01-05T10:00", solved, channel=Ticket.Channel.PHONE)
    a_ticket(CustomerFactory(), "01-05T10:00", solved)
    twice = [(Kind.REPLIED, "01-05T11:00"), (Kind.REPLIED, "01-05T11:30"), solved]
    a_ticket(CustomerFactory(), "01-05T10:00", *twice)
    back = CustomerFactory()
    a_ticket(back, "01-05T10:00", (Kind.REPLIED, "01-05T11:00"), solved)
    a_ticket(back, "01-09T10:00")

    result = measured("first_contact_resolution")

    assert (result.numerator, result.denominator) == (2, 5)


def test_targets_by_the_date_on_which_they_were_decided() -> None:
    ticket = a_ticket(CustomerFactory(), "01-05T10:00")
    SlaTarget.objects.filter(ticket=ticket).delete()
    policy, calendar = tables.service_level()

    def target(kind: str, occurrence: int, **fields: Any) -> None:
        SlaTarget.objects.create(
            ticket=ticket,
            kind=kind,
            occurrence=occurrence,
            policy_version=policy,
            calendar_version=calendar,
            minutes=60,
            started_at=at("01-05T10:00"),
            **fields,
        )

    target("first_reply", 1, due_at=at("01-05T11:00"), met_at=at("01-05T10:30"))
    target(
        "next_reply",
        1,
        due_at=at("01-06T11:00"),
        missed_at=at("01-06T11:00"),
        met_at=at("01-09T10:00"),
    )
    target("next_reply", 2, due_at=at("01-07T11:00"))  # overdue, and no sweep has seen it yet
    target("next_reply", 3, due_at=at("01-08T11:00"), cancelled_at=at("01-07T11:00"))
    target("solution", 1, due_at=at("02-07T11:00"))

    result = measured("sla_attainment")

    assert (result.numerator, result.denominator) == (1, 3)
    assert result.parts["next_reply_missed"] == 2
    assert measured("sla_attainment", target="first_reply").value == 1


def test_backlog_is_the_state_after_all_events_before_the_edge() -> None:
    customer = CustomerFactory()
    a_ticket(customer, "01-05T10:00")
    a_ticket(customer, "01-05T10:00", (Kind.RESOLVED, "01-20T10:00"), state="solved")
    a_ticket(customer, "01-31T20:00", (Kind.RESOLVED, "02-01T00:00"), state="solved")
    again = [(Kind.RESOLVED, "01-06T10:00"), (Kind.REOPENED, "01-29T10:00")]
    a_ticket(customer, "01-05T10:00", *again)
    a_ticket(customer, "02-01T00:00")
    a_ticket(customer, "01-07T10:00", state="merged")

    result = measured("backlog")

    assert result.value == 3
    assert result.parts == {"under_1_day": 1, "under_3_days": 0, "under_7_days": 0, "older": 2}


def test_spans_of_irregular_events() -> None:
    opened = at("01-05T10:00")
    day = timedelta(days=1)
    assert spans(opened, []) == [(opened, None)]
    solved_twice = [(Kind.RESOLVED, opened + day), (Kind.RESOLVED, opened + 2 * day)]
    assert spans(opened, solved_twice) == [(opened, opened + day)]
    assert spans(opened, [(Kind.RESOLVED, opened - day)]) == []
    at_once = [(Kind.RESOLVED, opened + day), (Kind.REOPENED, opened + day)]
    assert spans(opened, at_once) == [(opened, None)]


def test_rebuilding_spans_twice_changes_nothing() -> None:
    again = [(Kind.RESOLVED, "01-06T10:00"), (Kind.REOPENED, "01-29T10:00")]
    ticket = a_ticket(CustomerFactory(), "01-05T10:00", *again)
    before = list(OpenSpan.objects.order_by("pk").values())

    rebuild_spans([ticket.pk])

    assert list(OpenSpan.objects.order_by("pk").values()) == before


def test_promises_kept_by_their_due_time() -> None:
    customer = CustomerFactory()

    def promise(due: str, done: str | None) -> None:
        Task.objects.create(
            title="Call back",
            customer=customer,
            is_promise=True,
            due_at=at(due),
            done_at=at(done) if done else None,
        )

    promise("01-05T10:00", "01-05T10:00")
    promise("01-06T10:00", "01-06T10:01")
    promise("01-07T10:00", None)
    promise("02-01T00:00", "01-07T10:00")
    Task.objects.create(title="No promise", due_at=at("01-05T10:00"), done_at=timezone.now())

    result = measured("promise_kept")

    assert (result.numerator, result.denominator) == (1, 3)


def test_triggers_are_there_on_every_table_of_the_desk() -> None:
    install()
    with connection.cursor() as cursor:
        found = "pg_trigger" if connection.vendor == "postgresql" else "sqlite_master"
        name = "tgname" if connection.vendor == "postgresql" else "name"
        cursor.execute(f"SELECT {name} FROM {found} WHERE {name} LIKE 'metrics_mark_%'")
        names = " ".join(row[0] for row in cursor.fetchall())
    for table in ("support_ticket", "support_openspan", "support_slatarget", "crm_task"):
        assert f"metrics_mark_{table}_update" in names
