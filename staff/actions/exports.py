"""Asking for a list as a file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff.audit import record
from staff.exports import tasks
from staff.exports.files import Draft, Sheet, write
from staff.exports.working import file_name, sheet_of
from staff.models import Export, User
from staff.refusals import Refusal

# Above this, the worker writes it: nobody is to look at an empty window for long.
AT_ONCE = 5_000

State = Export.State


class NothingToCancel(Refusal):
    message = _("This export is not being written any more.")


@dataclass(frozen=True)
class Asked:
    """The export, and its content when it was short enough to be written at once."""

    export: Export
    content: IO[bytes] | None


@transaction.atomic
def request_export(*, what: str, query: str, columns: list[str], format: str, by: User) -> Asked:  # noqa: A002
    """Export a list as filtered: at once, or by the worker after the commit.

    Raises NotForThem when there is no such list for this person. The audit tells who took what.
    """
    export = Export(what=what, query=query, columns=columns, format=format, by=by)
    sheet = sheet_of(export)
    found = sheet.of.rows(sheet.query, by).order_by()[: AT_ONCE + 1].count()
    export.file_name = file_name(sheet)
    content = None
    if found <= AT_ONCE:
        content, export.rows_done = _written(sheet)
        export.rows_total = export.rows_done
        export.state, export.finished_at = State.DONE, timezone.now()
    export.save()
    record(
        by=by,
        action="export.create",
        target=export,
        changes={"list": [None, what], "filters": [None, query], "format": [None, format]},
    )
    if content is None:
        # A lost nudge is found by the sweep.
        transaction.on_commit(lambda: tasks.write_exports.delay(), robust=True)  # noqa: PLW0108
    return Asked(export, content)


def _written(sheet: Sheet) -> tuple[IO[bytes], int]:
    """The file, open and without a name, and how many rows it has."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Draft(Path(folder) / f"export.{sheet.format}")
        write(sheet, draft)
        return draft.path.open("rb"), draft.rows


@transaction.atomic
def cancel_export(*, export: Export, by: User) -> Export:
    """Stop writing; whoever is at it notices after the rows in hand. Raises NothingToCancel."""
    now = timezone.now()
    going = Export.objects.filter(pk=export.pk, state__in=[State.WAITING, State.RUNNING])
    if not going.update(state=State.CANCELLED, cancel_asked_at=now, finished_at=now):
        raise NothingToCancel
    record(by=by, action="export.cancel", target=export)
    export.refresh_from_db()
    return export
