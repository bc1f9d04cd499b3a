"""What pages tell of an import: how far it is, what would change, what was left alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.imports import words
from crm.models import Customer, FileImport
from staff import audit
from staff.models import Change

# Of rows left alone: more would be a list, not a page.
NAMED = 50
# Seconds in which most files are through.
SHORT = 15
COUNTS = ("created", "updated", "unchanged", "refused")


def told(one: FileImport) -> dict[str, Any]:
    """What the page of an import needs for the state that it is in."""
    if one.state in FileImport.AT_WORK:
        return {"is_at_work": True, "progress": progress(one)}
    if one.state == FileImport.State.REVERTED:
        rows, count = left_alone(one)
        return {"left_alone": rows, "left_alone_count": count}
    found: dict[str, Any] = {"refusals": refusals(one), "warnings": warnings(one)}
    if one.state != FileImport.State.CHECKED:
        page, verb = words.kind_page(one.kind)
        counts = {name: getattr(one, name) for name in COUNTS}
        return found | {"counts": counts, "target_url": reverse(page), "target_verb": verb}
    counts = {name: one.report.get("counts", {}).get(name, 0) for name in COUNTS}
    return found | {
        "counts": counts,
        "incoming": counts["created"] + counts["updated"],
        "changes": changes(one),
        "ignored": one.report.get("ignored_columns", []),
    }


# --- While it works ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far the work is; `per_second` is None and `left` blank until one can tell."""

    done: int
    total: int | None
    per_second: int | None
    left: str
    # When the page asks again: soon for what is soon over.
    again_in: str

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 0


def progress(one: FileImport) -> Progress:
    # Lines of text were counted, so that blank ones and line breaks within cells count as well.
    total = max(one.rows_total, one.rows_done) if one.rows_total else None
    seconds = (timezone.now() - one.started_at).total_seconds() if one.started_at else 0.0
    again_in = "1s" if seconds < SHORT else "2s"
    if seconds < 2 or not one.rows_done or one.state == FileImport.State.WAITING:
        return Progress(one.rows_done, total, None, "", again_in)
    rate = one.rows_done / seconds
    left = _left((total - one.rows_done) / rate) if total else ""
    return Progress(one.rows_done, total, max(1, round(rate)), left, again_in)


def _left(seconds: float) -> str:
    if seconds < 10:
        return _("a few seconds left")
    if seconds < 90:
        tens = 10 * max(1, round(seconds / 10))
        return _("about %(count)s seconds left") % {"count": tens}
    minutes = round(seconds / 60)
    return ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes) % {
        "count": minutes
    }


# --- What a check found -----------------------------------------------------------------------


@dataclass(frozen=True)
class FieldChange:
    """A field that rows would change: how many, and examples (line, whom, from, to)."""

    label: str
    count: int
    examples: list[tuple[int, str, str, str]]


def changes(one: FileImport) -> list[FieldChange]:
    """Field by field, those that change most rows first."""
    fields = one.report.get("fields", {})
    if not fields:
        return []
    custom = words.custom_labels()
    found = [
        FieldChange(
            words.target_label(one.kind, target, custom),
            told["count"],
            [
                (line, "" if whom == before else _named(whom), before, after)
                for line, whom, before, after in told["examples"][:5]
            ],
        )
        for target, told in fields.items()
    ]
    return sorted(found, key=lambda change: -change.count)


def _named(whom: str) -> str:
    """What a person calls it by: a key that was made of what a row says tells nobody anything."""
    return "" if whom.startswith("row:") else whom


def refusals(one: FileImport) -> list[tuple[int, str]]:
    """The first refused rows, of the run if there was one, as (line, why)."""
    report = one.report.get("run") or one.report
    return [(line, why) for line, why in report.get("refusals", [])]


def warnings(one: FileImport) -> list[str]:
    report = one.report.get("run") or one.report
    found: list[str] = report.get("warnings", [])
    return found


# --- What taking back left alone ----------------------------------------------------------------


@dataclass(frozen=True)
class LeftAlone:
    """A row that stayed as it is: its kind and name, a page on which it is seen, and why."""

    model: str
    name: str
    url: str
    reason: str


def left_alone(one: FileImport) -> tuple[list[LeftAlone], int]:
    """The first rows that taking back left as they are, and how many there are."""
    count: int = one.report.get("reverted", {}).get("left_alone", 0)
    if not count:
        return [], 0
    kept = Change.objects.filter(change_set=one.change_set_id).exclude(left_alone="")
    changes = list(kept.order_by("pk")[:NAMED])
    rows = _rows(changes)
    named = Customer.objects.in_bulk({pk for c in changes if (pk := _customer_of(c, rows))})
    return [_told(change, rows, named) for change in changes], count


# What is still there, by model and key.
Rows = dict[tuple[str, int], Any]


def _rows(changes: Sequence[Change]) -> Rows:
    """One query for each kind."""
    keys: dict[str, list[int]] = defaultdict(list)
    for change in changes:
        keys[change.model].append(change.object_id)
    rows: Rows = {}
    for label, wanted in keys.items():
        model: Any = apps.get_model(label)
        rows |= {(label, pk): row for pk, row in model._base_manager.in_bulk(wanted).items()}
    return rows


def _customer_of(change: Change, rows: Rows) -> int | None:
    """Whom the row is about, as it says itself or as was written down of it."""
    if change.model == "crm.customer":
        return change.object_id
    said = {**(change.before or {}), **(change.after or {})}
    row = rows.get((change.model, change.object_id))
    return getattr(row, "customer_id", None) or said.get("customer_id")


def _told(change: Change, rows: Rows, customers: dict[int, Customer]) -> LeftAlone:
    meta = apps.get_model(change.model)._meta
    row = rows.get((change.model, change.object_id))
    customer = customers.get(_customer_of(change, rows) or 0)
    url = audit.page_of(change.model, change.object_id) if row else ""
    # Which tags somebody has is said by the customer alone.
    own_name = row is not None and not meta.auto_created
    return LeftAlone(
        model="" if meta.auto_created else capfirst(str(meta.verbose_name)),
        name=str(row if own_name else customer or f"#{change.object_id}"),
        url=url or (audit.page_of("crm.customer", customer.pk) if customer else ""),
        reason=str(Change.LeftAlone(change.left_alone).label),
    )
