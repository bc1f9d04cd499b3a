"""Walking a file from its first row to its last, in batches: the one path of check and import.

A run moves `FileImport.checkpoint` in the same transaction as each batch, so that whoever goes on
after a kill does so behind the last row that is in. What it has in mind (Session) is written down
between slices; rows from there to the checkpoint are taken once more and rolled back, just to be
remembered.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from crm.imports import reading
from crm.imports.checking import WARNINGS
from crm.imports.kinds import KINDS, Entry, Reader
from crm.imports.mapping import resolved
from crm.imports.memory import Memory
from crm.imports.parsing import Context
from crm.imports.refused import CutOff, RefusedRows
from crm.imports.session import Counts, Session
from crm.models import Customer, FileImport
from staff.audit import record
from staff.changes import open_change_set
from staff.files import store_file
from staff.models import Business, ChangeSet, StoredFile

# Rows of a batch that can be taken: one transaction, a constant number of queries.
BATCH = 2000
# As many more may stand among them that are refused already.
MOST_READ = 2 * BATCH
State = FileImport.State


class LostPlace(Exception):
    """Somebody else walks this file, or it was asked to stop: nothing of this batch is in."""


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for cycles seldom: a batch makes hundreds of thousands of objects that are in none, and
    walking through those time and again took a quarter of an import's own time."""
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def folder() -> Path:
    return Path(settings.VAR_DIR) / "imports"


def open_run(file_import: FileImport) -> ChangeSet:
    """The change set of a run that begins; inside the transaction that says so."""
    return open_change_set(
        "import",
        file_import.file_name,
        file_import.by,
        {
            "kind": file_import.kind,
            "source": file_import.options.get("source") or "import",
            "state": "running",
            "first_customer": next_customer(),
        },
    )


def next_customer() -> int:
    """No customer has this key yet, nor a higher one."""
    return 1 + (Customer.objects.aggregate(latest=Max("pk"))["latest"] or 0)


