"""One import from a file to its account: batches, change set, refused rows, dry run, taking back."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from crm.imports import reading
from crm.imports.kinds import KINDS, Entry, ImportKind, read_entry
from crm.imports.parsing import Context
from crm.imports.reading import FileUnusable, Row, Table
from crm.imports.session import Session
from staff.audit import record
from staff.changes import open_change_set
from staff.models import Business, ChangeSet, User

# Rows of a batch: one transaction, a constant number of queries.
BATCH = 2000


@dataclass(frozen=True)
class Outcome:
    """What became of a file: every row is counted once."""

    kind: str
    created: int
    updated: int
    unchanged: int
    refused: int
    dry_run: bool
    # The change set to take back; None for a dry run.
    import_id: int | None = None
    refused_file: str | None = None
    # The first refusals, as (line, why); all of them are in the file.
    refusals: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    # Columns of the file that nothing was taken from.
    ignored_columns: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Import:
    """What is asked for: a file, what it holds, and how it is to be taken."""

    kind: ImportKind
    path: Path
    business: Business
    by: User | None
    # Target → the file's column, where their names differ.
    mapping: Mapping[str, str] = field(default_factory=dict)
    # The system that the external ids are from.
    source: str = "import"
    create_customers: bool = False
    dry_run: bool = False

    def run(self) -> Outcome:
        """Import the file; raises FileUnusable before anything is written when it can't be.

        Each batch commits on its own with its entries in the change set, so a kill leaves whole
        batches that importing again finds unchanged, or that reverting takes back. A dry run
        does all of it in one transaction and rolls back.
        """
        with reading.opened(self.path) as table:
            mapping = resolve_mapping(self.kind, table.header, self.mapping)
            if not self.dry_run:
                return self._run(table, mapping)
            with transaction.atomic():
                outcome = self._run(table, mapping)
                transaction.set_rollback(True)
            return outcome

    def _run(self, table: Table, mapping: Mapping[str, str]) -> Outcome:
        change_set = open_change_set(
            "import",
            self.path.name[:250],
            self.by,
            {"kind": self.kind.name, "source": self.source, "state": "running"},
        )
        session = Session(
            context=Context(self.business),
            change_set=change_set,
            by=self.by,
            source=self.source,
            create_customers=self.create_customers,
            mapped=frozenset(mapping),
        )
        with RefusedRows(change_set.pk, table.header) as refused:
            for entries in _batches(table.rows):
                with transaction.atomic():
                    for entry in entries:
                        read_entry(entry, self.kind, mapping, session.context)
                    self.kind.apply(entries, session)
                session.counts.refused += refused.add(entries)
            with transaction.atomic():
                self.kind.finish(session)
                _close(session)
            return Outcome(
                kind=self.kind.name,
                **asdict(session.counts),
                dry_run=self.dry_run,
                import_id=None if self.dry_run else change_set.pk,
                refused_file=refused.kept(),
                refusals=refused.first,
                warnings=session.warnings[:100],
                ignored_columns=[
                    name for name in table.header if name and name not in mapping.values()
                ],
            )


def _close(session: Session) -> None:
    """Write the account into the change set and the audit trail."""
    counts = asdict(session.counts)
    session.change_set.facts |= {"state": "done", **counts}
    session.change_set.save(update_fields=["facts"])
    record(
        by=session.by,
        action="import.run",
        target=session.change_set,
        changes={name: [None, count] for name, count in counts.items()},
        change_set=session.change_set,
    )


def resolve_mapping(
    kind: ImportKind, header: Sequence[str], given: Mapping[str, str]
) -> dict[str, str]:
    """Which column of the file feeds which target: as given, else by the same name.

    Raises FileUnusable for a target or column that does not exist, or a needed one that nothing
    feeds.
    """
    targets = [column.name for column in kind.columns]
    for target, name in given.items():
        open_target = kind.open_prefix and target.startswith(kind.open_prefix)
        if target not in targets and not open_target:
            raise FileUnusable(
                _("There is no target “%(target)s” for %(kind)s. There are: %(targets)s.")
                % {"target": target, "kind": kind.name, "targets": ", ".join(targets)}
            )
        if name not in header:
            raise FileUnusable(
                _("The file has no column “%(name)s”. It has: %(header)s.")
                % {"name": name, "header": ", ".join(header)}
            )
    mapping = dict(given)
    taken = set(given.values())
    for name in header:
        target = name.lower().replace(" ", "_")
        is_open = kind.open_prefix and target.startswith(kind.open_prefix)
        if name not in taken and (target in targets or is_open):
            mapping.setdefault(target, name)
    missing = [c.name for c in kind.columns if c.required and c.name not in mapping]
    if missing or not mapping:
        raise FileUnusable(
            _(
                "No column gives %(missing)s. The file has: %(header)s. "
                "Say which one does, such as --map %(example)s=COLUMN."
            )
            % {
                "missing": ", ".join(missing or targets),
                "header": ", ".join(header),
                "example": (missing or targets)[0],
            }
        )
    return mapping


def _batches(rows: Iterable[Row]) -> Iterator[list[Entry]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        entries = []
        for row in batch:
            entry = Entry(row.line, row.cells)
            if row.misaligned:
                entry.refuse(_("The line has more or fewer cells than the header."))
            entries.append(entry)
        yield entries


class RefusedRows:
    """The rows that were refused, as a CSV to correct and import again, with line and reason."""

    NAMED = 20

    def __init__(self, import_id: int, header: Sequence[str]) -> None:
        self._path = Path(settings.VAR_DIR) / "imports" / f"{import_id}-refused.csv"
        self._header = header
        self._count = 0
        self.first: list[tuple[int, str]] = []

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([*self._header, "line", "reason"])
        return self

    def add(self, entries: Iterable[Entry]) -> int:
        """Write the refused ones among the entries; returns how many those are."""
        refused = [entry for entry in entries if entry.refusal]
        for entry in refused:
            cells = [reading.harmless(entry.cells.get(name, "")) for name in self._header]
            self._writer.writerow([*cells, entry.line, reading.harmless(entry.refusal)])
        room = self.NAMED - len(self.first)
        self.first += [(entry.line, entry.refusal) for entry in refused[:room]]
        self._count += len(refused)
        return len(refused)

    def kept(self) -> str | None:
        """Where the file is; None when nothing was refused."""
        self._file.flush()
        return str(self._path) if self._count else None

    def __exit__(self, *_exception: object) -> None:
        self._file.close()
        if not self._count:
            self._path.unlink(missing_ok=True)


def known_kinds() -> list[str]:
    return sorted(KINDS)


def import_to_revert(import_id: int) -> ChangeSet | None:
    return ChangeSet.objects.filter(pk=import_id, kind="import").first()
