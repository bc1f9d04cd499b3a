"""Bringing a file in, step by step: take it, say what its columns are, check, run, take back.

Each step moves the FileImport's state by compare-and-swap and nudges the worker, which walks the
file in slices (crm.imports.tasks); the row is the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.imports import guessing, reading
from crm.imports.kinds import KINDS
from crm.imports.mapping import resolved
from crm.imports.reading import FileShape
from crm.models import FileImport
from staff import audit
from staff.files import forget_file, local_copy
from staff.models import StoredFile, User
from staff.refusals import Refusal

State = FileImport.State
# What an import may be asked, beside its columns.
OPTIONS: dict[str, Any] = {
    "source": "import",
    "create_customers": False,
    "decimal": "",
    "dates": "",
}


class NotNow(Refusal):
    message = _("This import is in another state by now. Look again.")


class NoSuchKind(Refusal):
    message = _("Nothing of this kind can be imported.")


def shape(file_import: FileImport) -> FileShape:
    """How the file looks as it is read now: header and first rows; raises FileUnusable."""
    if file_import.file is None:
        raise NotNow
    return _described(file_import.file.sha256, tuple(sorted(file_import.reading.items())))


@lru_cache(maxsize=32)
def _described(sha256: str, choices: tuple[tuple[str, str], ...]) -> FileShape:
    """What stands in a stored file never changes, and a large spreadsheet takes seconds to open."""
    with local_copy(StoredFile(sha256=sha256)) as path:
        return reading.describe(path, dict(choices))


@transaction.atomic
def start_import(*, kind: str, file: StoredFile, file_name: str, by: User | None) -> FileImport:
    """Take a file in as a draft, mapped as a file of its shape was the last time, else by guess.

    Raises FileUnusable, and NoSuchKind.
    """
    if kind not in KINDS:
        raise NoSuchKind
    found = _described(file.sha256, ())
    file_import = FileImport(
        kind=kind, file=file, file_name=file_name[:250], by=by, reading=found.choices
    )
    _guess(file_import, found)
    file_import.save()
    return file_import


def _guess(file_import: FileImport, found: FileShape) -> None:
    kind = KINDS[file_import.kind]
    known = guessing.remembered(kind, found.header)
    mapping = dict(known.mapping) if known else guessing.guess(kind, found.header, found.sample)
    written = guessing.ways_of_writing(kind, mapping, found.header, found.sample)
    file_import.mapping = mapping
    file_import.options = {**OPTIONS, **written, **(known.options if known else {})}
    file_import.rows_total = found.rows


def can_map(file_import: FileImport) -> bool:
    return file_import.state in {State.DRAFT, State.CHECKED}


@transaction.atomic
def set_mapping(
    *,
    file_import: FileImport,
    mapping: Mapping[str, str],
    options: Mapping[str, Any],
    reading: Mapping[str, str],
    by: User | None,
) -> FileImport:
    """Say which column feeds which target ("" is "not taken"), and how the file is read.

    When the file turns out to have other columns so read, the mapping is guessed anew instead.
    An earlier check counts no more. Raises FileUnusable (also when nothing feeds a needed target)
    and NotNow.
    """
    before = shape(file_import)
    file_import.reading = {name: value for name, value in reading.items() if value}
    found = shape(file_import)
    file_import.reading = found.choices
    if found.header != before.header:
        _guess(file_import, found)
    else:
        file_import.mapping = {target: name for target, name in mapping.items() if name}
        known = {name: options[name] for name in OPTIONS if name in options}
        file_import.options = {**OPTIONS, **file_import.options, **known}
        resolved(KINDS[file_import.kind], found.header, file_import.mapping, guesses=False)
    file_import.rows_total = found.rows
    _move(
        file_import,
        {State.DRAFT, State.CHECKED},
        State.DRAFT,
        mapping=file_import.mapping,
        options=file_import.options,
        reading=file_import.reading,
        rows_total=file_import.rows_total,
        rows_done=0,
        report={},
        problem="",
    )
    return file_import


@transaction.atomic
def take_as(*, file_import: FileImport, kind: str, by: User | None) -> FileImport:
    """Say that a draft's rows are something else; its columns are guessed anew.

    Raises FileUnusable, NoSuchKind and NotNow.
    """
    if kind not in KINDS:
        raise NoSuchKind
    file_import.kind = kind
    _guess(file_import, shape(file_import))
    _move(
        file_import,
        {State.DRAFT, State.CHECKED},
        State.DRAFT,
        kind=kind,
        mapping=file_import.mapping,
        options=file_import.options,
        rows_done=0,
        report={},
        problem="",
    )
    return file_import


@transaction.atomic
def read_anew(
    *, file_import: FileImport, reading: Mapping[str, str], by: User | None
) -> FileImport:
    """Read a draft's file in another way, whether its columns are settled or not.

    Other columns are guessed anew; an earlier check counts no more. Raises FileUnusable and NotNow.
    """
    before = shape(file_import)
    file_import.reading = {name: value for name, value in reading.items() if value}
    found = shape(file_import)
    file_import.reading = found.choices
    if found.header != before.header:
        _guess(file_import, found)
    _move(
        file_import,
        {State.DRAFT, State.CHECKED},
        State.DRAFT,
        mapping=file_import.mapping,
        options=file_import.options,
        reading=file_import.reading,
        rows_total=found.rows,
        rows_done=0,
        report={},
        problem="",
    )
    return file_import


def can_check(file_import: FileImport) -> bool:
    return can_map(file_import) and file_import.file_id is not None


@transaction.atomic
def begin_check(*, file_import: FileImport, by: User | None) -> FileImport:
    """Have the whole file checked in the background; nothing is written. Raises NotNow, FileUnusable.

    The mapping is remembered for the next file of this shape.
    """
    if not can_check(file_import):
        raise NotNow
    kind, found = KINDS[file_import.kind], shape(file_import)
    resolved(kind, found.header, file_import.mapping, guesses=False)
    guessing.remember(kind, found.header, file_import.mapping, file_import.options)
    _move(
        file_import,
        {State.DRAFT, State.CHECKED},
        State.CHECKING,
        rows_done=0,
        report={},
        problem="",
        cancel_asked_at=None,
        started_at=timezone.now(),
    )
    return file_import


def can_run(file_import: FileImport) -> bool:
    return file_import.state == State.CHECKED


@transaction.atomic
def begin_run(*, file_import: FileImport, by: User | None) -> FileImport:
    """Have a checked file imported in the background. Raises NotNow."""
    if not can_run(file_import):
        raise NotNow
    _move(
        file_import,
        {State.CHECKED},
        State.WAITING,
        by=by,
        started_at=None,
        rows_done=0,
        checkpoint=0,
        cancel_asked_at=None,
        finished_at=None,
    )
    return file_import


def can_go_on(file_import: FileImport) -> bool:
    """Whether a run that stopped half-way may go on behind the last row that is in."""
    stopped = file_import.state in {State.CANCELLED, State.FAILED}
    return stopped and file_import.file_id is not None and file_import.change_set_id is not None


@transaction.atomic
def go_on(*, file_import: FileImport, by: User | None) -> FileImport:
    """Go on with a run that was cancelled or failed. Raises NotNow."""
    if not can_go_on(file_import):
        raise NotNow
    stopped = {State.CANCELLED, State.FAILED}
    _move(file_import, stopped, State.WAITING, cancel_asked_at=None, problem="", finished_at=None)
    return file_import


def can_cancel(file_import: FileImport) -> bool:
    at_work = {State.CHECKING, State.WAITING, State.RUNNING}
    return file_import.state in at_work and file_import.cancel_asked_at is None


@transaction.atomic
def ask_cancel(*, file_import: FileImport, by: User | None) -> FileImport:
    """Stop after the batch that is on its way; what is in stays until it is taken back.

    A check that is cancelled leaves a draft; a run that has not begun, no trace. Raises NotNow.
    """
    asked = FileImport.objects.filter(
        pk=file_import.pk,
        state__in=[State.CHECKING, State.WAITING, State.RUNNING],
        cancel_asked_at=None,
    )
    if not asked.update(cancel_asked_at=timezone.now()):
        raise NotNow
    file_import.refresh_from_db()
    audit.record(by=by, action="import.cancel", target=file_import)
    _nudge(file_import.pk)
    return file_import


def can_revert(file_import: FileImport) -> bool:
    """Whether there is something to take back, in whole batches."""
    over = file_import.state in {State.DONE, State.CANCELLED, State.FAILED}
    return over and file_import.change_set_id is not None


@transaction.atomic
def begin_revert(*, file_import: FileImport, by: User | None) -> FileImport:
    """Have what the import did taken back in the background; what changed since stays. Raises NotNow."""
    if not can_revert(file_import):
        raise NotNow
    over = {State.DONE, State.CANCELLED, State.FAILED}
    _move(file_import, over, State.REVERTING, cancel_asked_at=None, problem="")
    audit.record(by=by, action="import.revert", target=file_import)
    return file_import


@transaction.atomic
def forget(*, file_import: FileImport, by: User | None) -> None:
    """Drop a draft that nobody wants, and its files unless something else has them. Raises NotNow."""
    drafts = FileImport.objects.filter(pk=file_import.pk, state__in=[State.DRAFT, State.CHECKED])
    if not drafts.delete()[0]:
        raise NotNow
    for stored in (file_import.file, file_import.refused_file):
        if stored:
            forget_file(stored)


def _move(file_import: FileImport, before: set[State], after: State, **values: Any) -> None:
    """Compare and swap; whoever comes second is told so."""
    rows = FileImport.objects.filter(pk=file_import.pk, state__in=before)
    if rows.update(state=after, **values) != 1:
        raise NotNow
    file_import.refresh_from_db()
    if after in FileImport.AT_WORK:
        _nudge(file_import.pk)


def _nudge(file_import_id: int) -> None:
    from crm.imports import tasks  # they run imports, which end in these states

    transaction.on_commit(lambda: tasks.work.delay(file_import_id), robust=True)
