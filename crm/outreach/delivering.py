"""From an outreach to rows, from rows to mails in the outbox, and from there to what came of them.

Whoever is killed anywhere leaves whole batches: a batch is one transaction, a customer's message of
an occasion is one row by constraint, and its mail one by its key.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from crm import segments
from crm.actions.interactions import SUMMARY_LENGTH, log_interactions_bulk
from crm.models import Interaction, Order, Outreach, OutreachMessage, Segment
from crm.outreach import moments
from crm.outreach.audience import BATCH, Deciding, Decision, Person, later
from crm.outreach.rendering import Renderer
from mail.actions import queue_emails
from mail.drafts import Draft
from staff.bulk import save_columns
from staff.models import Business

State = OutreachMessage.State
Moment = Outreach.Moment
ONCE = "once"
# Mails made in one transaction.
MAILS = 200
# How long an answer or a purchase is put down to a message.
FOLLOWED = timedelta(days=30)
# What says that they wrote, called or came; a purchase is counted apart.
ANSWERS = (
    Interaction.Kind.CALL,
    Interaction.Kind.VISIT,
    Interaction.Kind.MEETING,
    Interaction.Kind.EMAIL,
    Interaction.Kind.CHAT,
    Interaction.Kind.TICKET,
    Interaction.Kind.REFERRAL,
    Interaction.Kind.SURVEY_RESPONSE,
)


def at_work() -> list[int]:
    """The outreaches that have, or may have, something to do."""
    due = Q(state=Outreach.State.SENDING) | Q(state=Outreach.State.ACTIVE)
    return list(Outreach.objects.filter(due).order_by("pk").values_list("pk", flat=True))


def slice_of(outreach_id: int, *, seconds: float) -> bool:
    """Do a stretch of what it waits for, one batch at least; whether there is more to do at once."""
    business = Business.current()
    if business is None:
        return False
    end = time.monotonic() + seconds
    with timezone.override(business.zone):
        while freeze_batch(outreach_id, business) or queue_batch(outreach_id, business):
            if time.monotonic() >= end:
                return True
    return False


# --- Whom it meets ------------------------------------------------------------------------


@transaction.atomic
def freeze_batch(outreach_id: int, business: Business) -> bool:
    """Make rows of the next customers; False when everybody who is to have one has it."""
    outreach = _locked(outreach_id)
    if outreach.state == Outreach.State.SENDING and not outreach.audience.get("is_frozen"):
        _freeze_once(outreach, business)
        return True
    if outreach.state == Outreach.State.ACTIVE:
        return _freeze_moments(outreach, business)
    return False


def _locked(outreach_id: int) -> Outreach:
    """Cancelling waits for a batch, or the batch sees that it was cancelled."""
    return (
        Outreach.objects.select_for_update(of=("self",))
        .select_related("segment")
        .get(pk=outreach_id)
    )


def _freeze_once(outreach: Outreach, business: Business) -> None:
    frozen = outreach.audience
    asked = Segment(query=frozen["query"]) if frozen["query"] is not None else None
    everybody = segments.customers_of(asked).filter(
        pk__gt=frozen["cursor"], pk__lte=frozen["up_to"]
    )
    batch = list(everybody.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if batch:
        deciding = Deciding(outreach, business, later(outreach, timezone.now()))
        _write(outreach, [(one, ONCE) for one in deciding.about(batch)])
        frozen["cursor"] = batch[-1]
    frozen["is_frozen"] = len(batch) < BATCH
    outreach.save(update_fields=["audience"])


def _freeze_moments(outreach: Outreach, business: Business) -> bool:
    """The rows of the days that were not looked at yet, until today; a day is one transaction.

    New customers are looked for all day long, everything else once a day.
    """
    now = timezone.localtime()
    if now.hour not in moments.HOURS:
        return False
    looked_on = outreach.audience.get("looked_on", "")
    days = [now.date() - moments.CATCH_UP + timedelta(days=n) for n in range(3)]
    for day in days:
        is_welcome = outreach.moment == Moment.WELCOME
        if day.isoformat() <= looked_on and not is_welcome:
            continue
        found = moments.of_day(outreach, day, since(outreach))
        made = _freeze_occasions(outreach, business, found)
        if day.isoformat() > looked_on:
            outreach.audience["looked_on"] = day.isoformat()
            outreach.save(update_fields=["audience"])
            return True
        if made:
            return True
    return False


def since(outreach: Outreach) -> datetime:
    """When it was last switched on."""
    known = parse_datetime(outreach.audience.get("since", ""))
    return known or outreach.started_at or outreach.created_at


def _freeze_occasions(
    outreach: Outreach, business: Business, found: Iterable[tuple[int, str]]
) -> int:
    """Decide about those whose occasion has no row yet; how many rows there are more."""
    found, made = iter(found), 0
    deciding = Deciding(outreach, business, timezone.now())
    while batch := list(islice(found, BATCH)):
        known = set(
            outreach.messages.filter(
                customer__in={pk for pk, _occasion in batch}, occasion__in={o for _pk, o in batch}
            ).values_list("customer", "occasion")
        )
        new = [one for one in batch if one not in known]
        decisions = {one.customer_id: one for one in deciding.about([pk for pk, _o in new])}
        rows = [(decisions[pk], occasion) for pk, occasion in new if pk in decisions]
        _write(outreach, rows)
        made += len(rows)
    return made


def _write(outreach: Outreach, rows: Sequence[tuple[Decision, str]]) -> None:
    OutreachMessage.objects.bulk_create(
        [
            OutreachMessage(
                outreach=outreach,
                customer_id=one.customer_id,
                contact_id=one.person.contact_id if one.person else None,
                occasion=occasion,
                state=State.SKIPPED if one.reason else State.PENDING,
                reason=one.reason,
                language=one.language,
            )
            for one, occasion in rows
        ],
        ignore_conflicts=True,
    )


# --- Into the outbox ----------------------------------------------------------------------


@transaction.atomic
def queue_batch(outreach_id: int, business: Business) -> bool:
    """Put the next mails into the outbox; False when there are none to put there now.

    Everyone is looked at once more: whoever took their consent back since is left out, with the
    reason. A message has its mail and its line on the timeline, or it is still waiting.
    """
    outreach = _locked(outreach_id)
    now = timezone.now()
    if outreach.state not in (Outreach.State.SENDING, Outreach.State.ACTIVE) or (
        outreach.due_at and outreach.due_at > now
    ):
        return False
    waiting = _claimed(outreach)
    if not waiting:
        _finish(outreach)
        return False
    to_write = _decide_again(waiting, Deciding(outreach, business, now))
    renderer = Renderer(business, outreach, makes_links=True)
    occasions = {message.customer_id: message.occasion for message, *_rest in to_write}
    bodies = renderer.bodies([one for _message, one, _person in to_write], occasions)
    drafts = [
        renderer.draft(message, person, bodies[message.customer_id])
        for message, _one, person in to_write
    ]
    _queue(outreach, [message for message, *_rest in to_write], drafts, now)
    columns = ["state", "reason", "contact", "language", "outgoing", "queued_at"]
    save_columns(waiting, columns)
    return True


def _decide_again(
    waiting: Sequence[OutreachMessage], deciding: Deciding
) -> list[tuple[OutreachMessage, Decision, Person]]:
    """Those who are still to be written to, each contact once; the others get their reason."""
    decisions = deciding.about([message.customer_id for message in waiting])
    by_customer = {one.customer_id: one for one in decisions}
    to_write: list[tuple[OutreachMessage, Decision, Person]] = []
    written: set[int] = set()
    for message in waiting:
        decision = by_customer[message.customer_id]
        person = decision.person
        message.contact_id = person.contact_id if person else None
        message.language = decision.language
        if decision.reason or person is None:
            message.state, message.reason = State.SKIPPED, decision.reason
        elif person.contact_id in written:
            message.state, message.reason = State.SKIPPED, OutreachMessage.Reason.TOO_SOON
        else:
            written.add(person.contact_id)
            to_write.append((message, decision, person))
    return to_write


def _claimed(outreach: Outreach) -> list[OutreachMessage]:
    waiting = OutreachMessage.objects.filter(outreach=outreach, state=State.PENDING)
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    return list(waiting.order_by("pk")[:MAILS])


def _queue(
    outreach: Outreach, messages: Sequence[OutreachMessage], drafts: Sequence[Draft], now: datetime
) -> None:
    for message, outgoing in zip(messages, queue_emails(drafts), strict=True):
        message.state = State.QUEUED
        message.outgoing = outgoing
        message.queued_at = now
    log_interactions_bulk(
        Interaction(
            customer_id=message.customer_id,
            contact_id=message.contact_id,
            kind=Interaction.Kind.OUTREACH,
            direction=Interaction.Direction.OUT,
            channel="email",
            occurred_at=now,
            summary=draft.subject[:SUMMARY_LENGTH],
            by_id=outreach.audience.get("by"),
            about_model="crm.outreachmessage",
            about_id=message.pk,
        )
        for message, draft in zip(messages, drafts, strict=True)
    )


def _finish(outreach: Outreach) -> None:
    if outreach.state == Outreach.State.SENDING and outreach.audience.get("is_frozen"):
        outreach.state = Outreach.State.SENT
        outreach.save(update_fields=["state"])


# --- What came of it ----------------------------------------------------------------------


def follow() -> int:
    """Note who wrote and who bought within FOLLOWED of a message; how many messages changed."""
    since = timezone.now() - FOLLOWED - timedelta(days=1)
    young = OutreachMessage.objects.filter(state=State.QUEUED, queued_at__gt=since)
    wrote = young.filter(answered_at=None, customer__last_inbound_at__gt=F("queued_at"))
    bought = young.filter(came_back_at=None, customer__last_order_at__gt=F("queued_at"))
    answers = Interaction.objects.filter(
        direction=Interaction.Direction.IN, kind__in=ANSWERS, occurred_at__gt=since
    )
    orders = Order.objects.filter(total__gt=0, ordered_at__gt=since)
    return _note(wrote, answers, "occurred_at", "answered_at") + _note(
        bought, orders, "ordered_at", "came_back_at"
    )


def _note(messages: object, facts: object, when: str, column: str) -> int:
    """Write into `column` the first of the customer's `facts` after each message."""
    changed, after = 0, 0
    while batch := list(messages.filter(pk__gt=after).order_by("pk")[:BATCH]):  # type: ignore[attr-defined]
        after = batch[-1].pk
        moments_of: dict[int, list[datetime]] = {}
        rows = facts.filter(customer__in={one.customer_id for one in batch})  # type: ignore[attr-defined]
        for customer, at in rows.order_by(when).values_list("customer", when):
            moments_of.setdefault(customer, []).append(at)
        found = []
        for one in batch:
            until = one.queued_at + FOLLOWED
            mine = moments_of.get(one.customer_id, [])
            first = next((at for at in mine if one.queued_at < at <= until), None)
            if first is not None:
                setattr(one, column, first)
                found.append(one)
        save_columns(found, [column])
        changed += len(found)
    return changed
