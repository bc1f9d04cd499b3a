"""What the data say to each question of the check-up: measured while it is open, frozen when it ends.

A line is plain JSON, and its words are found when it is shown, in whatever language that is then:
`kpi` with its status, value, n and parts in the quarter that `starts_on` a day; or a `count` by name,
its number, and of how many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from crm.models import Customer, Deal
from metrics import periods, showing, words
from metrics.definitions import DEFINITIONS, STORED
from metrics.models import (
    Alert,
    Annotation,
    CheckUp,
    CheckUpAnswer,
    DigestReader,
    Finding,
    Grain,
    Snapshot,
    Target,
    Training,
)
from metrics.periods import Period
from staff.templatetags.vinculo import number

Question = CheckUpAnswer.Question
YEAR = timedelta(days=365)
Line = dict[str, Any]

# The figures that answer a question, in the order in which they are read.
KPIS: dict[str, tuple[str, ...]] = {
    Question.LISTENING: (
        "listening_coverage",
        "response_rate",
        "contact_frequency",
        "silent_customers",
    ),
    Question.CHANNELS: ("contact_frequency", "unanswered_feedback", "first_response_time"),
    Question.TRAINING: ("training_hours",),
    Question.SITUATION: ("lead_conversion", "customer_churn", "silent_customers"),
    Question.EXPERIENCE: ("nps", "csat", "ces", "review_score", "response_rate"),
    Question.BUDGET: ("experience_budget",),
}
# Of which figure a question wants to see the parts too.
IN_PARTS = {(Question.CHANNELS, "contact_frequency"), (Question.BUDGET, "experience_budget")}

COUNTS: dict[str, StrOrPromise] = {
    "figures": gettext_lazy("Figures with a value"),
    "targets": gettext_lazy("Figures with a target"),
    "alerts": gettext_lazy("Alerts that watch a figure"),
    "readers": gettext_lazy("People who get the weekly digest"),
    "held": gettext_lazy("Trainings held in twelve months"),
    "planned": gettext_lazy("Trainings planned"),
    "check_ups": gettext_lazy("Check-ups finished in twelve months"),
    "acted": gettext_lazy("Findings acted on in twelve months"),
    "open_findings": gettext_lazy("Findings that wait"),
    "annotations": gettext_lazy("Changes noted in twelve months"),
    "leads": gettext_lazy("Leads"),
    "customers": gettext_lazy("Customers"),
    "lost": gettext_lazy("Lost customers"),
    "owned": gettext_lazy("Customers with somebody who looks after them"),
    "deals": gettext_lazy("Open deals"),
}
PAGES = {
    "figures": "metrics:metric-list",
    "targets": "metrics:target-list",
    "alerts": "metrics:alert-list",
    "readers": "metrics:digest",
    "held": "metrics:training-list",
    "planned": "metrics:training-list",
    "open_findings": "metrics:finding-list",
    "acted": "metrics:finding-list",
    "annotations": "metrics:annotation-list",
    "leads": "crm:customer-list",
    "customers": "crm:customer-list",
    "lost": "crm:customer-list",
    "deals": "crm:deal-list",
}


# --- Measuring ---------------------------------------------------------------------------------


def measured(now: datetime, zone: ZoneInfo) -> dict[str, list[Line]]:
    """The lines of every question: the last whole quarter's figures, and counts of today."""
    today = periods.local_day(now, zone)
    figures = _figures({kpi for kpis in KPIS.values() for kpi in kpis}, today, zone)
    lines: dict[str, list[Line]] = {
        question: [figures[kpi] for kpi in KPIS.get(question, ()) if kpi in figures]
        for question in Question.values
    }
    for question, counts in _counts(now, today, zone).items():
        lines[question] += counts
    return lines


def quarter(today: date, zone: ZoneInfo) -> Period:
    """The last one that is over."""
    return periods.containing(today, Grain.QUARTER, zone).previous()


def _figures(kpis: Iterable[str], today: date, zone: ZoneInfo) -> dict[str, Line]:
    """From stored figures, one query; of a young business those of the running quarter."""
    known = [kpi for kpi in kpis if kpi in DEFINITIONS and DEFINITIONS[kpi].is_stored]
    closed = quarter(today, zone)
    running = closed.following()
    found = Snapshot.objects.filter(
        kpi__in=known,
        grain=Grain.QUARTER,
        segment="",
        is_current=True,
        starts_on__in=[closed.starts_on, running.starts_on],
    )
    by_cell = {(one.kpi, one.starts_on): one for one in found}
    lines = {}
    for kpi in known:
        over = by_cell.get((kpi, closed.starts_on))
        snapshot = over
        if over is None or over.status != "ok":
            snapshot = by_cell.get((kpi, running.starts_on)) or over
        lines[kpi] = _line(kpi, snapshot, closed)
    return lines


