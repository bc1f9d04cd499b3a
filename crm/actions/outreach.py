"""Outreach: drafted, tried, sent once or switched on for a moment, paused, called off, put away."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm import segments
from crm.models import Customer, CustomField, Outreach, OutreachMessage, Segment
from crm.outreach import tasks
from crm.outreach.audience import Decision
from crm.outreach.merging import unknown
from crm.outreach.rendering import Renderer
from mail.actions import cancel_about, queue_email
from mail.drafts import Draft
from mail.models import OutgoingEmail
from staff import audit
from staff.access import Role
from staff.models import Business, User
from staff.refusals import Refusal

State = Outreach.State
Moment = Outreach.Moment
FIELDS = ("name", "purpose", "moment", "days", "segment_id", "texts", "due_at")
COUNTING_DAYS = (Moment.PURCHASE, Moment.CONTRACT_END, Moment.QUIET)


class ChangedSince(Refusal):
    message = _(
        "This message or its segment has changed since you looked. Look again before you send it."
    )


class NotADraft(Refusal):
    message = _("This has begun already, so it can't be changed any more.")


class StillRunning(Refusal):
    message = _("Pause it before changing it.")


class DaysMissing(Refusal):
    message = _("Say how many days.")


class ChangeHasNoMoment(Refusal):
    message = _("A change is told to all whom it concerns at once.")


class WordsMissing(Refusal):
    """A subject and a text in the business's main language, at the least."""

    message = _("Write a subject and a text in your main language.")


class UnknownGaps(Refusal):
    def __init__(self, names: list[str]) -> None:
        shown = ", ".join(f"{{{name}}}" for name in names)
        super().__init__(gettext("There is no such field: %(names)s") % {"names": shown})


class SendingIsForManagers(Refusal):
    message = _("Sending to many is for managers. Ask one of them to look at it.")


class NotWaiting(Refusal):
    message = _("This is not waiting to be sent any more.")


class NotOn(Refusal):
    message = _("This is not switched on.")


class AtWork(Refusal):
    message = _("It is still being sent. Wait until it is through, or call it off.")


def can_edit(outreach: Outreach, user: User) -> bool:
    """Drafts are everybody's who writes; what sends itself rests while it is changed."""
    if outreach.archived_at:
        return False
    if outreach.state == State.PAUSED:
        return can_send(user)
    return user.has_role(Role.AGENT) and outreach.state == State.DRAFT


