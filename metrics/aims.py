"""Targets and annotations: what figures should be, and what happened meanwhile; each change in the trail
and with a stroke that takes it back."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.actions.outreach import save_outreach
from crm.models import Outreach
from metrics.definitions import Definition
from metrics.models import Annotation, Target
from metrics.periods import Period
from staff import audit
from staff.access import Role
from staff.changes import (
    open_change_set,
    record_created,
    record_deleted,
    record_updated,
)
from staff.models import Business, ChangeSet, User
from staff.refusals import Refusal

TARGET, ANNOTATION = "metrics.target", "metrics.annotation"  # kinds of strokes
TARGET_FIELDS = ("kpi", "from_on", "value")
ANNOTATION_FIELDS = ("on", "title", "text", "kpis")


class TargetGone(Refusal):
    message = _("This target has been deleted meanwhile.")


class NothingToEnd(Refusal):
    message = _("There is no target on that day that could end.")


class AnnotationGone(Refusal):
    message = _("This annotation has been deleted meanwhile.")


def can_set_targets(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def can_annotate(user: User) -> bool:
    return user.has_role(Role.AGENT)


# --- Targets --------------------------------------------------------------------------------------


@transaction.atomic
def set_target(*, kpi: str, from_on: date, value: Decimal, by: User | None) -> ChangeSet | None:
    """From that day on it is to be `value`, in the unit of the stored figure; another of the same day
    is replaced. The stroke that takes it back, or None when it is so already."""
    return _put(kpi, from_on, value, by)


@transaction.atomic
def end_target(*, kpi: str, from_on: date, by: User | None) -> ChangeSet | None:
    """From that day on there is no target. Raises NothingToEnd where there was none."""
    if Targets.of([kpi]).on(kpi, from_on) is None:
        raise NothingToEnd
    return _put(kpi, from_on, None, by)


def _put(kpi: str, from_on: date, value: Decimal | None, by: User | None) -> ChangeSet | None:
    target, is_new = Target.objects.select_for_update().get_or_create(
        kpi=kpi, from_on=from_on, defaults={"value": value, "made_by": by}
    )
    if not is_new and target.value == value:
        return None
    change_set = open_change_set(kind=TARGET, label=str(target), by=by)
    before: dict[str, Any] = {}
    if is_new:
        record_created(change_set, [target])
    else:
        before = audit.values(target, TARGET_FIELDS)
        target.value = value
        target.save(update_fields=["value"])
        after = audit.values(target, ["value"])
        record_updated(
            change_set, Target, [(target.pk, {"value": before["value"]}, {"value": after["value"]})]
        )
    audit.record(
        by=by,
        action="target.end" if value is None else "target.set",
        target=target,
        changes=audit.diff(before, target, TARGET_FIELDS),
        change_set=change_set,
    )
    return change_set


@transaction.atomic
def delete_target(*, target: Target, by: User | None) -> ChangeSet:
    """As if it had never been set. Raises TargetGone."""
    current = Target.objects.select_for_update().filter(pk=target.pk).first()
    if current is None:
        raise TargetGone
    return _delete(current, TARGET, "target.delete", TARGET_FIELDS, by)


def _delete(
    row: Target | Annotation, kind: str, action: str, fields: Sequence[str], by: User | None
) -> ChangeSet:
    change_set = open_change_set(kind=kind, label=str(row), by=by)
    record_deleted(change_set, [row])
    was = audit.diff({}, row, fields)
    changes = {name: [value, None] for name, (_none, value) in was.items()}
    audit.record(by=by, action=action, target=row, changes=changes, change_set=change_set)
    row.delete()
    return change_set


@dataclass(frozen=True)
class Targets:
    """The targets of some KPIs over all time: of each, the days on which one begins, and to what."""

    steps: dict[str, tuple[list[date], list[Decimal | None]]]

    @classmethod
    def of(cls, kpis: Iterable[str]) -> Targets:
        """One query."""
        steps: dict[str, tuple[list[date], list[Decimal | None]]] = defaultdict(lambda: ([], []))
        found = Target.objects.filter(kpi__in=list(kpis)).order_by("kpi", "from_on")
        for kpi, from_on, value in found.values_list("kpi", "from_on", "value"):
            days, values = steps[kpi]
            days.append(from_on)
            values.append(value)
        return cls(dict(steps))

    def on(self, kpi: str, day: date) -> Decimal | None:
        """What holds on that day; None where nothing does."""
        days, values = self.steps.get(kpi, ([], []))
        at = bisect_right(days, day)
        return values[at - 1] if at else None

    def of_period(self, kpi: str, period: Period) -> float | None:
        """A period is judged by what holds on its last day."""
        value = self.on(kpi, period.ends_on - timedelta(days=1))
        return None if value is None else float(value)


def is_met(definition: Definition, value: float | None, target: float | None) -> bool | None:
    """Whether the figure reaches its target; None when there is nothing to judge."""
    if value is None or target is None:
        return None
    return value >= target if definition.better == "up" else value <= target


# --- Annotations ----------------------------------------------------------------------------------


@transaction.atomic
def save_annotation(
    *,
    by: User | None,
    on: date,
    title: str,
    text: str = "",
    kpis: Sequence[str] = (),
    annotation: Annotation | None = None,
) -> tuple[Annotation, ChangeSet | None]:
    """A new annotation, or one put otherwise; with the stroke that takes it back, None when nothing
    changed. No `kpis`: it is told of all figures. Raises AnnotationGone."""
    saved = _locked(annotation) if annotation else Annotation(made_by=by)
    before = audit.values(saved, ANNOTATION_FIELDS) if annotation else {}
    saved.on, saved.title, saved.text = on, " ".join(title.split())[:120], text.strip()
    saved.kpis = list(kpis)
    changes = audit.diff(before, saved, ANNOTATION_FIELDS)
    if annotation and not changes:
        return saved, None
    saved.save()
    change_set = open_change_set(kind=ANNOTATION, label=saved.title, by=by)
    if annotation:
        after = audit.values(saved, changes)
        record_updated(
            change_set, Annotation, [(saved.pk, {name: before[name] for name in changes}, after)]
        )
    else:
        record_created(change_set, [saved])
    verb = "update" if annotation else "create"
    audit.record(
        by=by, action=f"annotation.{verb}", target=saved, changes=changes, change_set=change_set
    )
    return saved, change_set


@transaction.atomic
def delete_annotation(*, annotation: Annotation, by: User | None) -> ChangeSet:
    """Raises AnnotationGone. What was announced of it stays."""
    current = _locked(annotation)
    return _delete(current, ANNOTATION, "annotation.delete", ANNOTATION_FIELDS, by)


@transaction.atomic
def announce(*, annotation: Annotation, business: Business, by: User) -> Outreach:
    """A draft that tells those whom it concerns, to be written further and sent by a person; the one
    that there is already, if any. Raises AnnotationGone and what a draft refuses."""
    current = _locked(annotation)
    if current.outreach is not None:
        return current.outreach
    words = {"subject": current.title, "body": current.text or current.title}
    current.outreach = save_outreach(
        by=by,
        name=current.title,
        texts={business.language: words},
        purpose=Outreach.Purpose.CHANGE,
        holds_from=current.on,
    )
    current.save(update_fields=["outreach"])
    audit.record(
        by=by,
        action="annotation.announce",
        target=current,
        changes={"outreach": [None, current.outreach.pk]},
    )
    return current.outreach


def _locked(annotation: Annotation) -> Annotation:
    rows = Annotation.objects.select_for_update(of=("self",)).select_related("outreach")
    current = rows.filter(pk=annotation.pk).first()
    if current is None:
        raise AnnotationGone
    return current


# How many a page lists and draws: the latest.
MOST = 12


def happened(first_on: date, until_on: date, kpis: Collection[str]) -> list[tuple[int, Annotation]]:
    """What happened in [first_on, until_on) and is told of one of these figures, the oldest first,
    numbered as charts mark it; at most the latest twelve. One query."""
    found = Annotation.objects.filter(on__gte=first_on, on__lt=until_on).order_by("-on", "-pk")
    own = [one for one in found[: 10 * MOST] if any(concerns(one, kpi) for kpi in kpis)]
    return list(enumerate(reversed(own[:MOST]), start=1))


def concerns(annotation: Annotation, kpi: str) -> bool:
    return not annotation.kpis or kpi in annotation.kpis
