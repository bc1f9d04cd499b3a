"""Alerts made, changed, paused and deleted; each with its entry in the trail and a stroke back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from metrics.alerts.judging import begin_before
from metrics.models import Alert
from staff import audit
from staff.changes import (
    Reverted,
    open_change_set,
    record_created,
    record_deleted,
    record_updated,
)
from staff.models import Business, ChangeSet, User
from staff.refusals import Refusal

KIND = "metrics.alert"
FIELDS = ("kpi", "grain", "low", "high", "margin", "least_n", "is_active")
# What it is judged by: another band begins anew.
JUDGED_BY = {"kpi", "grain", "low", "high", "margin", "least_n"}
MICRO = Decimal("0.000001")
# `Alert.told` has a row for each person.
TOLD: type[models.Model] = Alert.told.through


class NoBand(Refusal):
    message = _("Say from where on it is too low, or too high, or both.")


class LowAboveHigh(Refusal):
    message = _("The lower end must lie below the upper one.")


class MarginTooWide(Refusal):
    message = _("By so much inside, the figure could never be back: choose a smaller margin.")


class AlertGone(Refusal):
    message = _("This alert has been deleted meanwhile.")


@dataclass(frozen=True)
class Band:
    """When an alert goes off, in the unit of the stored figure."""

    grain: str
    low: Decimal | None = None
    high: Decimal | None = None
    margin: Decimal = Decimal(0)
    least_n: int = 30

    def check(self) -> None:
        """Raises NoBand, LowAboveHigh or MarginTooWide."""
        if self.low is None and self.high is None:
            raise NoBand
        if self.low is not None and self.high is not None:
            if self.low >= self.high:
                raise LowAboveHigh
            if self.margin * 2 > self.high - self.low:
                raise MarginTooWide


@transaction.atomic
def create_alert(
    *, kpi: str, band: Band, told: Collection[User], by: User | None
) -> tuple[Alert, ChangeSet]:
    """It judges the last period that is over at once. Raises what `Band.check` does."""
    band.check()
    alert = Alert(kpi=kpi, made_by=by)
    _set(alert, band)
    alert.save()
    alert.told.set(told)
    change_set = open_change_set(kind=KIND, label=str(alert), by=by)
    record_created(change_set, [alert, *_told_rows(alert)])
    _audit(alert, "alert.create", {}, by, change_set)
    return alert, change_set


@transaction.atomic
def update_alert(
    *, alert: Alert, band: Band, told: Collection[User], by: User | None
) -> ChangeSet | None:
    """Another band, or others who are told; None when nothing changed. Raises AlertGone too."""
    band.check()
    current = _locked(alert)
    before, was_told = audit.values(current, FIELDS), _told_rows(current)
    _set(current, band)
    changes = audit.diff(before, current, FIELDS)
    if not changes and {row.user_id for row in was_told} == {user.pk for user in told}:  # type: ignore[attr-defined]
        return None
    change_set = open_change_set(kind=KIND, label=str(current), by=by)
    _record_update(change_set, current, before, changes)
    current.save()
    _record_told(change_set, current, was_told, told)
    _audit(current, "alert.update", before, by, change_set)
    return change_set


@transaction.atomic
def pause_alert(*, alert: Alert, is_active: bool, by: User | None) -> ChangeSet | None:
    """Stop judging, or go on with the next period that ends; None when it is so already."""
    current = _locked(alert)
    if current.is_active == is_active:
        return None
    before = audit.values(current, FIELDS)
    current.is_active = is_active
    if is_active:
        _begin(current)
    change_set = open_change_set(kind=KIND, label=str(current), by=by)
    _record_update(change_set, current, before, audit.diff(before, current, FIELDS))
    current.save()
    _audit(current, "alert.resume" if is_active else "alert.pause", before, by, change_set)
    return change_set


@transaction.atomic
def delete_alert(*, alert: Alert, by: User | None) -> ChangeSet:
    """With what it told of. Raises AlertGone."""
    current = _locked(alert)
    change_set = open_change_set(kind=KIND, label=str(current), by=by)
    record_deleted(change_set, [*_told_rows(current), *current.events.order_by("pk"), current])
    was = audit.diff({}, current, FIELDS)
    changes = {name: [value, None] for name, (_none, value) in was.items()}
    audit.record(
        by=by, action="alert.delete", target=current, changes=changes, change_set=change_set
    )
    current.delete()
    return change_set


def _locked(alert: Alert) -> Alert:
    current = Alert.objects.select_for_update().filter(pk=alert.pk).first()
    if current is None:
        raise AlertGone
    return current


def _set(alert: Alert, band: Band) -> None:
    before = audit.values(alert, FIELDS)
    for name in ("grain", "low", "high", "margin", "least_n"):
        value = getattr(band, name)
        # As it is stored, so that the same band is no change.
        setattr(alert, name, value.quantize(MICRO) if isinstance(value, Decimal) else value)
    if alert._state.adding or JUDGED_BY & audit.diff(before, alert, FIELDS).keys():
        _begin(alert)


def _begin(alert: Alert) -> None:
    business = Business.current()
    alert.state = Alert.State.INSIDE
    alert.judged_on = begin_before(alert.grain, business, timezone.now()) if business else None


def begin_again(rows: Sequence[Reverted]) -> None:
    """Alerts whose change is taken back: with the band of before, or going on, they are judged anew,
    as `update_alert` and `pause_alert` have it. What they told of is not told again."""
    for row in rows:
        if not isinstance(row.was, Alert) or not isinstance(row.now, Alert):
            continue
        changed = audit.diff(audit.values(row.was, FIELDS), row.now, FIELDS).keys()
        if changed & JUDGED_BY or (row.now.is_active and "is_active" in changed):
            _begin(row.now)
            row.now.save(update_fields=["state", "judged_on"])


def _told_rows(alert: Alert) -> list[models.Model]:
    return list(TOLD._default_manager.filter(alert_id=alert.pk).order_by("pk"))


def _record_update(
    change_set: ChangeSet, alert: Alert, before: dict[str, Any], changes: audit.Changes
) -> None:
    if changes:
        after = audit.values(alert, changes)
        old = {name: before[name] for name in changes}
        record_updated(change_set, Alert, [(alert.pk, old, after)])


def _record_told(
    change_set: ChangeSet, alert: Alert, was: list[models.Model], told: Collection[User]
) -> None:
    wanted = {user.pk for user in told}
    record_deleted(change_set, [row for row in was if row.user_id not in wanted])  # type: ignore[attr-defined]
    alert.told.set(told)
    known = {row.pk for row in was}
    record_created(change_set, [row for row in _told_rows(alert) if row.pk not in known])


def _audit(
    alert: Alert, action: str, before: dict[str, Any], by: User | None, change_set: ChangeSet
) -> None:
    changes = audit.diff(before, alert, FIELDS)
    audit.record(by=by, action=action, target=alert, changes=changes, change_set=change_set)