def can_send(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def can_cancel(outreach: Outreach) -> bool:
    return outreach.state == State.SENDING


@transaction.atomic
def save_outreach(
    *,
    by: User,
    name: str,
    texts: Mapping[str, Mapping[str, str]],
    outreach: Outreach | None = None,
    purpose: str = Outreach.Purpose.NEWS,
    moment: str = Moment.ONCE,
    days: int | None = None,
    segment: Segment | None = None,
    due_at: datetime | None = None,
    holds_from: date | None = None,
) -> Outreach:
    """A new draft, or a draft (or what is paused) with other words or another audience.

    Raises NotADraft, StillRunning, DaysMissing, ChangeHasNoMoment, WordsMissing or UnknownGaps.
    """
    saved = _locked(outreach) if outreach else Outreach(created_by=by)
    if outreach:
        _refuse_begun(saved)
    before = audit.values(saved, FIELDS) if outreach else {}
    is_paused = saved.state == State.PAUSED
    saved.name = " ".join(name.split())[:120]
    saved.purpose = purpose
    saved.moment = saved.moment if is_paused else moment
    saved.days = days if saved.moment in COUNTING_DAYS else None
    saved.segment = segment
    saved.due_at = due_at if saved.moment == Moment.ONCE else None
    saved.texts = _texts(texts, holds_from if purpose == Outreach.Purpose.CHANGE else None)
    _refuse_unusable(saved)
    changes = audit.diff(before, saved, FIELDS)
    if not changes:
        return saved
    saved.save()
    verb = "update" if outreach else "create"
    audit.record(by=by, action=f"outreach.{verb}", target=saved, changes=changes)
    return saved


def _texts(given: Mapping[str, Mapping[str, str]], day: date | None) -> dict[str, Any]:
    """Languages with a subject and a text; a language with neither has no words."""
    kept: dict[str, Any] = {}
    for code, words in given.items():
        subject = " ".join(words.get("subject", "").split())
        body = words.get("body", "").replace("\r\n", "\n").strip()
        if subject or body:
            kept[code] = {"subject": subject, "body": body}
    if day:
        kept["from"] = day.isoformat()
    return kept


def _refuse_begun(outreach: Outreach) -> None:
    if outreach.state == State.ACTIVE:
        raise StillRunning
    if outreach.state not in (State.DRAFT, State.PAUSED):
        raise NotADraft


def _refuse_unusable(outreach: Outreach) -> None:
    if outreach.purpose == Outreach.Purpose.CHANGE and outreach.moment != Moment.ONCE:
        raise ChangeHasNoMoment
    if outreach.moment in COUNTING_DAYS and not outreach.days:
        raise DaysMissing
    business = Business.objects.get(pk=1)
    words = {code: one for code, one in outreach.texts.items() if code != "from"}
    whole = all(one["subject"] and one["body"] for one in words.values())
    if not whole or business.language not in words:
        raise WordsMissing
    custom = list(CustomField.objects.values_list("key", flat=True))
    found = [
        name for one in words.values() for text in one.values() for name in unknown(text, custom)
    ]
    if found:
        raise UnknownGaps(list(dict.fromkeys(found)))


@transaction.atomic
def delete_outreach(*, outreach: Outreach, by: User) -> None:
    """A draft goes; what was sent stays. Raises NotADraft."""
    outreach = _locked(outreach)
    if outreach.state != State.DRAFT or outreach.messages.exists():
        raise NotADraft
    audit.record(
        by=by, action="outreach.delete", target=outreach, changes={"name": [outreach.name, None]}
    )
    outreach.delete()


def seen_as(outreach: Outreach) -> str:
    """What stands for an outreach as somebody looked at it: words, readers and times."""
    segment = outreach.segment
    parts = [outreach.texts, outreach.purpose, outreach.moment, outreach.days]
    parts += [str(outreach.due_at or ""), segment.query if segment else None]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


@transaction.atomic
def send_outreach(*, outreach: Outreach, by: User, seen: str | None = None) -> Outreach:
    """Send a draft, or switch on one that waits for moments (also one that rests).

    Whom it meets is frozen from this moment on, whatever becomes of the segment; the worker makes
    the rows. `seen` is what `seen_as` said when the person looked. Raises SendingIsForManagers,
    NotADraft, ChangedSince or what makes it unusable.
    """
    outreach = _locked(outreach)
    if seen is not None and seen != seen_as(outreach):
        raise ChangedSince
    if not can_send(by):
        raise SendingIsForManagers
    is_once = outreach.moment == Moment.ONCE
    allowed = [State.DRAFT] if is_once else [State.DRAFT, State.PAUSED]
    if outreach.archived_at or outreach.state not in allowed:
        raise NotADraft
    _refuse_unusable(outreach)
    now = timezone.now()
    outreach.started_at = outreach.started_at or now
    before = {"state": outreach.state}
    if is_once:
        outreach.state = State.SENDING
        outreach.audience = _frozen(outreach, by)
    else:
        outreach.state = State.ACTIVE
        outreach.audience |= {"since": now.isoformat(), "by": by.pk}
    outreach.save(update_fields=["state", "started_at", "audience"])
    changes = audit.diff(before, outreach, ["state"])
    verb = "send" if is_once else "activate"
    audit.record(by=by, action=f"outreach.{verb}", target=outreach, changes=changes)
    tasks.nudge_after_commit()
    return outreach


def _frozen(outreach: Outreach, by: User) -> dict[str, Any]:
    """The question as it is asked today; those who come later are beyond `up_to`."""
    segment = outreach.segment
    chips = segments.question(segment.query).chips() if segment else []
    return {
        "query": segment.query if segment else None,
        "segment": segment.name if segment else "",
        "words": [str(chip.text) for chip in chips],
        "by": by.pk,
        "cursor": 0,
        "up_to": Customer.objects.aggregate(last=Max("pk"))["last"] or 0,
        "is_frozen": False,
    }


@transaction.atomic
def pause_outreach(*, outreach: Outreach, by: User) -> Outreach:
    """What waits is called off, and what falls into the pause is not caught up. Raises NotOn."""
    outreach = _locked(outreach)
    if outreach.state != State.ACTIVE:
        raise NotOn
    _set_state(outreach, State.PAUSED)
    cancelled = _cancel_waiting(outreach)
    changes: audit.Changes = {"state": [State.ACTIVE, State.PAUSED], "cancelled": [None, cancelled]}
    audit.record(by=by, action="outreach.pause", target=outreach, changes=changes)
    return outreach


@transaction.atomic
def cancel_outreach(*, outreach: Outreach, by: User) -> Outreach:
    """What has not left yet stays here, also what waits in the outbox. Raises NotWaiting."""
    outreach = _locked(outreach)
    if not can_cancel(outreach):
        raise NotWaiting
    _set_state(outreach, State.CANCELLED)
    cancelled = _cancel_waiting(outreach)
    changes: audit.Changes = {
        "state": [State.SENDING, State.CANCELLED],
        "cancelled": [None, cancelled],
    }
    audit.record(by=by, action="outreach.cancel", target=outreach, changes=changes)
    return outreach


def _cancel_waiting(outreach: Outreach) -> int:
    """Rows without a mail, and mails that nobody has taken out of the outbox; how many."""
    queued = outreach.messages.filter(state=OutreachMessage.State.QUEUED)
    cancel_about(model="crm.outreachmessage", ids=queued.values("pk"))
    unsent = queued.filter(outgoing__state=OutgoingEmail.State.CANCELLED).values("pk")
    cancelled = OutreachMessage.State.CANCELLED
    count = OutreachMessage.objects.filter(pk__in=unsent).update(state=cancelled)
    waiting = outreach.messages.filter(state=OutreachMessage.State.PENDING)
    return count + waiting.update(state=cancelled)


@transaction.atomic
def archive_outreach(*, outreach: Outreach, by: User) -> Outreach:
    """Out of sight, with its results. Raises AtWork or StillRunning."""
    outreach = _locked(outreach)
    if outreach.state == State.SENDING:
        raise AtWork
    if outreach.state == State.ACTIVE:
        raise StillRunning
    return _put(outreach, by, "archive", outreach.archived_at or timezone.now())


@transaction.atomic
def restore_outreach(*, outreach: Outreach, by: User) -> Outreach:
    outreach = _locked(outreach)
    return _put(outreach, by, "restore", None) if outreach.archived_at else outreach


def _put(outreach: Outreach, by: User, verb: str, at: datetime | None) -> Outreach:
    if (at is None) == (outreach.archived_at is None):
        return outreach
    before = {"archived_at": outreach.archived_at}
    outreach.archived_at = at
    outreach.save(update_fields=["archived_at"])
    changes = audit.diff(before, outreach, ["archived_at"])
    audit.record(by=by, action=f"outreach.{verb}", target=outreach, changes=changes)
    return outreach


def send_test(*, outreach: Outreach, decision: Decision, by: User) -> OutgoingEmail:
    """The mail that `decision` is about, to oneself; it counts nowhere.

    It travels as a mail to staff, so there is nothing to unsubscribe from: the place says so.
    """
    business = Business.objects.get(pk=1)
    body = Renderer(business, outreach).bodies([decision])[decision.customer_id]
    nowhere = gettext("(a link of their own)")
    return queue_email(
        Draft(
            stream=OutgoingEmail.Stream.ACCOUNT,
            to_address=by.email,
            to_name=by.name,
            subject=gettext("[Test] %(subject)s") % {"subject": body.subject},
            text=body.without_link(nowhere).text,
            html=body.without_link("#").html,
            language=decision.language,
            is_automatic=True,
        )
    )


def _locked(outreach: Outreach) -> Outreach:
    found = Outreach.objects.select_for_update(of=("self",)).select_related("segment")
    return found.get(pk=outreach.pk)


def _set_state(outreach: Outreach, state: str) -> None:
    outreach.state = state
    outreach.save(update_fields=["state"])
