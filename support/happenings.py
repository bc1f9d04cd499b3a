"""What happened to a ticket, in words: quiet lines between what was written."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from staff.formats import moment
from support.models import SlaTarget, Ticket, TicketEvent

Kind = TicketEvent.Kind

ICONS: dict[str, str] = {
    Kind.OPENED: "ticket",
    Kind.WITHDRAWN: "arrow-back-up",
    Kind.WAITING: "player-pause",
    Kind.ON_HOLD: "hand-stop",
    Kind.STARTED: "player-play",
    Kind.RESUMED: "player-play",
    Kind.REOPENED: "player-play",
    Kind.RESOLVED: "circle-check",
    Kind.CLOSED: "lock",
    Kind.SPAM: "ban",
    Kind.ASSIGNED: "user",
    Kind.CUSTOMER: "users",
    Kind.PRIORITY: "flag",
    Kind.TAGS: "tag",
    Kind.SUBJECT: "pencil",
    Kind.LINKED: "link",
    Kind.MERGED: "link",
    Kind.SNOOZED: "clock",
    Kind.AWOKEN: "bell",
    Kind.DUE_CHANGED: "clock",
    Kind.BREACH_NEAR: "clock",
    Kind.MISSED: "alert-triangle",
    Kind.ASKED: "send",
    Kind.RATED: "message-report",
}


def words(one: TicketEvent) -> str:
    """What happened; what was linked and is no longer says so."""
    if one.kind == Kind.LINKED and one.before and not one.after:
        return _("No longer linked")
    return str(capfirst(Kind(one.kind).label))


def who(one: TicketEvent) -> str:
    """Whoever did it; "" for the program itself."""
    if one.by:
        return str(one.by)
    return _("the customer") if one.actor == TicketEvent.Actor.CUSTOMER else ""


def detail(one: TicketEvent) -> str:
    """From what to what, as it was called at that time."""
    read = _VALUES.get(one.kind)
    if read is None:
        return ""
    before, after = read(one.before), read(one.after)
    if one.kind == Kind.DUE_CHANGED:
        return after
    if before and after:
        return f"{before} → {after}"
    if before and one.kind in {Kind.ASSIGNED, Kind.CATEGORY, Kind.TAGS}:
        return f"{before} → {_('nobody') if one.kind == Kind.ASSIGNED else '—'}"
    return after or before


def _as_it_is(text: str) -> str:
    return text


def _priority(code: str) -> str:
    known = dict(Ticket.Priority.choices)
    return str(known.get(int(code), code)) if code.isdecimal() else code


def _target(code: str) -> str:
    known = dict(SlaTarget.Kind.choices)
    return str(known.get(code, code))


def _moment(text: str) -> str:
    at = parse_datetime(text) if text[:4].isdecimal() else None
    return moment(at) if at else text


def _dues(text: str) -> str:
    """ "first_reply 2026-11-23T16:00:00+00:00, solution": a kind alone while nothing is due."""
    found = (part.partition(" ") for part in text.split(", ") if part)
    return ", ".join(f"{_target(kind)} {_moment(at) if at else '—'}" for kind, _space, at in found)


# What the columns `before` and `after` of a kind hold, in words; other kinds say all by their name.
_VALUES: dict[str, Callable[[str], str]] = {
    Kind.ASSIGNED: _as_it_is,
    Kind.QUEUE: _as_it_is,
    Kind.CATEGORY: _as_it_is,
    Kind.SUBJECT: _as_it_is,
    Kind.CUSTOMER: _as_it_is,
    Kind.TAGS: _as_it_is,
    Kind.SPLIT: _as_it_is,
    Kind.LINKED: _as_it_is,
    Kind.RATED: _as_it_is,
    Kind.PRIORITY: _priority,
    Kind.SNOOZED: _moment,
    Kind.BREACH_NEAR: _target,
    Kind.MISSED: _target,
    Kind.DUE_CHANGED: _dues,
}
