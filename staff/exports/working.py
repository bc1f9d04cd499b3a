"""Long exports, worked on in slices: the row is the queue, the message a nudge."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from staff import leases
from staff.exports.files import Draft, Sheet, write
from staff.exports.lists import LISTS
from staff.exports.writing import CONTENT_TYPES, Format
from staff.files import forget_file, store_file
from staff.mailing import in_words_of
from staff.models import Business, Export
from staff.refusals import Refusal

log = logging.getLogger(__name__)

LEASE = "staff.exports"
# After a worker has died, the next one waits so long; each stretch of rows prolongs it.
LEASE_SECONDS = 60
# So long a slice may keep a worker, so that a large export holds up no import.
SLICE_SECONDS = 5
KEPT_FOR = timedelta(days=7)
# What was never finished (a disk that was full, a machine that is gone) lies no longer than this.
DRAFTS_KEPT_FOR = timedelta(days=1)

State = Export.State


class NotForThem(Refusal):
    """The list is gone, or no longer for the person who asked."""


def work() -> bool:
    """Give the exports that wait one slice of work; whether more remains to be done.

    One worker at a time: the export that has come least far goes first, so a short one need not wait for
    a long one.
    """
    with leases.held(LEASE, LEASE_SECONDS) as holder:
        if holder is None:
            return False  # whoever holds it goes on until nothing is left
        end = time.monotonic() + SLICE_SECONDS
        while export := _at_work().order_by("rows_done", "pk").select_related("by").first():
            _slice(export, holder, end)
            if time.monotonic() >= end:
                break
        return _at_work().exists()


def sheet_of(export: Export) -> Sheet:
    """What the row asks for; raises NotForThem. Its language must be active already."""
    export_list = LISTS.get(export.what)
    if export_list is None or not export.by.has_role(export_list.role):
        raise NotForThem(_("This list is not there for you any more."))
    return Sheet(
        of=export_list,
        query=QueryDict(export.query),
        user=export.by,
        format=export.format,
        zone=Business.objects.get(pk=1).zone,
        names=export.columns,
    )


def file_name(sheet: Sheet) -> str:
    """ "customers-2026-01-31.csv", in the reader's language."""
    today = timezone.localtime(timezone=sheet.zone).date()
    return f"{slugify(str(sheet.of.title)) or sheet.of.name}-{today}.{sheet.format}"


def sweep() -> None:
    """Take away what nobody is to keep any longer: files past their time, drafts that nobody finishes."""
    over = Export.objects.filter(expires_at__lte=timezone.now(), file__isnull=False)
    for export in over.select_related("file"):
        with transaction.atomic():
            Export.objects.filter(pk=export.pk).update(file=None)
            if export.file:
                forget_file(export.file)
    oldest = time.time() - DRAFTS_KEPT_FOR.total_seconds()
    for path in _folder().iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


# --- One of them -------------------------------------------------------------------------


def _slice(export: Export, holder: str, end: float) -> None:
    """Write on until the time is over; complete the export, or say why it can't be."""
    draft = Draft(_folder() / f"{export.pk}.{export.format}")
    try:
        business = Business.objects.get(pk=1)
        with in_words_of(export.by, business):
            sheet = sheet_of(export)
            if _write(export, sheet, draft, holder, end):
                _complete(export, sheet, draft)
    except Refusal as refusal:
        _fail(export, draft, str(refusal))
    except Exception:
        log.exception("Export %s failed.", export.pk)
        _fail(export, draft, "")


def _write(export: Export, sheet: Sheet, draft: Draft, holder: str, end: float) -> bool:
    """Whether the file is whole; otherwise it was cancelled, or is kept for the next slice."""
    if sheet.can_go_on:
        draft.find()
    if export.rows_total is None:
        total = sheet.of.rows(sheet.query, export.by).order_by().count()
        _going_on(export).update(state=State.RUNNING, rows_total=total)
    goes_on = True

    def progress(rows: int) -> bool:
        nonlocal goes_on
        leases.acquire(LEASE, holder, LEASE_SECONDS)
        goes_on = _going_on(export).update(state=State.RUNNING, rows_done=rows) == 1
        return goes_on and (time.monotonic() < end or not sheet.can_go_on)

    is_whole = write(sheet, draft, progress)
    if not goes_on:
        draft.throw_away()
        return False
    if not is_whole:
        draft.keep()
    return is_whole


def _complete(export: Export, sheet: Sheet, draft: Draft) -> None:
    with draft.path.open("rb") as file, transaction.atomic():
        stored = store_file(file, CONTENT_TYPES[Format(export.format)])
        now = timezone.now()
        _going_on(export).update(
            state=State.DONE,
            rows_done=draft.rows,
            rows_total=draft.rows,
            finished_at=now,
            expires_at=now + KEPT_FOR,
            file=stored,
            file_name=file_name(sheet),
        )
    draft.throw_away()


def _fail(export: Export, draft: Draft, why: str) -> None:
    _going_on(export).update(state=State.FAILED, problem=why, finished_at=timezone.now())
    draft.throw_away()


def _at_work() -> QuerySet[Export]:
    return Export.objects.filter(state__in=[State.WAITING, State.RUNNING])


def _going_on(export: Export) -> QuerySet[Export]:
    """The export, unless it was cancelled meanwhile."""
    return _at_work().filter(pk=export.pk)


def _folder() -> Path:
    folder = Path(settings.VAR_DIR) / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
