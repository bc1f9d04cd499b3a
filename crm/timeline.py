"""What passed with one customer, newest first, a page at a time, grouped by day."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext

from crm import registry
from crm.models import Contract, Customer, Interaction, Order, Task, Tenure
from staff.formats import clock, date_short, money
from staff.pages import Page, paginate
from staff.templatetags.vinculo import icon

if TYPE_CHECKING:
    from django.http import HttpRequest

SIZE = 30
# This room's own records that interactions tell of.
OWN_MODELS: dict[str, type[models.Model]] = {
    "crm.order": Order,
    "crm.task": Task,
    "crm.contract": Contract,
}

# What each kind looks like; a call's arrow says who rang.
ICONS = {
    "visit": "building-store",
    "meeting": "users",
    "note": "note",
    "email": "mail",
    "chat": "message-circle",
    "order": "shopping-cart",
    "contract": "file-text",
    "survey_invitation": "send",
    "survey_response": "message-2",
    "promise": "heart-handshake",
    "ticket": "ticket",
    "deal": "columns-3",
    "outreach": "speakerphone",
    "referral": "gift",
    "lost": "user-minus",
}
# What an order's line says by itself, which its amount says better; a refund says of what it is.
# So does a contract's; that it was cancelled is said in words.
FIGURES = re.compile(r"-?[0-9.]+ [A-Z]{3}|.* · [0-9-]{10} – ([0-9-]{10}|…)")
CALLS = {"in": "phone-incoming", "out": "phone-outgoing"}


@dataclass(frozen=True)
class Day:
    """`entries` are texts ready to be shown, which a template finds fastest in a dict."""

    date: date
    entries: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Timeline:
    days: Sequence[Day]
    kind: str
    kind_label: str
    url: str
    newer_url: str
    older_url: str


def kinds() -> list[tuple[str, str]]:
    """What a timeline can be narrowed to."""
    return [
        ("", gettext("Everything")),
        *((kind.value, str(kind.label)) for kind in Interaction.Kind),
    ]


def read(request: HttpRequest, customer: Customer) -> Timeline:
    """The page that the address names, on its own: a query, and one for each kind of mark."""
    page = rows(request, customer)
    ids = about(page.rows)
    known = {
        label: model._default_manager.filter(pk__in=ids[label])
        for label, model in OWN_MODELS.items()
        if ids[label]
    }
    tenures = customer.tenures.all() if ids["crm.order"] or ids["crm.contract"] else ()
    return lay_out(request, customer, page, known=known, tenures=tenures)


# Records that the caller has at hand, by model label: no query for those.
Known = Mapping[str, Iterable[models.Model]]


def rows(request: HttpRequest, customer: Customer) -> Page[Interaction]:
    """The interactions of the page that the address names, perhaps of one kind: one query."""
    found = Interaction.objects.for_timeline(customer)
    if kind := _kind(request):
        found = found.filter(kind=kind)
    return paginate(found, request, key=("-occurred_at", "-pk"), size=SIZE)


def about(interactions: Iterable[Interaction]) -> dict[str, set[int]]:
    """The records that these tell of: ids by model label."""
    found: dict[str, set[int]] = defaultdict(set)
    for one in interactions:
        if one.about_model and one.about_id is not None:
            found[one.about_model].add(one.about_id)
    return found


def lay_out(
    request: HttpRequest,
    customer: Customer,
    page: Page[Interaction],
    *,
    known: Known,
    tenures: Iterable[Tenure],
) -> Timeline:
    """By day, each with its marks: a query for each other model that the page tells of."""
    back = _beginnings_again(tenures)
    own = {
        (label, record.pk): OWN_MARKS[label](record) | _back(record, back)
        for label, records in known.items()
        for record in records
    }
    others = registry.timeline_marks(about(page.rows))
    told_by_marks = registry.marks_instead_of_summary()
    days = []
    for day, group in groupby(page.rows, key=_day):
        entries = []
        for one in group:
            key = (one.about_model, one.about_id or 0)
            marks = others.get(key, [])
            told = {"words": ""} if marks and one.about_model in told_by_marks else {}
            entries.append(_entry(one) | {"marks": marks} | told | own.get(key, {}))
        days.append(Day(day, entries))
    url = reverse("crm:timeline", args=[customer.pk])
    return Timeline(
        days=days,
        kind=_kind(request),
        kind_label=dict(kinds())[_kind(request)],
        url=url,
        newer_url=url + page.previous_url if page.previous_url else "",
        older_url=url + page.next_url if page.next_url else "",
    )


def _kind(request: HttpRequest) -> str:
    kind = request.GET.get("kind", "")
    return kind if kind in Interaction.Kind.values else ""


def _day(one: Interaction) -> date:
    return timezone.localtime(one.occurred_at).date()


def _entry(one: Interaction) -> dict[str, Any]:
    whom = [one.contact.name] if one.contact else []
    by = [str(one.by)] if one.by else []
    return {
        "tone": _tone(one),
        "icon": icon(_icon(one)),
        "kind": capfirst(Interaction.Kind(one.kind).label),
        "direction": Interaction.Direction(one.direction).label if one.direction else "",
        "words": "" if FIGURES.fullmatch(one.summary) else one.summary,
        "body_url": reverse("crm:interaction", args=[one.pk]) if one.has_body else "",  # type: ignore[attr-defined]
        "who": "".join(f" · {name}" for name in whom + by),
        "at": one.occurred_at.isoformat(),
        "clock": clock(one.occurred_at),
    }


def _icon(one: Interaction) -> str:
    if one.kind == Interaction.Kind.CALL:
        return CALLS.get(one.direction, "phone")
    return ICONS.get(one.kind, "point")


def _tone(one: Interaction) -> str:
    """The class of its quiet mark: what was felt, what came in, what went out."""
    if one.kind == Interaction.Kind.SURVEY_RESPONSE:
        return "is-felt"
    return {"in": "is-in", "out": "is-out"}.get(one.direction, "")


# --- This room's own marks: what an entry says besides, or instead of its words ---------------


def _beginnings_again(tenures: Iterable[Tenure]) -> set[datetime]:
    """When they came back: the beginnings of all their times as a customer but the first."""
    beginnings = sorted(tenure.started_at for tenure in tenures)
    return set(beginnings[1:])


def _back(record: models.Model, beginnings: Collection[datetime]) -> dict[str, Any]:
    """The chip on the purchase or the contract that brought somebody back."""
    began: datetime | None = None
    if isinstance(record, Order) and record.total > 0:
        began = record.ordered_at
    elif isinstance(record, Contract):
        began = timezone.make_aware(datetime.combine(record.starts_on, time.min))
    if began is None or began not in beginnings:
        return {}
    return _chip("good", "user-check", gettext("back as a customer"))


def _order_mark(order: Order) -> dict[str, Any]:
    is_refund = order.total < 0
    said = {"kind": capfirst(gettext("refund")), "icon": icon("receipt-refund")}
    return {
        "amount": money(order.total, order.currency),
        "is_refund": is_refund,
        "edit_url": reverse("crm:order-edit", args=[order.pk]),
        **(said if is_refund else {}),
    }


def _contract_mark(contract: Contract) -> dict[str, Any]:
    per = Contract.Interval(contract.interval).label
    return {"amount": f"{money(contract.amount, contract.currency)} {per}"}


def _task_mark(task: Task) -> dict[str, Any]:
    if not task.is_promise:
        return {}
    if task.was_kept:
        return _chip("good", "check", gettext("promise kept"))
    if task.is_done:
        return _chip("warn", "clock", gettext("promise kept late"))
    if task.is_late:
        return _chip("bad", "alert-triangle", gettext("promise late"))
    until = gettext("promised until %(day)s") % {"day": date_short(task.due_at)}
    return _chip("", "clock", until)


def _chip(tone: str, name: str, text: str) -> dict[str, Any]:
    return {"chip": {"tone": tone, "icon": icon(name), "text": text}}


# How this room's own records show beside what tells of them.
OWN_MARKS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "crm.order": _order_mark,
    "crm.task": _task_mark,
    "crm.contract": _contract_mark,
}
