"""Losing customers and what makes one: losses, and spans by hand."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from crm import tenures
from crm.actions.interactions import log_interaction
from crm.models import Customer, Interaction, Loss, LossReason, TenureSpan
from staff import audit
from staff.models import Business, User
from staff.refusals import Refusal


class NotACustomer(Refusal):
    message = _("Only a customer can be lost; this one is not, at that time.")


class LostInFuture(Refusal):
    message = _("A loss can't lie in the future. A contract's end is cancelled there.")


class SilenceNeedsNoHand(Refusal):
    message = _("Nobody enters silence by hand: it follows from the last purchase.")


class LossGone(Refusal):
    message = _("This has been taken back already.")


class SpanNotForward(Refusal):
    message = _("The end must be after the start.")


# What a person may choose; the others follow from rules.
REASONS = [
    reason for reason in LossReason if reason not in (LossReason.SILENCE, LossReason.CONTRACT_ENDED)
]


def can_lose(customer: Customer) -> bool:
    return customer.stage == Customer.Stage.CUSTOMER


@transaction.atomic
def lose_customer(
    *,
    customer: Customer,
    reason: str,
    by: User | None,
    note: str = "",
    lost_at: datetime | None = None,
) -> Loss:
    """We know that they left, at `lost_at` (now), and why. A later purchase brings them back.

    Raises NotACustomer when no tenure ran at that time, LostInFuture or SilenceNeedsNoHand.
    """
    now = timezone.now()
    lost_at = lost_at or now
    if lost_at > now:
        raise LostInFuture
    if reason not in REASONS:
        raise SilenceNeedsNoHand
    # The lock makes a loss and a purchase at the same moment take turns.
    Customer.objects.select_for_update().get(pk=customer.pk)
    running = customer.tenures.filter(started_at__lt=lost_at)
    if not running.exclude(ended_at__lt=lost_at).exists():
        raise NotACustomer
    loss = Loss.objects.create(
        customer=customer, lost_at=lost_at, reason=reason, note=note.strip(), by=by
    )
    log_interaction(
        customer=customer,
        kind=Interaction.Kind.LOST,
        by=by,
        summary=_in_business_language(LossReason(reason)),
        body=note,
        occurred_at=lost_at,
        about=loss,
    )
    _follow(customer)
    changes = audit.diff({}, loss, ["lost_at", "reason", "note"])
    audit.record(by=by, action="customer.lose", target=customer, changes=changes)
    return loss


def _in_business_language(reason: LossReason) -> str:
    business = Business.current()
    with translation.override(business.language if business else None):
        return str(reason.label)


@transaction.atomic
def undo_loss(*, loss: Loss, by: User | None) -> Customer:
    """They had not left: the tenure runs as if never cut. Raises LossGone."""
    customer = Customer.objects.select_for_update().get(pk=loss.customer_id)
    was = audit.diff({}, loss, ["lost_at", "reason", "note"])
    about = Interaction.objects.filter(about_model="crm.loss", about_id=loss.pk)
    deleted, _rows = Loss.objects.filter(pk=loss.pk).delete()
    if not deleted:
        raise LossGone
    about.delete()
    _follow(customer)
    changes = {name: [value, None] for name, (_none, value) in was.items()}
    audit.record(by=by, action="customer.undo_loss", target=customer, changes=changes)
    return customer


@transaction.atomic
def add_span(
    *,
    customer: Customer,
    started_at: datetime,
    by: User | None,
    ended_at: datetime | None = None,
    end_reason: str = "",
    note: str = "",
) -> TenureSpan:
    """A customer over this span, by hand. Raises SpanNotForward."""
    if ended_at is not None and ended_at <= started_at:
        raise SpanNotForward
    span = TenureSpan.objects.create(
        customer=customer,
        started_at=started_at,
        ended_at=ended_at,
        end_reason=end_reason if ended_at else "",
        note=note.strip(),
    )
    _follow(customer)
    changes = audit.diff({}, span, ["started_at", "ended_at", "end_reason", "note"])
    audit.record(by=by, action="customer.add_span", target=customer, changes=changes)
    return span


@transaction.atomic
def delete_span(*, span: TenureSpan, by: User | None) -> Customer:
    """It was entered by mistake; twice does no harm."""
    customer = Customer.objects.select_for_update().get(pk=span.customer_id)
    was = audit.diff({}, span, ["started_at", "ended_at", "end_reason", "note"])
    if TenureSpan.objects.filter(pk=span.pk).delete()[0]:
        _follow(customer)
        changes = {name: [value, None] for name, (_none, value) in was.items()}
        audit.record(by=by, action="customer.delete_span", target=customer, changes=changes)
    return customer


def _follow(customer: Customer) -> None:
    tenures.rebuild([customer.pk])
    customer.refresh_from_db(fields=["stage"])
