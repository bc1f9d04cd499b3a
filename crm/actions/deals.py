"""Deals: begun, changed, moved from stage to stage, won, lost, opened again, deleted.

Whoever puts a deal into a stage locks that stage first and the deal second, so that a stage is
never archived under a deal, and places within a column are given one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from crm import money
from crm.actions.contracts import create_contract
from crm.actions.interactions import interactions_about, log_interaction
from crm.actions.orders import record_order
from crm.actions.pipelines import first_pipeline
from crm.actions.tasks import TitleMissing
from crm.actions.tenures import REASONS
from crm.models import Contact, Customer, Deal, Interaction, LossReason, Stage, StageChange, Task
from staff import audit
from staff.bulk import save_columns
from staff.changes import open_change_set, record_deleted, record_updated
from staff.formats import money as money_text
from staff.models import Business, ChangeSet, User
from staff.refusals import Refusal

FIELDS = ("title", "contact", "amount", "currency", "rate", "owner", "expected_on")
OUTCOME = ("state", "stage", "lost_reason", "lost_note", "order", "contract")
# Between two cards there is room for sixteen halvings before the column is numbered anew.
STEP = 1 << 16


class DealAmountBelowZero(Refusal):
    message = gettext_lazy("A deal's amount can't be below zero.")


class DealClosed(Refusal):
    message = gettext_lazy("This deal is closed. Open it again first.")


class DealOpen(Refusal):
    message = gettext_lazy("This deal is open.")


class DealChanged(Refusal):
    message = gettext_lazy(
        "Somebody has changed this deal in the meantime. See how it stands now, then go on."
    )


class DealGone(Refusal):
    message = gettext_lazy("This deal has been deleted meanwhile.")


class StageNotInUse(Refusal):
    message = gettext_lazy("This stage is no longer in use.")


class NotAReason(Refusal):
    message = gettext_lazy("Choose a reason from the list.")


class ContactElsewhere(Refusal):
    message = gettext_lazy("This contact belongs to somebody else.")


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
    stage = _locked(stage)
    now = timezone.now()
    deal = Deal(customer=customer, stage=stage, opened_at=now, moved_at=now)
    given: dict[str, Any] = {"title": title, "contact": contact, "amount": amount}
    given |= {"currency": currency, "rate": rate, "owner": owner, "expected_on": expected_on}
    _set(deal, given)
    deal.position = _top(stage)
    deal.save(force_insert=True)
    _changed(deal, None, by)
    _tell(deal, gettext_lazy("New deal: %(deal)s"), by)
    changes = audit.diff({}, deal, (*FIELDS, "stage"))
    audit.record(by=by, action="deal.create", target=deal, changes=changes)
    return deal


@transaction.atomic
def update_deal(*, deal: Deal, by: User | None, version: int | None = None, **values: Any) -> Deal:
    """Change what is given of FIELDS, as it was seen at `version`.

    Raises DealChanged and what `create_deal` does.
    """
    current = _current(deal, version)
    before = audit.values(current, FIELDS)
    _set(current, before | values)
    if changes := audit.diff(before, current, FIELDS):
        _save(current, changes)
        audit.record(by=by, action="deal.update", target=current, changes=changes)
    return current


@transaction.atomic
def move_deal(
    *,
    deal: Deal,
    stage: Stage,
    by: User | None,
    version: int | None = None,
    above: Deal | None = None,
    last: bool = False,
) -> Deal:
    """Into a column, on top unless right above another deal, or last.

    A place within the same column is nobody's change but the board's: it makes no new version.
    Raises DealChanged when the deal is no longer as it was at `version`, DealClosed or
    StageNotInUse.
    """
    stage = _locked(stage)
    current = _current(deal, version)
    if not current.is_open:
        raise DealClosed
    came_from = current.stage
    current.position = _place(stage, current, above=above, last=last)
    if came_from.pk == stage.pk:
        current.save(update_fields=["position"])
        return current
    current.stage, current.moved_at = stage, timezone.now()
    _save(current, ["position", "stage", "moved_at"])
    _changed(current, came_from, by)
    changes: audit.Changes = {"stage": [came_from.pk, stage.pk]}
    audit.record(by=by, action="deal.move", target=current, changes=changes)
    return current


@transaction.atomic
def shift_deal(*, deal: Deal, up: bool, by: User | None) -> Deal:
    """Change places with the deal above or below it in its column; at the end nothing happens."""
    current = Deal.objects.select_related("stage").filter(pk=deal.pk).first()
    if current is None:
        raise DealGone
    column = list(_column(current.stage).values_list("pk", flat=True))
    place = column.index(current.pk) if current.pk in column else None
    if place is None:
        raise DealClosed
    other = place - 1 if up else place + 2
    if other < 0 or other > len(column):
        return current
    above = Deal(pk=column[other]) if other < len(column) else None
    return move_deal(deal=current, stage=current.stage, above=above, last=above is None, by=by)


def can_close(deal: Deal) -> bool:
    return deal.is_open


@transaction.atomic
def win_deal(
    *,
    deal: Deal,
    by: User | None,
    version: int | None = None,
    order: Mapping[str, Any] | None = None,
    contract: Mapping[str, Any] | None = None,
) -> Deal:
    """They said yes; it becomes what is given: an order, a contract, both or neither.

    `order` is what `record_order` takes, `contract` what `create_contract` takes, in the deal's
    currency. Raises DealChanged, DealClosed and what those do.
    """
    current = _current(deal, version)
    if not current.is_open:
        raise DealClosed
    before = audit.values(current, OUTCOME)
    paid = {"currency": current.currency, "rate": current.rate}
    if order is not None:
        current.order = record_order(customer=current.customer, by=by, **paid, **order)
    if contract is not None:
        current.contract = create_contract(customer=current.customer, by=by, **paid, **contract)
    current.state, current.closed_at = Deal.State.WON, timezone.now()
    return _closed(current, before, "deal.win", gettext_lazy("Deal won: %(deal)s"), by)


@transaction.atomic
def lose_deal(
    *, deal: Deal, reason: str, by: User | None, note: str = "", version: int | None = None
) -> Deal:
    """They said no, and why. Raises NotAReason, DealChanged or DealClosed."""
    if reason not in REASONS:
        raise NotAReason
    current = _current(deal, version)
    if not current.is_open:
        raise DealClosed
    before = audit.values(current, OUTCOME)
    current.state, current.closed_at = Deal.State.LOST, timezone.now()
    current.lost_reason, current.lost_note = LossReason(reason), note.strip()
    words = gettext_lazy("Deal lost: %(deal)s · %(reason)s")
    return _closed(current, before, "deal.lose", words, by)


def can_open_again(deal: Deal) -> bool:
    return not deal.is_open


@transaction.atomic
def open_deal_again(*, deal: Deal, by: User | None) -> Deal:
    """Back on top of the stage that it had, or of its pipeline's first when that is archived.

    An order or a contract that winning made stays: it is a fact of its own. Raises DealOpen.
    """
    stage = _locked(_stage_again(deal, by))
    current = _current(deal, None)
    if current.is_open:
        raise DealOpen
    before = audit.values(current, OUTCOME)
    came_from = current.stage
    current.position = _top(stage)
    current.stage, current.state = stage, Deal.State.OPEN
    current.moved_at, current.closed_at = timezone.now(), None
    current.lost_reason = current.lost_note = ""
    _save(current, [*OUTCOME, "position", "moved_at", "closed_at"])
    _changed(current, came_from, by)
    _tell(current, gettext_lazy("Deal opened again: %(deal)s"), by)
    changes = audit.diff(before, current, OUTCOME)
    audit.record(by=by, action="deal.reopen", target=current, changes=changes)
    return current


@transaction.atomic
def delete_deal(*, deal: Deal, by: User | None) -> ChangeSet:
    """It never was one: off the board, out of the sums and off the timeline.

    What was still to be done about it goes with it; promises, what was done, and an order or a
    contract that winning made stay. Returns the change set that takes it back. Raises DealGone.
    """
    current = _current(deal, None)
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


def find_stages(ids: Collection[int], by: User | None) -> None:
    """Give those of these open deals a stage in use whose own went out of use while they were away."""
    away = Deal.objects.filter(pk__in=ids, state=Deal.State.OPEN)
    for deal in away.exclude(stage__archived_at=None, stage__pipeline__archived_at=None):
        move_deal(deal=deal, stage=_locked(_stage_again(deal, by)), by=by)


def _stage_again(deal: Deal, by: User | None) -> Stage | None:
    stage = Stage.objects.select_related("pipeline").get(pk=deal.stage_id)
    if stage.archived_at is None and stage.pipeline.archived_at is None:
        return stage
    pipeline = first_pipeline(by=by) if stage.pipeline.archived_at else stage.pipeline
    return pipeline.stages.filter(archived_at=None).first()


# --- What they share --------------------------------------------------------------------------


def _current(deal: Deal, version: int | None) -> Deal:
    """The row as it is, locked; DealChanged when it is no longer what somebody saw, or DealGone."""
    rows = Deal.objects.select_related("customer", "stage").select_for_update(of=("self",))
    current = rows.filter(pk=deal.pk).first()
    if current is None:
        raise DealGone
    if version is not None and current.version != version:
        raise DealChanged
    return current


def _save(deal: Deal, columns: Any) -> None:
    deal.version += 1
    deal.save(update_fields=[*columns, "version"])


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


def _closed(
    deal: Deal, before: dict[str, Any], action: str, words: object, by: User | None
) -> Deal:
    _save(deal, [*OUTCOME, "closed_at"])
    _changed(deal, deal.stage, by)
    _tell(deal, words, by, body=deal.lost_note)
    changes = audit.diff(before, deal, OUTCOME)
    audit.record(by=by, action=action, target=deal, changes=changes)
    return deal


def _changed(deal: Deal, before: Stage | None, by: User | None) -> None:
    at = deal.closed_at or deal.moved_at
    StageChange.objects.create(
        deal=deal, at=at, before=before, after=deal.stage, state=deal.state, by=by
    )


def _tell(deal: Deal, words: object, by: User | None, body: str = "") -> None:
    """On the timeline, in the business's own language."""
    log_interaction(
        customer=deal.customer,
        kind=Interaction.Kind.DEAL,
        by=by,
        summary=timeline_words(deal, words),
        body=body,
        contact=deal.contact,
        about=deal,
    )


