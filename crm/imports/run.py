"""One import from a file to its account, here and now: what `manage.py import` does."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm.imports import reading
from crm.imports.kinds import KINDS, ImportKind
from crm.imports.mapping import resolved
from crm.imports.walking import State, Walk, open_run
from crm.models import FileImport
from staff import leases
from staff.models import Business, ChangeSet, User

# How long a run may be silent before it is taken for dead, and how often it gives a sign.
LEASE, SIGN = 120, 10


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
    # How the file writes numbers and days; see crm.imports.parsing.Context.
    decimal: str = ""
    dates: str = ""
    dry_run: bool = False

    def run(self) -> Outcome:
        """Import the file; raises FileUnusable before anything is written when it can't be.

        Each batch commits on its own with its entries in the change set, so a kill leaves whole
        batches that importing again finds unchanged, or that reverting takes back. A dry run
        rolls every batch back.
        """
        file_import = self._row()
        if self.dry_run:
            with Walk(file_import, self.path, self.business, is_check=True) as walk:
                while walk.step():
                    pass
                walk.finish()
                return self._outcome(walk)
        holder = f"command {os.getpid()}"
        with transaction.atomic():
            file_import.change_set = open_run(file_import)
            file_import.save(force_insert=True)
        lease = lease_name(file_import.pk)
        with Walk(file_import, self.path, self.business, is_check=False) as walk:
            sign = 0.0
            while True:
                if time.monotonic() - sign > SIGN:
                    leases.acquire(lease, holder, LEASE)
                    sign = time.monotonic()
                if not walk.step():
                    break
            walk.finish()
            leases.release(lease, holder)
            return self._outcome(walk)

    def _row(self) -> FileImport:
        """What the history will show; nothing is stored here."""
        with reading.opened(self.path) as table:
            mapping = resolved(self.kind, table.header, self.mapping)
        return FileImport(
            kind=self.kind.name,
            file_name=self.path.name[:250],
            mapping=mapping,
            options={
                "source": self.source,
                "create_customers": self.create_customers,
                "decimal": self.decimal,
                "dates": self.dates,
            },
            state=State.CHECKING if self.dry_run else State.RUNNING,
            by=self.by,
            started_at=timezone.now(),
        )

    def _outcome(self, walk: Walk) -> Outcome:
        refused = walk.refused_path()
        session = walk.session
        return Outcome(
            kind=self.kind.name,
            **asdict(session.counts),
            dry_run=self.dry_run,
            import_id=None if self.dry_run else session.change_set.pk,
            refused_file=str(refused) if refused else None,
            refusals=session.report.refusals,
            warnings=session.warnings,
            ignored_columns=walk.ignored_columns,
        )


def lease_name(file_import_id: int) -> str:
    return f"import {file_import_id}"


def known_kinds() -> list[str]:
    return sorted(KINDS)


def import_to_revert(import_id: int) -> ChangeSet | None:
    return ChangeSet.objects.filter(pk=import_id, kind="import").first()
