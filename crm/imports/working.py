"""A slice of work on an import, whatever it waits for: its check, its run, or being taken back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.imports.run import lease_name
from crm.imports.walking import LostPlace, State, Walk, open_run
from crm.models import FileImport
from staff.changes import AlreadyReverted, revert_for
from staff.files import local_copy
from staff.models import Business, Lease
from staff.refusals import Refusal

__all__ = ["bury_commands", "lease_name", "slice_of"]
log = logging.getLogger(__name__)


def slice_of(file_import_id: int, *, seconds: float) -> bool:
    """Work for about this long; whether there is more to do. The caller holds the lease.

    What can't go on says why in words; a database that does not answer is asked again later.
    """
    row = FileImport.objects.select_related("file", "change_set", "by").get(pk=file_import_id)
    act = _ACTS.get(State(row.state))
    business = Business.current()
    if act is None or business is None or (row.file is None and row.state != State.REVERTING):
        return False
    language = (row.by and row.by.language) or business.language
    with override(language), timezone.override(business.zone):
        try:
            return act(row, business, seconds)
        except LostPlace:
            return _stop(row)
        except DatabaseError:
            raise
        except Refusal as refusal:
            _fail(row, str(refusal))
        except Exception:
            log.exception("Import %s failed.", row.pk)
            _fail(row, _("Something went wrong on our side. What is in so far is whole."))
    return False


def _check(row: FileImport, business: Business, seconds: float) -> bool:
    if row.cancel_asked_at:
        return _stop(row)
    return _walk(row, business, seconds, is_check=True)


def _begin(row: FileImport, business: Business, seconds: float) -> bool:
    """Waiting → running, with a change set, unless it goes on with one that it has."""
    with transaction.atomic():
        waiting = FileImport.objects.filter(pk=row.pk, state=State.WAITING, cancel_asked_at=None)
        if not waiting.update(state=State.RUNNING, started_at=row.started_at or timezone.now()):
            raise LostPlace
        if row.change_set is None:
            row.change_set = open_run(row)
            FileImport.objects.filter(pk=row.pk).update(change_set=row.change_set)
    row.refresh_from_db(fields=["state", "started_at"])
    return _run(row, business, seconds)


def _run(row: FileImport, business: Business, seconds: float) -> bool:
    return _walk(row, business, seconds, is_check=False)


def _walk(row: FileImport, business: Business, seconds: float, *, is_check: bool) -> bool:
    assert row.file is not None  # noqa: S101 (slice_of looked)
    end = time.monotonic() + seconds
    with (
        local_copy(row.file) as path,
        Walk(row, path, business, is_check=is_check) as walk,
    ):
        while walk.step():
            if time.monotonic() >= end:
                walk.pause()
                return True
        walk.finish()
        walk.forget()
    return False


def _stop(row: FileImport) -> bool:
    """Somebody asked to stop, or somebody else walks the file; look, and do what was asked."""
    row.refresh_from_db()
    if row.cancel_asked_at is None:
        return False
    if row.state == State.CHECKING:
        rows = FileImport.objects.filter(pk=row.pk, state=State.CHECKING)
        rows.update(state=State.DRAFT, rows_done=0, report={}, cancel_asked_at=None)
    elif row.state in {State.WAITING, State.RUNNING}:
        _end(row, State.CANCELLED)
    return False


def _fail(row: FileImport, problem: str) -> None:
    row.refresh_from_db()
    if row.state == State.CHECKING:
        rows = FileImport.objects.filter(pk=row.pk, state=State.CHECKING)
        rows.update(state=State.DRAFT, rows_done=0, problem=problem)
    else:
        _end(row, State.FAILED, problem)


def _end(row: FileImport, state: State, problem: str = "") -> None:
    """Stop a run where it stands; what is in stays, and can be gone on with or taken back."""
    with transaction.atomic():
        rows = FileImport.objects.filter(
            pk=row.pk, state__in=[State.WAITING, State.RUNNING, State.REVERTING]
        )
        # What was to be taken back is as it was: some of it is, and asking again goes on.
        if not rows.update(state=state, problem=problem, finished_at=timezone.now()):
            return
        if row.change_set:
            counts = {
                name: getattr(row, name) for name in ("created", "updated", "unchanged", "refused")
            }
            row.change_set.facts |= {"state": str(state), **counts}
            row.change_set.save(update_fields=["facts"])


def _revert(row: FileImport, _business: Business, seconds: float) -> bool:
    if row.change_set is None:
        return False
    try:
        outcome = revert_for(change_set=row.change_set, by=row.by, seconds=seconds)
    except AlreadyReverted:
        outcome = None
    row.change_set.refresh_from_db()
    if row.change_set.reverted_at is None:
        return True
    account: dict[str, Any] = {}
    if outcome:
        kept = row.change_set.changes.exclude(left_alone="").values_list("left_alone")
        reasons = dict(kept.annotate(rows=Count("pk")).order_by("left_alone"))
        account = {
            "reverted": outcome.reverted,
            "left_alone": outcome.left_alone_count,
            "reasons": reasons,
        }
    rows = FileImport.objects.filter(pk=row.pk, state=State.REVERTING)
    rows.update(
        state=State.REVERTED,
        finished_at=timezone.now(),
        report={**row.report, "reverted": account},
    )
    return False


_ACTS: dict[State, Callable[[FileImport, Business, float], bool]] = {
    State.CHECKING: _check,
    State.WAITING: _begin,
    State.RUNNING: _run,
    State.REVERTING: _revert,
}


def bury_commands() -> None:
    """A command whose lease ran out was killed: its row says so, and what it brought in stays."""
    running = FileImport.objects.filter(state=State.RUNNING, file=None)
    for row in running.select_related("change_set"):
        if Lease.objects.filter(name=lease_name(row.pk), until__gt=timezone.now()).exists():
            continue
        _end(row, State.FAILED, _("The command was stopped half-way. What is in so far is whole."))
