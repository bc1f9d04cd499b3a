"""Facts for the engine's tests, written the quick way: rows by bulk_create, tenures rebuilt."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crm import tenures
from crm.models import (
    Affiliation,
    Consent,
    Contact,
    ContactPoint,
    Cost,
    Customer,
    Order,
    TenureSpan,
)
from mail.models import DeliveryEvent
from support import projection
from support.desk import default_queue
from support.models import (
    BusinessCalendar,
    CalendarVersion,
    Category,
    SlaPolicy,
    SlaPolicyVersion,
    Ticket,
    TicketEvent,
)
from surveys.actions.surveys import stock_survey
from surveys.models import Response


def customer(name: str, created_at: datetime) -> Customer:
    """The customer of this name, created then if new."""
    found, _created = Customer.objects.get_or_create(
        name=name, defaults={"name_folded": name.lower(), "created_at": created_at}
    )
    return found


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def add_spans(rows: Iterable[dict[str, Any]]) -> None:
    """Relationships of worked cases: {"customer", "start", "end"}; overlapping ones become one."""
    touched = set()
    for row in rows:
        started = instant(row["start"])
        own = customer(row["customer"], started)
        ended = instant(row["end"]) if row["end"] else None
        TenureSpan.objects.create(customer=own, started_at=started, ended_at=ended)
        touched.add(own.pk)
    tenures.rebuild(touched)


def add_orders(rows: Iterable[dict[str, Any]], currency: str = "BRL") -> None:
    touched = set()
    for row in rows:
        at = instant(row.get("at", "2026-01-15T12:00:00+00:00"))
        own = customer(row["customer"], at)
        cost = None if row["cost"] is None else Decimal(row["cost"])
        Order.objects.create(
            customer=own,
            ordered_at=at,
            total=Decimal(row["income"]),
            cost=cost,
            currency=currency,
            rate=row.get("rate", 1),
        )
        touched.add(own.pk)
    tenures.rebuild(touched)


def add_costs(rows: Iterable[dict[str, Any]], fx: dict[str, str], currency: str) -> None:
    for row in rows:
        own = row.get("currency", currency)
        rate = Decimal(1)
        if own != currency:
            given = fx.get(f"{own}|{row['date']}")
            rate = Decimal(given) if given else None  # type: ignore[assignment]
        Cost.objects.create(
            purpose="acquisition",
            category=row["category"],
            amount=Decimal(row["amount"]),
            currency=own,
            rate=rate,
            on=date.fromisoformat(row["date"]),
            until=date.fromisoformat(row["until"]) if row.get("until") else None,
        )


def add_responses(kind: str, rows: Iterable[dict[str, Any]]) -> None:
    """Imported answers: what lies outside the usual scale is kept as invalid."""
    survey = stock_survey(kind)
    low, high = survey.scale
    for row in rows:
        score = row["score"]
        reason = "no_score" if score is None else "" if low <= score <= high else "out_of_scale"
        at = instant(row["at"])
        Response.objects.create(
            survey=survey,
            kind=kind,
            customer=customer(row["customer"], at),
            score=score,
            answered_at=at,
            origin=Response.Origin.IMPORT,
            validity="invalid" if reason else "valid",
            validity_reason=reason,
        )


def add_leads(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        name = f"lead {row['lead']}"
        customer(name, instant(row["created_at"]))
        if row["converted_at"]:
            add_spans([{"customer": name, "start": row["converted_at"], "end": None}])


def add_tickets(rows: Iterable[dict[str, Any]]) -> None:
    """Tickets of worked cases, with the events of their solutions; what follows is projected."""
    made = []
    for row in rows:
        opened = instant(row["opened_at"])
        again = [instant(at) for at in row.get("reopened_at", ())]
        solved = [instant(at) for at in row["resolved_at"]]
        if row.get("open") and solved:
            again.append(solved[-1] + timedelta(seconds=1))
        void = "spam" if row.get("spam") else "merged" if row.get("merged_into") else ""
        is_open = not solved or bool(again and max(again) > max(solved))
        ticket = Ticket.objects.create(
            customer=customer(row["customer"], opened),
            subject=f"t{row['id']}",
            channel=Ticket.Channel.IMPORT,
            queue=default_queue(),
            category=category(row.get("topic", "")),
            opened_at=opened,
            state=void or ("open" if is_open else "solved"),
        )
        events = [(TicketEvent.Kind.RESOLVED, at) for at in solved]
        events += [(TicketEvent.Kind.REOPENED, at) for at in again]
        TicketEvent.objects.bulk_create(
            TicketEvent(ticket=ticket, kind=kind, at=at)
            for kind, at in sorted(events, key=lambda event: event[1])
        )
        made.append(ticket.pk)
    projection.rebuild(made)


def add_subscribers(rows: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]]) -> None:
    """Subscribers of worked cases: {"email", "subscribed_at"}, and what a mailer heard of them."""
    for row in rows:
        at = instant(row["subscribed_at"])
        contact = Contact.objects.create(name=row["email"], created_at=at)
        Affiliation.objects.create(contact=contact, customer=customer(row["email"], at))
        ContactPoint.objects.create(contact=contact, kind="email", value=row["email"])
        Consent.objects.create(contact=contact, purpose="outreach", given=True, at=at)
    DeliveryEvent.objects.bulk_create(
        DeliveryEvent(address=row["email"], type=row["type"], at=instant(row["at"]))
        for row in events
    )


def service_level() -> tuple[SlaPolicyVersion, CalendarVersion]:
    """A policy and hours for targets that a test writes by itself."""
    calendar = BusinessCalendar.objects.create(name="Hours of the test")
    policy = SlaPolicy.objects.create(name="Policy of the test", calendar=calendar)
    return (
        SlaPolicyVersion.objects.create(policy=policy, number=1, targets={}),
        CalendarVersion.objects.create(calendar=calendar, number=1, week=[[]] * 7, time_zone="UTC"),
    )


def category(name: str) -> Category | None:
    if not name:
        return None
    return Category.objects.get_or_create(folded=name, defaults={"name": name})[0]
