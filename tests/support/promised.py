"""Due times read off the rows: for the tests of service levels."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from support import first_levels
from support.models import CalendarVersion, SlaTarget, Ticket, TicketEvent

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def at(when: str) -> datetime:
    """ "mon 10:00" of a week without holidays, in São Paulo: eight to noon, one to six."""
    day, clock_time = when.split()
    hour, minute = map(int, clock_time.split(":"))
    days = "mon tue wed thu fri".split().index(day)
    return datetime(2024, 11, 4, hour, minute, tzinfo=SAO_PAULO) + timedelta(days=days)


def rows(ticket: Ticket) -> dict[str, SlaTarget]:
    found = SlaTarget.objects.filter(ticket=ticket)
    return {f"{row.kind} {row.occurrence}": row for row in found}


def said(ticket: Ticket, kind: str) -> list[tuple[str, str]]:
    events = TicketEvent.objects.filter(ticket=ticket, kind=kind).order_by("pk")
    return list(events.values_list("before", "after"))


def open_round_the_clock() -> None:
    """Hours that have always been all hours: due times can be read off any clock."""
    first_levels.install_now()
    CalendarVersion.objects.update(week=[[["00:00", "24:00"]]] * 7, holidays="")
