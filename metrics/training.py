"""Training of those who meet customers: planned, held, who took part, and its cost in the ledger.

A training, its hours and its cost change in one stroke, and are taken back in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from crm.actions import record_cost
from crm.actions.costs import FIELDS as COST_FIELDS
from crm.actions.costs import correct_cost
from crm.models import Cost
from metrics.models import Training, TrainingHours
from staff import audit
from staff.access import Role
from staff.changes import open_change_set, record_created, record_deleted, record_updated
from staff.models import ChangeSet, User
from staff.refusals import Refusal

KIND = "metrics.training"  # of strokes
FIELDS = ("title", "about", "planned_on", "held_on", "cost")
COLUMNS = ("title", "about", "planned_on", "held_on", "cost_id")
# What a training changes of its line in the ledger.
LEDGER_COLUMNS = ("amount", "rate", "on", "until", "note")
YEAR = timedelta(days=365)


class TrainingGone(Refusal):
    message = _("This training has been deleted meanwhile.")


class HeldInFuture(Refusal):
    message = _("This day is still to come; until then the training is planned.")


def can_plan(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def who_meets_customers() -> QuerySet[User]:
    """As the hours of training count them: everybody who may work in here."""
    return User.objects.filter(is_active=True, role__gte=Role.AGENT).order_by("name", "pk")


@transaction.atomic
def save_training(
    *,
    by: User | None,
    title: str,
    planned_on: date,
    today: date,
    about: str = "",
    held_on: date | None = None,
    amount: Decimal | None = None,
    hours: Mapping[int, Decimal] | None = None,
    training: Training | None = None,
) -> tuple[Training, ChangeSet]:
    """A new training, or one put otherwise; with the stroke that takes it all back.

    `hours` by person; `amount` goes into the ledger on its day, under training; None takes it out.
    Raises TrainingGone, HeldInFuture and what the ledger refuses.
    """
    if held_on and held_on > today:
        raise HeldInFuture
    saved = _locked(training) if training else Training(made_by=by)
    before = {name: getattr(saved, name) for name in FIELDS} if training else {}
    was = audit.values(saved, COLUMNS)
    saved.title, saved.about = " ".join(title.split())[:200], about.strip()
    saved.planned_on, saved.held_on = planned_on, held_on
    change_set = open_change_set(kind=KIND, label=saved.title, by=by)
    old_cost = saved.cost
    saved.cost = _cost(saved, amount, by, change_set)
    saved.save()
    if training:
        now = audit.values(saved, COLUMNS)
        changed = [name for name in COLUMNS if was[name] != now[name]]
        if changed:
            old = {name: was[name] for name in changed}
            record_updated(
                change_set, Training, [(saved.pk, old, {name: now[name] for name in changed})]
            )
    else:
        record_created(change_set, [saved])
    if old_cost and saved.cost is None:
        _drop_cost(old_cost, by, change_set)
    told = _hours(saved, hours or {}, change_set)
    changes = audit.diff(before, saved, FIELDS) | told
    verb = "update" if training else "create"
    audit.record(
        by=by, action=f"training.{verb}", target=saved, changes=changes, change_set=change_set
    )
    return saved, change_set


def _cost(
    training: Training, amount: Decimal | None, by: User | None, change_set: ChangeSet
) -> Cost | None:
    """Its line of the ledger as it is to be; recorded before the training that points to it."""
    if amount is None:
        return None
    on = training.held_on or training.planned_on
    cost = training.cost
    if cost is None:
        cost = record_cost(
            by=by,
            purpose=Cost.Purpose.TRAINING,
            category="other",
            amount=amount,
            on=on,
            note=training.title,
        )
        record_created(change_set, [cost])
        return cost
    before = audit.values(cost, LEDGER_COLUMNS)
    cost = correct_cost(cost=cost, by=by, amount=amount, on=on, until=None, note=training.title)
    after = audit.values(cost, LEDGER_COLUMNS)
    changed = [name for name in LEDGER_COLUMNS if before[name] != after[name]]
    if changed:
        old, new = ({name: side[name] for name in changed} for side in (before, after))
        record_updated(change_set, Cost, [(cost.pk, old, new)])
    return cost


def _drop_cost(cost: Cost, by: User | None, change_set: ChangeSet) -> None:
    record_deleted(change_set, [cost])
    gone = {
        name: [value, None] for name, (_none, value) in audit.diff({}, cost, COST_FIELDS).items()
    }
    audit.record(by=by, action="cost.delete", target=cost, changes=gone, change_set=change_set)
    cost.delete()


def _hours(
    training: Training, hours: Mapping[int, Decimal], change_set: ChangeSet
) -> audit.Changes:
    """Who took part for how long, as it is to be; what changed, in the words of the trail."""
    known = {row.user_id: row for row in training.hours.select_related("user")}
    wanted = {user: value for user, value in hours.items() if value}
    gone = [row for user, row in known.items() if user not in wanted]
    record_deleted(change_set, gone)
    TrainingHours.objects.filter(pk__in=[row.pk for row in gone]).delete()
    other = [row for user, row in known.items() if user in wanted and row.hours != wanted[user]]
    for row in other:
        was = audit.values(row, ["hours"])
        row.hours = wanted[row.user_id]
        row.save(update_fields=["hours"])
        record_updated(change_set, TrainingHours, [(row.pk, was, audit.values(row, ["hours"]))])
    new = [
        TrainingHours(training=training, user_id=user, hours=value)
        for user, value in wanted.items()
        if user not in known
    ]
    TrainingHours.objects.bulk_create(new)
    record_created(change_set, new)
    if not (gone or other or new):
        return {}
    before = sum((row.hours for row in known.values() if row not in other), Decimal(0))
    return {"hours": [str(before) if known else None, str(sum(wanted.values(), Decimal(0)))]}


@transaction.atomic
def delete_training(*, training: Training, by: User | None) -> ChangeSet:
    """As if it had never been planned, its cost too. Raises TrainingGone."""
    current = _locked(training)
    change_set = open_change_set(kind=KIND, label=current.title, by=by)
    record_deleted(change_set, list(current.hours.all()))
    record_deleted(change_set, [current])
    was = audit.diff({}, current, FIELDS)
    changes = {name: [value, None] for name, (_none, value) in was.items()}
    audit.record(
        by=by, action="training.delete", target=current, changes=changes, change_set=change_set
    )
    cost = current.cost
    current.delete()
    if cost:
        _drop_cost(cost, by, change_set)
    return change_set


def _locked(training: Training) -> Training:
    rows = Training.objects.select_for_update(of=("self",)).select_related("cost")
    current = rows.filter(pk=training.pk).first()
    if current is None:
        raise TrainingGone
    return current


# --- What pages read ------------------------------------------------------------------------


@dataclass(frozen=True)
class Trained:
    """A person who meets customers, and their hours of the twelve months behind."""

    user: User
    hours: Decimal

    @property
    def plural(self) -> int:
        """The number that words go by: half an hour more is more than one."""
        return 1 if self.hours == 1 else 2


def trained(today: date) -> Sequence[Trained]:
    """Everybody who meets customers, those without any training too."""
    held = TrainingHours.objects.filter(
        training__held_on__gt=today - YEAR, training__held_on__lte=today
    )
    hours = dict(held.order_by().values_list("user").annotate(Sum("hours")))
    return [Trained(user, hours.get(user.pk, Decimal(0))) for user in who_meets_customers()]


def initial_of(training: Training) -> dict[str, Any]:
    """What a form shows of it."""
    cost = training.cost
    return {
        "title": training.title,
        "about": training.about,
        "planned_on": training.planned_on,
        "held_on": training.held_on,
        "amount": cost.amount if cost else None,
    } | {f"hours_{row.user_id}": row.hours for row in training.hours.all()}