def _line(kpi: str, snapshot: Snapshot | None, closed: Period) -> Line:
    line: Line = {"kpi": kpi, "starts_on": closed.starts_on.isoformat()}
    if snapshot is None:
        return line | {"status": DEFINITIONS[kpi].empty, "value": None, "n": None, "parts": {}}
    return line | {
        "starts_on": snapshot.starts_on.isoformat(),
        "status": snapshot.status,
        "value": snapshot.value,
        "n": snapshot.n,
        "parts": snapshot.parts,
    }


def _count(name: str, amount: int, of: int | None = None) -> Line:
    return {"count": name, "number": amount, "of": of}


def _counts(now: datetime, today: date, zone: ZoneInfo) -> dict[str, list[Line]]:
    year_ago = now - YEAR
    stored = [one.kpi for one in STORED if Grain.QUARTER in one.grains]
    with_value = Snapshot.objects.filter(
        kpi__in=stored,
        grain=Grain.QUARTER,
        segment="",
        is_current=True,
        starts_on=quarter(today, zone).starts_on,
        value__isnull=False,
    )
    targets = Target.objects.filter(from_on__lte=today).order_by("from_on")
    latest = dict(targets.values_list("kpi", "value"))
    trainings = Training.objects.aggregate(
        held=Count("pk", filter=Q(held_on__gt=today - YEAR, held_on__lte=today)),
        planned=Count("pk", filter=Q(held_on=None, planned_on__gte=today)),
    )
    found = Finding.objects.aggregate(
        acted=Count("pk", filter=Q(task__isnull=False, decided_at__gte=year_ago)),
        waiting=Count("pk", filter=Q(state=Finding.State.OPEN)),
    )
    return {
        Question.KPIS: [
            _count("figures", with_value.count(), len(stored)),
            _count("targets", sum(value is not None for value in latest.values())),
            _count("alerts", Alert.objects.filter(is_active=True).count()),
            _count("readers", DigestReader.objects.count()),
        ],
        Question.TRAINING: [
            _count("held", trainings["held"]),
            _count("planned", trainings["planned"]),
        ],
        Question.REVIEW: [
            _count("check_ups", CheckUp.objects.filter(finished_at__gte=year_ago).count()),
            _count("acted", found["acted"]),
            _count("open_findings", found["waiting"]),
            _count(
                "annotations", Annotation.objects.filter(on__gt=today - YEAR, on__lte=today).count()
            ),
        ],
        Question.SITUATION: _situation(),
    }


def _situation() -> list[Line]:
    people = Customer.objects.active().order_by()
    stages = dict(people.values_list("stage").annotate(Count("pk")))
    current = stages.get(Customer.Stage.CUSTOMER, 0)
    owned = people.filter(stage=Customer.Stage.CUSTOMER).exclude(owner=None).count()
    return [
        _count("leads", stages.get(Customer.Stage.LEAD, 0)),
        _count("customers", current),
        _count("lost", stages.get(Customer.Stage.LOST, 0)),
        _count("owned", owned, current),
        _count("deals", Deal.objects.filter(closed_at=None).count()),
    ]


# --- Showing -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A line in the reader's words; `note` says how sure, or why there is nothing."""

    name: str
    value: str
    note: str = ""
    url: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)


def shown(question: str, lines: Iterable[Line], currency: str, zone: ZoneInfo) -> list[Shown]:
    """What is no longer known by its name is left out."""
    found = (_shown(question, line, currency, zone) for line in lines)
    return [line for line in found if line]


def _shown(question: str, line: Line, currency: str, zone: ZoneInfo) -> Shown | None:
    if "count" in line:
        return _shown_count(line)
    definition = DEFINITIONS.get(line["kpi"])
    if definition is None:
        return None
    period = periods.containing(date.fromisoformat(line["starts_on"]), Grain.QUARTER, zone)
    when = showing.period_name(period)
    value, few = line["value"], definition.is_opinion and (line["n"] or 0) < 5
    if value is None or few:
        why = (
            _("Too few answers for a score.") if value is not None else words.reason(line["status"])
        )
        return Shown(str(definition.name), "—", f"{when} · {why}", _metric(definition.kpi, period))
    note = f"{when} · n = {number(line['n'])}" if line["n"] else when
    parts = showing.parts(line["parts"], currency) if (question, definition.kpi) in IN_PARTS else []
    return Shown(
        str(definition.name),
        showing.figure(definition, value, currency),
        note,
        _metric(definition.kpi, period),
        parts,
    )


def _metric(kpi: str, period: Period) -> str:
    on = period.starts_on.isoformat()
    return f"{reverse('metrics:metric', args=[kpi])}?grain={Grain.QUARTER.value}&on={on}"


def _shown_count(line: Line) -> Shown | None:
    name = line["count"]
    if name not in COUNTS:
        return None
    text = number(line["number"])
    if line["of"] is not None:
        text = _("%(number)s of %(all)s") % {"number": text, "all": number(line["of"])}
    return Shown(str(COUNTS[name]), text, url=reverse(PAGES[name]) if name in PAGES else "")
