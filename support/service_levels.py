"""Hours and service levels in words: for their pages, the trail of changes, and Today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from crm.registry import TODAY_LISTS, TodayList
from staff import audit
from staff.access import acting_user
from staff.prepared import PreparedFor
from support import terms
from support.clock import Kind
from support.forms.service_levels import KIND_LABELS, PRIORITIES, duration_text, spans_text
from support.models import CalendarVersion, SlaPolicyVersion, SlaTarget, Ticket

if TYPE_CHECKING:
    from django.http import HttpRequest

    from staff.models import User

MOST = 8
MINUTE = timedelta(minutes=1)


def spoken_hours(version: CalendarVersion) -> list[tuple[str, str]]:
    """("Monday", "09:00–14:00, 16:00–19:00"), Monday first; "" is closed."""
    week = terms.hours_of(version).week
    return [(capfirst(str(WEEKDAYS[day])), spans_text(spans)) for day, spans in enumerate(week)]


@dataclass(frozen=True)
class Due:
    """What a ticket that came in now would be due for; None: nothing."""

    kind: object
    after: str
    at: datetime | None


def due_now(
    version: SlaPolicyVersion, calendar: CalendarVersion, now: datetime
) -> list[tuple[str, list[Due]]]:
    """By priority, the most pressing first."""
    agreed = terms.terms_of(version, calendar)
    found = []
    for priority in PRIORITIES:
        goals = agreed.goals.get(str(priority.value), {})
        line = []
        for kind, label in KIND_LABELS.items():
            goal = goals.get(Kind(kind))
            if goal is None:
                line.append(Due(label, "", None))
            else:
                after = duration_text(goal // MINUTE)
                line.append(Due(label, after, agreed.hours.after(now, goal)))
        found.append((capfirst(str(priority.label)), line))
    return found


def nobodys(request: HttpRequest) -> dict[str, Any] | None:
    """Tickets of this person's queues that nobody has taken, and that are late or soon will be."""
    tickets = NOBODYS.all(acting_user(request), timezone.now())
    return {"tickets": tickets} if tickets else None


def _nobodys(user: User, now: datetime) -> QuerySet[Ticket]:
    near = SlaTarget.objects.filter(
        ticket=OuterRef("pk"), met_at=None, cancelled_at=None, warn_at__lte=now
    )
    return (
        Ticket.objects.open()
        .awake(now)
        .filter(
            Exists(near),
            assignee=None,
            queue__in=user.queues.values("pk"),
            next_due_at__isnull=False,
        )
        .select_related("customer")
        .order_by("next_due_at", "pk")[:MOST]
    )


NOBODYS = PreparedFor(_nobodys, datetime)


def register() -> None:
    """Called from SupportConfig.ready."""
    title = _("Due soon, and nobody has them")
    TODAY_LISTS.register(
        TodayList("support.nobodys", title, "support/_today_pressing.html", nobodys, order=8)
    )
    audit.describe(
        {
            "hours.change": _("changed the working hours"),
            "service_levels.change": _("changed the service levels"),
        }
    )
    names: dict[str, Any] = {f"weekday {day}": WEEKDAYS[day] for day in range(7)}
    names |= {
        "holidays": _("Public holidays"),
        "closed": _("Days off"),
        "warns_at_percent": _("Warn after percent of the time"),
    }
    names |= {
        f"{kind} {priority.value}": _Both(label, priority.label)
        for kind, label in KIND_LABELS.items()
        for priority in PRIORITIES
    }
    audit.name_fields(names)


@dataclass(frozen=True)
class _Both:
    """ "First reply · urgent", in the reader's language when it is shown."""

    first: object
    second: object

    def __str__(self) -> str:
        return f"{self.first} · {self.second}"
