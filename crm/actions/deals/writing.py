"""Deals begun, changed and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from crm import money
from crm.actions.deals.places import in_use, top_of
from crm.actions.deals.refusals import ContactElsewhere, DealAmountBelowZero
from crm.actions.deals.rows import as_it_is, note_change, save_anew, tell
from crm.actions.interactions import interactions_about
from crm.actions.pipelines import first_pipeline
from crm.actions.tasks import TitleMissing
from crm.models import Contact, Customer, Deal, Stage, StageChange, Task
from staff import audit
from staff.changes import open_change_set, record_deleted, record_updated
from staff.models import ChangeSet, User

FIELDS = ("title", "contact", "amount", "currency", "rate", "owner", "expected_on")


@transaction.atomic
def create_deal(
    *,
    customer: Customer,
    title: str,
    by: User | None,
    stage: Stage | None = None,
    contact: Contact | None = None,
    amount: Decimal | None = None,
    currency: str | None = None,
    rate: Decimal | None = None,
    owner: User | None = None,
    expected_on: date | None = None,
) -> Deal:
    """Begin a deal on top of its column: without a stage, of the first stage there is.

    Raises TitleMissing, DealAmountBelowZero, StageNotInUse, ContactElsewhere and what crm.money
    refuses.
    """
    if stage is None:
        stage = first_pipeline(by=by).stages.filter(archived_at=None).first()
    stage = in_use(stage)
    now = timezone.now()
    deal = Deal(customer=customer, stage=stage, opened_at=now, moved_at=now)
    given: dict[str, Any] = {"title": title, "contact": contact, "amount": amount}
    given |= {"currency": currency, "rate": rate, "owner": owner, "expected_on": expected_on}
    _set(deal, given)
    deal.position = top_of(stage)
    deal.save(force_insert=True)
    note_change(deal, None, by)
    tell(deal, gettext_lazy("New deal: %(deal)s"), by)
    changes = audit.diff({}, deal, (*FIELDS, "stage"))
    audit.record(by=by, action="deal.create", target=deal, changes=changes)
    return deal


@transaction.atomic
def update_deal(*, deal: Deal, by: User | None, version: int | None = None, **values: Any) -> Deal:
    """Change what is given of FIELDS, as it was seen at `version`.

    Raises DealChanged and what `create_deal` does.
    """
    current = as_it_is(deal, version)
    before = audit.values(current, FIELDS)
    _set(current, before | values)
    if changes := audit.diff(before, current, FIELDS):
        save_anew(current, changes)
        audit.record(by=by, action="deal.update", target=current, changes=changes)
    return current


@transaction.atomic
def delete_deal(*, deal: Deal, by: User | None) -> ChangeSet:
    """It never was one: off the board, out of the sums and off the timeline.

    What was still to be done about it goes with it; promises, what was done, and an order or a
    contract that winning made stay. Returns the change set that takes it back. Raises DealGone.
    """
    current = as_it_is(deal, None)
    told = interactions_about(Deal, [current.pk])
    history = StageChange.objects.filter(deal=current)
    tasks = Task.objects.filter(about_model=Deal._meta.label_lower, about_id=current.pk)
    undone = tasks.filter(done_at=None, is_promise=False)
    change_set = open_change_set(kind="crm.deal_delete", label=current.title, by=by)
    record_deleted(change_set, [*told, *history.order_by("pk"), *undone, current])
    changes = {
        name: [before, None] for name, (_none, before) in audit.diff({}, current, FIELDS).items()
    }
    changes["customer"] = [current.customer_id, None]
    audit.record(
        by=by, action="deal.delete", target=current, changes=changes, change_set=change_set
    )
    told.delete()
    undone.delete()
    _part(change_set, tasks)
    current.delete()
    return change_set


def _part(change_set: ChangeSet, tasks: QuerySet[Task]) -> None:
    """They go on, about nothing that has a page."""
    was = [(task.pk, task.about_id) for task in tasks]
    about, nothing = Deal._meta.label_lower, {"about_model": "", "about_id": None}
    record_updated(
        change_set,
        Task,
        ((pk, {"about_model": about, "about_id": deal}, nothing) for pk, deal in was),
    )
    tasks.update(**nothing)


def _set(deal: Deal, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(deal, name, value)
    deal.title = " ".join(deal.title.split())[:200]
    if not deal.title:
        raise TitleMissing
    deal.currency, deal.rate = money.exchange(values["currency"], values["rate"])
    if deal.amount is not None:
        deal.amount = money.kept(deal.amount, deal.rate)
        if deal.amount < 0:
            raise DealAmountBelowZero
    contact = deal.contact
    if contact and not contact.affiliations.filter(customer=deal.customer_id).exists():
        raise ContactElsewhere
