"""What a walk has in mind, written down between two slices, which may run in two processes.

A file beside the refused rows; losing it costs only the time to read the rows before it again.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from crm.imports.checking import Report
from crm.imports.seen import Seen
from crm.imports.session import Counts, Session


@dataclass(frozen=True)
class Memory:
    """As much as a Session holds after `done` rows, with the refused rows' file `refused` bytes long."""

    done: int
    refused: int
    counts: Counts
    report: Report
    warnings: list[str]
    referrers: list[tuple[int, int, str]]
    seen: Seen
    met: Seen
    given_up: Seen

    @classmethod
    def of(cls, session: Session, *, done: int, refused: int) -> Memory:
        return cls(
            done,
            refused,
            session.counts,
            session.report,
            session.warnings,
            session.referrers,
            session.seen,
            session.met,
            session.given_up,
        )

    def remind(self, session: Session) -> None:
        session.counts, session.report = self.counts, self.report
        session.warnings, session.referrers = self.warnings, self.referrers
        session.seen, session.met, session.given_up = self.seen, self.met, self.given_up

    def write(self, path: Path) -> None:
        """All or nothing: a kill half-way leaves the earlier one."""
        head = {
            "done": self.done,
            "refused": self.refused,
            "counts": asdict(self.counts),
            "report": self.report.as_json(),
            "warnings": self.warnings,
            "referrers": self.referrers,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        with draft.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            for seen in (self.seen, self.met, self.given_up):
                seen.write(file)
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> Memory | None:
        """What was written last; None when there is none, or none that can be read."""
        try:
            with path.open("rb") as file:
                head = json.loads(file.readline())
                return cls(
                    head["done"],
                    head["refused"],
                    Counts(**head["counts"]),
                    Report.from_json(head["report"]),
                    head["warnings"],
                    [(pk, line, reference) for pk, line, reference in head["referrers"]],
                    *(Seen.read(file) for _ in range(3)),
                )
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            return None