def timeline_words(deal: Deal, words: object) -> str:
    """ "New deal: Five cargo bikes · €9,500.00"; `words` have %(deal)s, maybe %(reason)s."""
    business = Business.current()
    with translation.override(business.language if business else None):
        what = deal.title
        if deal.amount is not None:
            what = f"{what} · {money_text(deal.amount, deal.currency)}"
        reason = LossReason(deal.lost_reason).label if deal.lost_reason else ""
        return str(words) % {"deal": what, "reason": reason}


# --- Places within a column -------------------------------------------------------------------


def _locked(stage: Stage | None) -> Stage:
    rows = Stage.objects.select_related("pipeline").select_for_update(of=("self",))
    found = rows.filter(pk=stage.pk).first() if stage else None
    if found is None or found.archived_at or found.pipeline.archived_at:
        raise StageNotInUse
    return found


def _column(stage: Stage) -> QuerySet[Deal]:
    open_ones = Deal.objects.filter(stage=stage, state=Deal.State.OPEN)
    return open_ones.order_by("position", "pk")


def _top(stage: Stage) -> int:
    first: int | None = _column(stage).aggregate(first=Min("position"))["first"]
    return 0 if first is None else first - STEP


def _place(stage: Stage, deal: Deal, *, above: Deal | None, last: bool) -> int:
    others = _column(stage).exclude(pk=deal.pk)
    if last:
        end: int | None = others.aggregate(end=Max("position"))["end"]
        return 0 if end is None else end + STEP
    below = others.filter(pk=above.pk).first() if above else None
    if below is None:
        return _top(stage)
    place = _between(others, below)
    if place is None:
        _number_anew(others)
        below.refresh_from_db(fields=["position"])
        place = below.position - STEP // 2
    return place


def _between(column: QuerySet[Deal], below: Deal) -> int | None:
    """A place above `below` and under the one before it; None where there is no room."""
    before = column.filter(position__lt=below.position).order_by("-position", "-pk").first()
    is_shared = column.filter(position=below.position, pk__lt=below.pk).exists()
    if is_shared or (before and below.position - before.position < 2):
        return None
    if before is None:
        return below.position - STEP
    return (below.position + before.position) // 2


def _number_anew(column: QuerySet[Deal]) -> None:
    rows = list(column.only("pk", "position"))
    for number, row in enumerate(rows, 1):
        row.position = number * STEP
    save_columns(rows, ["position"])
