"""The check-up: eight questions asked again and again, and objectives between the rounds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from metrics import aims, evidence, periods
from metrics.definitions import DEFINITIONS, STORED
from metrics.models import CheckUp, CheckUpAnswer, Grain, Objective, Snapshot
from metrics.points import FEW_ANSWERS
from staff import audit
from staff.access import Role
from staff.changes import open_change_set, record_created, record_deleted, record_updated
from staff.models import ChangeSet, User
from staff.refusals import Refusal

KIND = "metrics.check_up"  # of strokes
OBJECTIVE = "metrics.objective"
# After so long it is time for another round.
EVERY = timedelta(days=182)
TEXTS = ("mission", "vision", "value_proposition")
OBJECTIVE_FIELDS = ("title", "kpi", "value", "due_on", "before", "after", "state")
MOST_MARKS = len(CheckUpAnswer.Question) * max(CheckUpAnswer.Mark.values)


class Finished(Refusal):
    message = _("This check-up is finished, and stays as it is. Begin another one.")


class NothingAnswered(Refusal):
    message = _("Answer at least one of the questions first.")


class ObjectiveGone(Refusal):
    message = _("This objective has been deleted meanwhile.")


def can_check_up(user: User) -> bool:
    return user.has_role(Role.MANAGER)


# --- Rounds -----------------------------------------------------------------------------------


def open_round() -> CheckUp | None:
    return CheckUp.objects.filter(finished_at=None).first()


def last_finished() -> CheckUp | None:
    return CheckUp.objects.exclude(finished_at=None).order_by("-finished_at", "-pk").first()


def is_due(last: CheckUp | None, now: datetime) -> bool:
    """Whether the last round is older than half a year; one who never began is not pressed."""
    return bool(last and last.finished_at and last.finished_at < now - EVERY)


@transaction.atomic
def begin(*, by: User | None) -> CheckUp:
    """A new round with the last one's mission, vision and value proposition; the open one if any."""
    if current := open_round():
        return current
    last = last_finished()
    carried = {name: getattr(last, name) for name in TEXTS} if last else {}
    try:
        with transaction.atomic():
            check_up = CheckUp.objects.create(by=by, **carried)
    except IntegrityError:  # somebody else began at the same moment
        return CheckUp.objects.get(finished_at=None)
    CheckUpAnswer.objects.bulk_create(
        CheckUpAnswer(check_up=check_up, question=question)
        for question in CheckUpAnswer.Question.values
    )
    audit.record(by=by, action="check_up.begin", target=check_up)
    return check_up


@dataclass(frozen=True)
class Answered:
    text: str
    mark: int | None


@transaction.atomic
def save(
    *, check_up: CheckUp, texts: Mapping[str, str], answers: Mapping[str, Answered]
) -> CheckUp:
    """Keep what has been typed so far; no entry of the trail for every word. Raises Finished."""
    current = _open(check_up)
    for name in TEXTS:
        setattr(current, name, texts.get(name, getattr(current, name)).strip())
    current.save(update_fields=TEXTS)
    rows = {row.question: row for row in current.answers.all()}
    for question, answer in answers.items():
        row = rows[question]
        row.text, row.mark = answer.text.strip(), answer.mark
    CheckUpAnswer.objects.bulk_update(rows.values(), ["text", "mark"])
    return current


@transaction.atomic
def finish(*, check_up: CheckUp, by: User | None, now: datetime, zone: ZoneInfo) -> CheckUp:
    """Freeze what was measured, and close the round for ever. Raises Finished, NothingAnswered."""
    current = _open(check_up)
    rows = list(current.answers.all())
    if not any(row.text or row.mark is not None for row in rows):
        raise NothingAnswered
    lines = evidence.measured(now, zone)
    for row in rows:
        row.measured = {"lines": lines[row.question]}
    CheckUpAnswer.objects.bulk_update(rows, ["measured"])
    current.finished_at, current.by = now, by
    current.save(update_fields=["finished_at", "by"])
    audit.record(by=by, action="check_up.finish", target=current)
    return current


@transaction.atomic
def discard(*, check_up: CheckUp, by: User | None) -> ChangeSet:
    """An open round that is not wanted after all; its stroke brings it back. Raises Finished."""
    current = _open(check_up)
    change_set = open_change_set(kind=KIND, label=str(current), by=by)
    record_deleted(change_set, list(current.answers.all()))
    record_deleted(change_set, [current])
    audit.record(by=by, action="check_up.discard", target=current, change_set=change_set)
    current.delete()
    return change_set


def _open(check_up: CheckUp) -> CheckUp:
    current = CheckUp.objects.select_for_update().filter(pk=check_up.pk, finished_at=None).first()
    if current is None:
        raise Finished
    return current


def marks(answers: Sequence[CheckUpAnswer]) -> int:
    return sum(answer.mark or 0 for answer in answers)


# --- Objectives --------------------------------------------------------------------------------


