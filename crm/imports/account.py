"""What pages tell of an import: how far it is, what would change, what was left alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.imports import words
from crm.models import FileImport
from staff import audit
from staff.models import Change

# Of rows left alone: more would be a list, not a page.
NAMED = 50
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

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 0


def progress(one: FileImport) -> Progress:
    # Lines of text were counted, so that blank ones and line breaks within cells count as well.
    total = max(one.rows_total, one.rows_done) if one.rows_total else None
    seconds = (timezone.now() - one.started_at).total_seconds() if one.started_at else 0.0
    if seconds < 2 or not one.rows_done or one.state == FileImport.State.WAITING:
        return Progress(one.rows_done, total, None, "")
    rate = one.rows_done / seconds
    left = _left((total - one.rows_done) / rate) if total else ""
    return Progress(one.rows_done, total, max(1, round(rate)), left)


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
            [(line, whom, before, after) for line, whom, before, after in told["examples"][:5]],
        )
        for target, told in fields.items()
    ]
    return sorted(found, key=lambda change: -change.count)


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
    """A row that stayed as it is: its kind and name, its page if it has one, and why."""

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
    rows = list(kept.order_by("pk")[:NAMED])
    names = _names(rows)
    found = [
        LeftAlone(
            model=capfirst(str(apps.get_model(change.model)._meta.verbose_name)),
            name=names.get((change.model, change.object_id), f"#{change.object_id}"),
            url=_page(change, names),
            reason=str(Change.LeftAlone(change.left_alone).label),
        )
        for change in rows
    ]
    return found, count


def _names(rows: list[Change]) -> dict[tuple[str, int], str]:
    """What the rows that are still there are called, one query for each kind."""
    ids: dict[str, list[int]] = defaultdict(list)
    for change in rows:
        ids[change.model].append(change.object_id)
    names: dict[tuple[str, int], str] = {}
    for label, keys in ids.items():
        model: Any = apps.get_model(label)
        for key, row in model._base_manager.in_bulk(keys).items():
            names[label, key] = str(row)
    return names


def _page(change: Change, names: dict[tuple[str, int], str]) -> str:
    is_there = (change.model, change.object_id) in names
    return audit.page_of(change.model, change.object_id) if is_there else ""
