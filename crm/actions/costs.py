"""The costs ledger: recorded, corrected, deleted."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm import money
from crm.models import Cost
from staff import audit
from staff.changes import open_change_set, record_deleted
from staff.models import ChangeSet, User
from staff.refusals import Refusal

FIELDS = (
    "purpose",
    "category",
    "amount",
    "currency",
    "rate",
    "on",
    "until",
    "customer",
    "source",
    "note",
)
_BLANK: dict[str, Any] = {
    "category": "other",
    "currency": None,
    "rate": None,
    "until": None,
    "customer": None,
    "source": "",
    "note": "",
}


class UntilBeforeOn(Refusal):
    message = _("A cost that is spread over days ends after the day on which it starts.")


class CostGone(Refusal):
    message = _("This cost has been deleted meanwhile.")


@transaction.atomic
def record_cost(*, by: User | None, **values: Any) -> Cost:
    """Record money spent: `purpose`, `amount` and `on`, and what else of FIELDS is known.

    A negative amount is a credit. Raises UntilBeforeOn and what crm.money refuses.
    """
    cost = Cost()
    _set(cost, _BLANK | values)
    cost.save(force_insert=True)
    changes = audit.diff({}, cost, FIELDS)
    audit.record(by=by, action="cost.create", target=cost, changes=changes)
    return cost


@transaction.atomic
def correct_cost(*, cost: Cost, by: User | None, **values: Any) -> Cost:
    """Put right what is given of FIELDS. Raises CostGone, UntilBeforeOn and what crm.money refuses."""
    current = Cost.objects.select_for_update(of=("self",)).filter(pk=cost.pk).first()
    if current is None:
        raise CostGone
    before = {name: getattr(current, name) for name in FIELDS}
    _set(current, before | values)
    changes = audit.diff(before, current, FIELDS)
    if changes:
        current.save(update_fields=list(changes))
        audit.record(by=by, action="cost.correct", target=current, changes=changes)
    return current


@transaction.atomic
def delete_cost(*, cost: Cost, by: User | None) -> ChangeSet:
    """It was never spent. Raises CostGone. Returns the change set that takes it back."""
    current = Cost.objects.select_for_update(of=("self",)).filter(pk=cost.pk).first()
    if current is None:
        raise CostGone
    was = audit.diff({}, current, FIELDS)
    changes = {name: [value, None] for name, (_none, value) in was.items()}
    change_set = open_change_set(kind="crm.cost_delete", label=str(current), by=by)
    record_deleted(change_set, [current])
    audit.record(
        by=by, action="cost.delete", target=current, changes=changes, change_set=change_set
    )
    current.delete()
    return change_set


def _set(cost: Cost, values: dict[str, Any]) -> None:
    unknown = values.keys() - set(FIELDS)
    if unknown:
        raise TypeError(f"{unknown} are no fields of a cost")
    for name, value in values.items():
        setattr(cost, name, value)
    cost.currency, cost.rate = money.exchange(values["currency"], values["rate"])
    cost.amount = money.kept(values["amount"], cost.rate)
    if cost.until is not None and cost.until <= cost.on:
        raise UntilBeforeOn