@transaction.atomic
def add_objective(
    *,
    by: User | None,
    title: str,
    due_on: date,
    now: datetime,
    zone: ZoneInfo,
    kpi: str = "",
    value: Decimal | None = None,
    draws_target: bool = False,
) -> tuple[Objective, ChangeSet]:
    """Something to reach by a day; with a KPI the figure of now is kept to be compared with.

    `draws_target`: from today on the value is the figure's target too, in tiles and charts.
    """
    objective = Objective.objects.create(
        title=" ".join(title.split())[:200],
        kpi=kpi,
        value=value if kpi else None,
        due_on=due_on,
        before=figure_on(kpi, periods.local_day(now, zone), zone),
        made_by=by,
    )
    change_set = open_change_set(kind=OBJECTIVE, label=objective.title, by=by)
    record_created(change_set, [objective])
    changes = audit.diff({}, objective, OBJECTIVE_FIELDS)
    audit.record(
        by=by, action="objective.create", target=objective, changes=changes, change_set=change_set
    )
    if draws_target and kpi and value is not None:
        aims.set_target(kpi=kpi, from_on=periods.local_day(now, zone), value=value, by=by)
    return objective, change_set


def figure_on(kpi: str, day: date, zone: ZoneInfo) -> float | None:
    """The stored figure of the last month that was over when the day was, or of the running one."""
    return figures_on([kpi], day, zone).get(kpi)


def figures_on(kpis: Collection[str], day: date, zone: ZoneInfo) -> dict[str, float]:
    """`figure_on` of each that has one; a few answers are no score. One query."""
    running = periods.containing(day + periods.DAY, Grain.MONTH, zone)
    known = Snapshot.objects.filter(
        kpi__in=[kpi for kpi in kpis if kpi],
        grain=Grain.MONTH,
        segment="",
        is_current=True,
        starts_on__in=[running.starts_on, running.previous().starts_on],
    )
    opinions = [one.kpi for one in STORED if one.is_opinion]
    told = known.exclude(kpi__in=opinions, n__lt=FEW_ANSWERS)
    values = told.order_by("-starts_on").values_list("kpi", "value")
    # The earlier month, last, wins.
    return {kpi: value for kpi, value in values if value is not None}


@transaction.atomic
def close_objective(
    *, objective: Objective, state: str, by: User | None, now: datetime, zone: ZoneInfo
) -> ChangeSet:
    """Reached, missed, dropped, or open again; with the figure as it came out. Raises ObjectiveGone."""
    current = Objective.objects.select_for_update().filter(pk=objective.pk).first()
    if current is None:
        raise ObjectiveGone
    before = audit.values(current, ("state", "after"))
    current.state = Objective.State(state)
    ends = min(current.due_on, periods.local_day(now, zone))
    is_over = current.state in {Objective.State.REACHED, Objective.State.MISSED}
    current.after = figure_on(current.kpi, ends, zone) if is_over else None
    current.save(update_fields=["state", "after"])
    change_set = open_change_set(kind=OBJECTIVE, label=current.title, by=by)
    after = audit.values(current, ("state", "after"))
    record_updated(change_set, Objective, [(current.pk, before, after)])
    audit.record(
        by=by,
        action="objective.close",
        target=current,
        changes=audit.diff(before, current, ("state", "after")),
        change_set=change_set,
    )
    return change_set


@transaction.atomic
def delete_objective(*, objective: Objective, by: User | None) -> ChangeSet:
    """As if it had never been set. Raises ObjectiveGone."""
    current = Objective.objects.select_for_update().filter(pk=objective.pk).first()
    if current is None:
        raise ObjectiveGone
    change_set = open_change_set(kind=OBJECTIVE, label=current.title, by=by)
    record_deleted(change_set, [current])
    was = audit.diff({}, current, OBJECTIVE_FIELDS)
    changes = {name: [value, None] for name, (_none, value) in was.items()}
    audit.record(
        by=by, action="objective.delete", target=current, changes=changes, change_set=change_set
    )
    current.delete()
    return change_set


def judge_objectives(*, now: datetime, zone: ZoneInfo) -> int:
    """Those with a figure whose day is over: reached or missed. Without one, a person says.

    A figure that is not known yet is waited for. Twice changes nothing.
    """
    today = periods.local_day(now, zone)
    judged = 0
    for objective in Objective.objects.filter(state=Objective.State.OPEN, due_on__lt=today).exclude(
        kpi=""
    ):
        definition = DEFINITIONS.get(objective.kpi)
        value = figure_on(objective.kpi, objective.due_on, zone)
        target = None if objective.value is None else float(objective.value)
        is_met = aims.is_met(definition, value, target) if definition else None
        if is_met is None:
            continue
        state = Objective.State.REACHED if is_met else Objective.State.MISSED
        close_objective(objective=objective, state=state, by=None, now=now, zone=zone)
        judged += 1
    return judged


def objectives() -> list[Objective]:
    """Open ones first by their day, then the latest that are over."""
    rows = Objective.objects.select_related("made_by")
    living = list(rows.filter(state=Objective.State.OPEN).order_by("due_on", "pk"))
    over = rows.exclude(state=Objective.State.OPEN).order_by("-due_on", "-pk")
    return living + list(over[:20])


def due_objectives(today: date) -> list[Objective]:
    """Whose day is over and of which nobody has said yet what came of them."""
    late = Objective.objects.filter(state=Objective.State.OPEN, due_on__lt=today)
    return list(late.order_by("due_on", "pk")[:10])


def current_figures(found: Sequence[Objective], today: date, zone: ZoneInfo) -> dict[str, float]:
    """Where the KPIs of open objectives stand now."""
    kpis = {one.kpi for one in found if one.kpi and one.state == Objective.State.OPEN}
    return figures_on(kpis, today, zone)
