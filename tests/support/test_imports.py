"""Tickets and their events from elsewhere: made once, brought up to date, taken back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.imports.kinds import KINDS
from crm.imports.run import Import, Outcome
from crm.models import Customer, Interaction
from staff.changes import revert
from staff.models import Business, ChangeSet, User
from support import projection, search
from support.models import Category, Message, OpenSpan, SlaTarget, Ticket, TicketEvent
from tests.factories import CustomerFactory

State = Ticket.State
TICKETS = """\
external_id,customer,subject,body,category,priority,opened_at,status
1,c1,Oven is cold,The oven does not heat.,Repairs,urgent,2026-01-05T09:00:00Z,
2,c1,,Where is my bread?,repairs,2,2026-01-06T09:00:00Z,waiting
3,c2,Buy now,,,,2026-01-07T09:00:00Z,spam
4,c2,Twice,,Delivery,baja,2026-01-08T09:00:00Z,merged
5,c3,Old one,Solved long ago.,Delivery,,2026-01-09T09:00:00Z,solved
"""
EVENTS = """\
ticket,kind,at,by
1,replied,2026-01-05T10:00:00Z,ana@padaria-aurora.example
1,resolved,2026-01-05T12:00:00Z,Ana Reis
3,resolved,2026-01-07T10:00:00Z,
"""


@pytest.fixture
def take(business: Business, tmp_path: Path) -> Any:
    def run(kind: str, text: str, **options: Any) -> Outcome:
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        options.setdefault("create_customers", True)
        return Import(kind=KINDS[kind], path=path, business=business, by=None, **options).run()

    return run


def ticket(external_id: str) -> Ticket:
    return Ticket.objects.get(external_id=external_id)


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.created, outcome.updated, outcome.unchanged, outcome.refused


def test_tickets_come_with_customer_category_message_and_state(take: Any) -> None:
    outcome = take("tickets", TICKETS)

    assert counts(outcome) == (5, 0, 0, 0), outcome.refusals
    first = ticket("1")
    assert (first.subject, first.priority, first.state) == ("Oven is cold", 40, State.NEW)
    assert first.channel == Ticket.Channel.IMPORT
    assert first.opened_at == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert first.last_activity_at == first.opened_at
    message = first.messages.get()
    assert (message.kind, message.text) == (Message.Kind.RECEIVED, "The oven does not heat.")
    assert message.created_at == first.opened_at
    second = ticket("2")
    assert (second.subject, second.priority) == ("Where is my bread?", 20)
    assert second.category == first.category
    assert Category.objects.filter(name__in=["Repairs", "repairs"]).count() == 1
    assert [ticket(str(n)).state for n in range(2, 6)] == ["waiting", "spam", "merged", "solved"]
    assert Customer.objects.get(external_id="c1").tickets.count() == 2
    assert set(Ticket.objects.search("oven heat")) == {first}
    told = Interaction.objects.filter(kind=Interaction.Kind.TICKET)
    assert told.count() == 3  # neither spam nor merged
    assert told.get(about_id=first.pk).occurred_at == first.opened_at


def test_again_changes_nothing_also_after_the_events(take: Any, agent: User) -> None:
    take("tickets", TICKETS)
    take("ticket_events", EVENTS)
    rows = list(Ticket.objects.order_by("pk").values())
    events = list(TicketEvent.objects.order_by("pk").values())

    assert counts(take("tickets", TICKETS)) == (0, 0, 5, 0)
    assert counts(take("ticket_events", EVENTS)) == (0, 0, 3, 0)

    assert list(Ticket.objects.order_by("pk").values()) == rows
    assert list(TicketEvent.objects.order_by("pk").values()) == events


def test_the_state_follows_from_the_events(take: Any, agent: User) -> None:
    take("tickets", TICKETS)
    outcome = take("ticket_events", EVENTS)

    assert counts(outcome) == (3, 0, 0, 0), outcome.refusals
    first = ticket("1")
    assert first.state == State.SOLVED
    assert first.first_replied_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert first.first_resolved_at == first.last_resolved_at == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert first.replies_to_solve == 1
    assert first.events.get(kind="replied").by == agent
    assert ticket("3").state == State.SPAM, "whatever else is told of it"

    take("ticket_events", "ticket,kind,at\n1,reopened,2026-01-05T12:00:01Z\n")
    first.refresh_from_db()
    assert first.state == State.OPEN
    assert first.first_reopened_at == datetime(2026, 1, 5, 12, 0, 1, tzinfo=UTC)
    assert list(OpenSpan.objects.filter(ticket=first).values_list("ended_at", flat=True)) == [
        datetime(2026, 1, 5, 12, tzinfo=UTC),
        None,
    ]
    assert first in Ticket.objects.open()
    assert projection.differing(Ticket.objects.values_list("pk", flat=True)) == []


def test_who_writes_an_opening_twice_has_one(take: Any) -> None:
    take("tickets", TICKETS)
    outcome = take("ticket_events", "ticket,kind,at\n1,opened,2026-01-05T09:00:00Z\n")

    assert counts(outcome) == (0, 0, 1, 0)
    assert ticket("1").events.filter(kind="opened").count() == 1


def test_a_row_that_says_something_else_changes_its_ticket(take: Any) -> None:
    take("tickets", TICKETS)
    again = (
        TICKETS.replace("The oven does not heat.", "It heats again.")
        .replace("waiting", "closed")
        .replace("Delivery,baja,2026-01-08T09", "Delivery,alta,2026-01-08T08")
    )
    outcome = take("tickets", again)

    assert counts(outcome) == (0, 3, 2, 0)
    assert ticket("1").messages.get().text == "It heats again."
    assert Ticket.objects.search("again").get() == ticket("1")
    assert ticket("2").state == State.CLOSED
    assert ticket("2").events.filter(kind="closed").count() == 1
    fourth = ticket("4")
    assert fourth.priority == Ticket.Priority.HIGH
    assert fourth.events.get(kind="opened").at == fourth.opened_at


def test_where_a_ticket_was_put_since_it_stays(take: Any, agent: User) -> None:
    take("tickets", TICKETS)
    Ticket.objects.filter(external_id="1").update(assignee=agent, subject="Cold oven")

    outcome = take("tickets", "external_id,customer,opened_at\n1,c1,2026-01-05T09:00:00Z\n")

    assert counts(outcome) == (0, 0, 1, 0)
    assert ticket("1").assignee == agent
    assert ticket("1").subject == "Cold oven"


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("ticket_events", "ticket,kind,at\n9,resolved,2026-01-05\n", "The ticket “9” is unknown"),
        ("ticket_events", "ticket,kind,at\n1,exploded,2026-01-05\n", "is not one of: started"),
        ("ticket_events", "ticket,kind,at\n1,resolved,soon\n", "is not a date"),
        ("tickets", "external_id,customer,opened_at,status\n7,c,2026-01-05,gone\n", "not one of"),
        (
            "tickets",
            "external_id,customer,opened_at,priority\n7,c,2026-01-05,9\n",
            "no priority|not a",
        ),
        ("tickets", "external_id,customer,opened_at\n7,,2026-01-05\n", "customer is empty"),
        ("tickets", "external_id,customer,opened_at\n,c,2026-01-05\n", "external_id is empty"),
    ],
)
def test_what_cannot_be_taken_says_why(take: Any, kind: str, text: str, why: str) -> None:
    take("tickets", TICKETS)
    outcome = take(kind, text)

    assert outcome.refused == 1
    assert any(one in outcome.refusals[0][1] for one in why.split("|"))


def test_an_unknown_customer_is_refused_unless_asked_for(take: Any) -> None:
    outcome = take("tickets", TICKETS, create_customers=False)

    assert outcome.refused == 5
    assert "--create-customers" in outcome.refusals[0][1]
    assert not Ticket.objects.exists()


def test_only_what_is_known_to_be_open_gets_due_times(take: Any) -> None:
    take("tickets", TICKETS)
    assert not SlaTarget.objects.exclude(ticket__external_id="2").exists()

    day = (timezone.now() - timedelta(hours=1)).isoformat()
    take("tickets", f"external_id,customer,opened_at,status\n8,c1,{day},open\n")
    assert ticket("8").targets.exists()
    assert ticket("8").next_due_at is not None
    assert not ticket("5").targets.exists()


def test_an_import_is_taken_back_as_a_whole(take: Any) -> None:
    CustomerFactory(name="Somebody else")
    follow_later = {"version", "next_due_at"}
    kept = [one.attname for one in Ticket._meta.concrete_fields if one.name not in follow_later]
    tickets = take("tickets", TICKETS)
    before = list(Ticket.objects.order_by("pk").values(*kept))
    events = take("ticket_events", EVENTS)

    outcome = revert(change_set=ChangeSet.objects.get(pk=events.import_id), by=None)
    assert outcome.left_alone_count == 0
    assert list(Ticket.objects.order_by("pk").values(*kept)) == before

    outcome = revert(change_set=ChangeSet.objects.get(pk=tickets.import_id), by=None)
    assert outcome.left_alone_count == 0, outcome.left_alone
    assert not Ticket.objects.exists()
    assert not Message.objects.exists()
    assert not TicketEvent.objects.exists()
    assert Customer.objects.count() == 1


def test_queries_do_not_grow_with_rows(take: Any) -> None:
    def queries(first: int, count: int) -> int:
        rows = "".join(
            f"{n},c1,Question {n},Body {n},Repairs,2,2026-01-05T09:00:00Z,open\n"
            for n in range(first, first + count)
        )
        events = "".join(
            f"{n},resolved,2026-01-06T09:00:00Z\n" for n in range(first, first + count)
        )
        with CaptureQueriesContext(connection) as captured:
            take("tickets", TICKETS.splitlines()[0] + "\n" + rows)
            take("ticket_events", "ticket,kind,at\n" + events)
        return len(captured)

    take("tickets", TICKETS)
    search.index([])
    few = queries(100, 5)
    assert queries(200, 300) <= few + 12  # more rows than fit one statement on SQLite


def test_a_body_that_was_brought_up_to_date_is_found_again_after_a_revert(take: Any) -> None:
    take("tickets", TICKETS)
    again = take(
        "tickets", TICKETS.replace("does not heat", "smells").replace("Old one", "Ancient one")
    )
    assert Ticket.objects.search("smells").get() == ticket("1")
    assert Ticket.objects.search("ancient").get() == ticket("5")

    revert(change_set=ChangeSet.objects.get(pk=again.import_id), by=None)

    assert ticket("1").messages.get().text == "The oven does not heat."
    assert Ticket.objects.search("heat").get() == ticket("1")
    assert not Ticket.objects.search("smells").exists()
    assert Ticket.objects.search("old one").get() == ticket("5")