class Walk:
    """One file on its way in; `with` opens it and goes to where it stood.

    A check leaves nothing written, not even its place until `pause`; its row may then be unsaved.
    Raises FileUnusable.
    """

    def __init__(
        self, file_import: FileImport, path: Path, business: Business, *, is_check: bool
    ) -> None:
        self.file_import, self.is_check = file_import, is_check
        self.kind = KINDS[file_import.kind]
        self._path, self._business = path, business
        name = f"{'check' if is_check else 'import'}-{file_import.pk or 'dry'}"
        self._memory = folder() / f"{name}.memory"
        self._refused_path = folder() / f"{file_import.change_set_id or name}-refused.csv"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            table = stack.enter_context(reading.opened(self._path, self.file_import.reading))
            self.header, self._rows = table.header, table.rows
            self.mapping = resolved(
                self.kind, table.header, self.file_import.mapping, guesses=False
            )
            self._take_up()
            stack.callback(self._refused.close)
            stack.enter_context(seldom_collecting())
            self._thread = stack.enter_context(ThreadPoolExecutor(1, "import-reading"))
            self._coming: Future[list[Entry]] | None = None
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    # --- Going on -----------------------------------------------------------------------------

    def _take_up(self) -> None:
        """Go to the place where the file stood, with all that was in mind there."""
        place = self.file_import.rows_done if self.is_check else self.file_import.checkpoint
        memory = Memory.read(self._memory) if place else None
        is_usable = memory and (memory.done == place if self.is_check else memory.done <= place)
        try:
            self._begin(memory if is_usable else None)
        except CutOff:
            self._begin(None)
        if self.is_check:
            return  # without its memory it begins anew
        self.session.is_check = True
        while self.done < place and (entries := self._read(min(MOST_READ, place - self.done))):
            with rolled_back():
                self._take(entries)
            self._pass(entries)
        self.session.is_check = False
        row = self.file_import
        self.session.counts = Counts(row.created, row.updated, row.unchanged, row.refused)

    def _begin(self, memory: Memory | None) -> None:
        self._refused = RefusedRows(
            self._refused_path, self.header, size=memory.refused if memory else 0
        )
        self.session = self._new_session()
        self._reader = Reader(self.kind, self.mapping, self.header, self.session.context)
        self.done = 0
        if memory:
            memory.remind(self.session)
            self.done = memory.done
            next(islice(self._rows, memory.done, memory.done), None)

    def _new_session(self) -> Session:
        options, change_set = self.file_import.options, self.file_import.change_set
        if change_set is None:  # a check's, which is never written
            change_set = ChangeSet(pk=0, facts={"first_customer": next_customer()})
        return Session(
            context=Context(
                self._business, options.get("decimal") or "", options.get("dates") or ""
            ),
            change_set=change_set,
            by=self.file_import.by,
            source=options.get("source") or "import",
            create_customers=bool(options.get("create_customers")),
            mapped=frozenset(self.mapping),
            first_customer=change_set.facts["first_customer"],
            is_check=self.is_check,
        )

    # --- Batch by batch -----------------------------------------------------------------------

    def _read(self, most: int) -> list[Entry]:
        """The rows of a batch, and no more than `most`."""
        entries, taken, read = [], 0, self._reader.read
        for row in islice(self._rows, most):
            entry = Entry(row)
            read(entry)
            entries.append(entry)
            taken += not entry.refusal
            if taken == BATCH:
                break
        return entries

    def _next(self) -> list[Entry]:
        """The next batch; the one after it is read, asking no database, while this one is written."""
        entries = self._coming.result() if self._coming else self._read(MOST_READ)
        self._coming = self._thread.submit(copy_context().run, self._read, MOST_READ)
        return entries

    def step(self) -> bool:
        """Take the next batch; False when there was none. Raises LostPlace."""
        entries = self._next()
        if not entries:
            return False
        if self.is_check:
            with rolled_back():
                self._take(entries)
        else:
            with transaction.atomic():
                self._claim(len(entries))
                self._take(entries)
                self._row().update(**asdict(self.session.counts))
        self._pass(entries)
        return True

    def _claim(self, count: int) -> None:
        """Of two who walk the same file, one has this batch; nobody, once it is to be stopped."""
        done = self.done + count
        here = self._row().filter(
            state=State.RUNNING, checkpoint=self.done, cancel_asked_at__isnull=True
        )
        if here.update(checkpoint=done, rows_done=done) != 1:
            raise LostPlace

    def _take(self, entries: list[Entry]) -> None:
        self.kind.apply(entries, self.session)
        self.session.counts.refused += sum(bool(entry.refusal) for entry in entries)
        del self.session.warnings[WARNINGS:]

    def _pass(self, entries: list[Entry]) -> None:
        """A batch is behind us: note what was refused in it."""
        refused = [entry for entry in entries if entry.refusal]
        self._refused.add(refused)
        for entry in refused:
            self.session.report.refuse(entry.line, entry.refusal)
        self.done += len(entries)

    def _row(self) -> QuerySet[FileImport]:
        return FileImport.objects.filter(pk=self.file_import.pk)

    # --- Stopping -----------------------------------------------------------------------------

    def pause(self) -> None:
        """Write down what is in mind, for whoever goes on."""
        memory = Memory.of(self.session, done=self.done, refused=self._refused.size())
        memory.write(self._memory)
        if self.is_check:
            checking = self._row().filter(state=State.CHECKING)
            checking.update(rows_done=self.done, report=self.account(), **self._at_least(self.done))

    def _at_least(self, rows: int) -> dict[str, int]:
        """Quoted line breaks, and their absence, make the first count a guess."""
        return {"rows_total": rows} if rows > (self.file_import.rows_total or 0) else {}

    def account(self) -> dict[str, Any]:
        """What a check found so far; `crm.imports.checking` says the shape."""
        return {
            "counts": asdict(self.session.counts),
            **self.session.report.as_json(),
            "warnings": self.session.warnings,
            "ignored_columns": self.ignored_columns,
        }

    @property
    def ignored_columns(self) -> list[str]:
        """Columns of the file that nothing was taken from."""
        taken = set(self.mapping.values())
        return [name for name in self.header if name and name not in taken]

    def refused_path(self) -> Path | None:
        """Where the refused rows are; None when nothing was refused."""
        self._refused.size()
        return self._refused.path if self.session.counts.refused else None

    def finish(self) -> None:
        """The file is at its end: say so. Raises LostPlace."""
        if self.is_check:
            with rolled_back():
                self.kind.finish(self.session)
        else:
            self.close(State.DONE)
        if self.is_check and self.file_import.pk:
            found = {"report": self.account(), "rows_done": self.done, "rows_total": self.done}
            checking = self._row().filter(state=State.CHECKING)
            checking.update(
                state=State.CHECKED,
                finished_at=timezone.now(),
                refused_file=self._store_refused(),
                **found,
            )
            self.forget()

    def close(self, state: State, problem: str = "") -> None:
        """End the run in this state, with its account in the change set and the audit trail."""
        refused_file = self._store_refused()
        session, row = self.session, self.file_import
        with transaction.atomic():
            if state == State.DONE:
                self.kind.finish(session)
            counts = asdict(session.counts)
            ended = self._row().filter(state=State.RUNNING, checkpoint=self.done)
            total = {"rows_total": self.done} if state == State.DONE else {}
            run = {
                "refusals": session.report.as_json()["refusals"],
                "warnings": session.warnings,
                "ignored_columns": self.ignored_columns,
            }
            if not ended.update(
                state=state,
                problem=problem,
                finished_at=timezone.now(),
                refused_file=refused_file,
                report={**row.report, "run": run},
                **counts,
                **total,
            ):
                raise LostPlace
            session.change_set.facts |= {"state": str(state), **counts}
            session.change_set.save(update_fields=["facts"])
            record(
                by=session.by,
                action="import.run",
                target=session.change_set,
                changes={name: [None, count] for name, count in counts.items()},
                change_set=session.change_set,
            )
        if state == State.DONE:
            self._memory.unlink(missing_ok=True)

    def _store_refused(self) -> StoredFile | None:
        path = self.refused_path()
        if path is None:
            return None
        with path.open("rb") as content:
            return store_file(content, "text/csv")

    def forget(self) -> None:
        """Drop what only going on would need."""
        self._memory.unlink(missing_ok=True)
        self._refused.path.unlink(missing_ok=True)
