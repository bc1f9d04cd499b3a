"""Contracts: begun, changed, renewed, cancelled; tenures follow."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from crm import money, tenures
from crm.actions.interactions import interactions_about, log_interaction
from crm.models import Contract, Customer, Interaction
from crm.projections import rebuild_contact_dates
from staff import audit
from staff.formats import date_short
from staff.models import Business, User
from staff.refusals import Refusal

FIELDS = (
    "starts_on",
    "ends_on",
    "cancelled_on",
    "reason",
    "amount",
    "interval",
    "currency",
    "rate",
)


class EndsBeforeStart(Refusal):
    message = _("A contract ends after the day on which it starts.")


class AmountBelowZero(Refusal):
    message = _("A contract's amount can't be below zero.")


class AlreadyCancelled(Refusal):
    message = _("This contract is cancelled already.")


class AlreadyEnded(Refusal):
    message = _("This contract has ended by then.")


class AlreadyRenewed(Refusal):
    message = _("This contract is renewed already.")


class NotCancelled(Refusal):
    message = _("This contract is not cancelled.")


class RenewsTooEarly(Refusal):
    message = _("What renews a contract starts after it.")


@transaction.atomic
def create_contract(
    *,
    customer: Customer,
    starts_on: date,
    amount: Decimal,
    by: User | None,
    ends_on: date | None = None,
    interval: str = Contract.Interval.MONTH,
    currency: str | None = None,
    rate: Decimal | None = None,
    renews: Contract | None = None,
) -> Contract:
    """Begin a contract that runs over [starts_on, ends_on), open without an end.

    Raises EndsBeforeStart, AmountBelowZero, AlreadyRenewed and what crm.money refuses.
    """
    contract = Contract(customer=customer, interval=interval)
    given = {"starts_on": starts_on, "ends_on": ends_on, "amount": amount}
    _set(contract, given | {"currency": currency, "rate": rate})
    contract.save(force_insert=True)
    if renews is not None:
        renewable = Contract.objects.filter(pk=renews.pk, customer=customer, renewed_by=None)
        if not renewable.update(renewed_by=contract):
            raise AlreadyRenewed
    _log(contract, by, occurred_at=timezone.now())
    _follow(customer)
    changes = audit.diff({}, contract, FIELDS)
    audit.record(by=by, action="contract.create", target=contract, changes=changes)
    return contract


@transaction.atomic
def update_contract(*, contract: Contract, by: User | None, **values: Any) -> Contract:
    """Put right what is given of FIELDS. Raises what `create_contract` does."""
    current = Contract.objects.select_for_update().get(pk=contract.pk)
    before = audit.values(current, FIELDS)
    _set(current, before | values)
    changes = audit.diff(before, current, FIELDS)
    if changes:
        current.save(update_fields=list(changes))
        _follow(current.customer)
        audit.record(by=by, action="contract.update", target=current, changes=changes)
    return current


def can_cancel(contract: Contract) -> bool:
    """Whether it is neither cancelled nor over."""
    today = timezone.localdate()
    return contract.cancelled_on is None and (contract.ends_on is None or contract.ends_on > today)


@transaction.atomic
def cancel_contract(
    *, contract: Contract, by: User | None, cancelled_on: date | None = None, reason: str = ""
) -> Contract:
    """It runs no longer from `cancelled_on` (today) on; `reason` is a LossReason or one's own words.

    Raises AlreadyCancelled or AlreadyEnded.
    """
    cancelled_on = cancelled_on or timezone.localdate()
    current = Contract.objects.select_for_update().get(pk=contract.pk)
    if current.cancelled_on is not None:
        raise AlreadyCancelled
    if current.ends_on is not None and current.ends_on <= cancelled_on:
        raise AlreadyEnded
    before = audit.values(current, FIELDS)
    current.cancelled_on, current.reason = cancelled_on, reason.strip()[:250]
    current.save(update_fields=["cancelled_on", "reason"])
    told = cancellation_words(current)
    _log(current, by, occurred_at=timezone.now(), summary=told, body=current.reason_label)
    _follow(current.customer)
    changes = audit.diff(before, current, FIELDS)
    audit.record(by=by, action="contract.cancel", target=current, changes=changes)
    return current


@transaction.atomic
def uncancel_contract(*, contract: Contract, by: User | None) -> Contract:
    """They stay after all: it runs to its end, if it has one, and the timeline tells nothing of it.

    Raises NotCancelled.
    """
    current = Contract.objects.filter(pk=contract.pk, cancelled_on__isnull=False).first()
    if current is None:
        raise NotCancelled
    told = interactions_about(Contract, [contract.pk]).filter(summary=cancellation_words(current))
    told.delete()
    rebuild_contact_dates([current.customer_id])
    return update_contract(contract=contract, by=by, cancelled_on=None, reason="")


def can_renew(contract: Contract) -> bool:
    return contract.renewed_by_id is None and contract.cancelled_on is None


@transaction.atomic
def renew_contract(
    *,
    contract: Contract,
    by: User | None,
    starts_on: date,
    amount: Decimal,
    ends_on: date | None = None,
    interval: str = Contract.Interval.MONTH,
) -> Contract:
    """A contract that takes this one's place from `starts_on` on, in its currency.

    One without an end, or with a later one, ends on that day. Raises AlreadyRenewed,
    AlreadyCancelled, RenewsTooEarly and what `create_contract` does.
    """
    old = Contract.objects.select_for_update(of=("self",)).get(pk=contract.pk)
    if old.renewed_by_id is not None:
        raise AlreadyRenewed
    if old.cancelled_on is not None:
        raise AlreadyCancelled
    if starts_on <= old.starts_on:
        raise RenewsTooEarly
    if old.ends_on is None or old.ends_on > starts_on:
        update_contract(contract=old, by=by, ends_on=starts_on)
    return create_contract(
        customer=old.customer,
        starts_on=starts_on,
        ends_on=ends_on,
        amount=amount,
        interval=interval,
        currency=old.currency,
        rate=old.rate,
        renews=old,
        by=by,
    )


def _set(contract: Contract, values: dict[str, Any]) -> None:
    currency, rate = money.exchange(values["currency"], values["rate"])
    for name, value in values.items():
        setattr(contract, name, value)
    contract.currency, contract.rate = currency, rate
    contract.amount = money.kept(values["amount"], rate)
    if contract.amount < 0:
        raise AmountBelowZero
    if contract.ends_on is not None and contract.ends_on <= contract.starts_on:
        raise EndsBeforeStart


def _log(
    contract: Contract, by: User | None, *, occurred_at: Any, summary: str = "", body: str = ""
) -> None:
    log_interaction(
        customer=contract.customer,
        kind=Interaction.Kind.CONTRACT,
        by=by,
        summary=summary or contract_summary(contract),
        body=body,
        direction=Interaction.Direction.IN,
        occurred_at=occurred_at,
        about=contract,
    )


def contract_summary(contract: Contract) -> str:
    """ "50.00 BRL / month · 2026-01-01 – 2027-01-01": figures only, so it needs no language."""
    end = contract.cancelled_on or contract.ends_on
    return f"{contract} · {contract.starts_on} – {end or '…'}"


def cancellation_words(contract: Contract) -> str:
    """What the timeline says of a cancelled contract, in the business's own language."""
    business = Business.current()
    with translation.override(business.language if business else None):
        return str(_("Contract cancelled from %(day)s on")) % {
            "day": date_short(contract.cancelled_on)
        }


def _follow(customer: Customer) -> None:
    tenures.rebuild([customer.pk])
    customer.refresh_from_db(fields=["stage"])
