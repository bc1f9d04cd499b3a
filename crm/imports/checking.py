"""The check of a whole file: what its import would do, found out without writing anything.

The file is taken batch by batch just as an import takes it, each batch in a transaction of its own
that is rolled back, so that no writer waits for long. What earlier batches would have left behind
is kept in the session. Its account is `FileImport.report`:

    {"counts": {"created": 3, "updated": 2, "unchanged": 0, "refused": 1},
     "fields": {"city": {"count": 2, "examples": [[7, "Ana Muñoz", "Lima", "Cusco"], …]}, …},
     "refusals": [[4, "email: “x” is not an e-mail address."], …],
     "warnings": ["Line 9: the customer …", …],
     "ignored_columns": ["Notas", …]}

`fields` has the targets of rows that are there already and would change, by how many rows, each
with up to twenty examples (line, whom or what it concerns, from, to). After a run "run" holds its
own {"refusals", "warnings"}, after a revert "reverted" {"reverted", "left_alone", "reasons":
{"changed": 3}}; Change.LeftAlone(code).label says the code in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from staff.formats import date_short, moment

EXAMPLES = 20
REFUSALS = 20
WARNINGS = 100
LONGEST = 200
# A refusal names the cell, which may be as long as a book.
LONGEST_REASON = 1000


@dataclass
class FieldReport:
    count: int = 0
    examples: list[tuple[int, str, str, str]] = field(default_factory=list)


@dataclass
class Report:
    """What a check has found so far; in JSON's own types by `as_json`."""

    fields: dict[str, FieldReport] = field(default_factory=dict)
    refusals: list[tuple[int, str]] = field(default_factory=list)

    def tell(self, line: int, whom: object, target: str, before: Any, after: Any) -> None:
        """A row that is there would change in this field."""
        found = self.fields.setdefault(target, FieldReport())
        found.count += 1
        if len(found.examples) < EXAMPLES:
            found.examples.append((line, str(whom)[:LONGEST], shown(before), shown(after)))

    def refuse(self, line: int, why: str) -> None:
        if len(self.refusals) < REFUSALS:
            self.refusals.append((line, why[:LONGEST_REASON]))

    def as_json(self) -> dict[str, Any]:
        return {
            "fields": {
                name: {"count": one.count, "examples": [list(row) for row in one.examples]}
                for name, one in self.fields.items()
            },
            "refusals": [list(refusal) for refusal in self.refusals],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Report:
        return cls(
            {
                name: FieldReport(one["count"], [tuple(row) for row in one["examples"]])
                for name, one in stored.get("fields", {}).items()
            },
            [(line, why) for line, why in stored.get("refusals", [])],
        )


def forgetting(report: dict[str, Any], is_about: Callable[[Sequence[str]], bool]) -> dict[str, Any]:
    """The account without the examples, refusals and warnings that are about somebody; counts stay."""
    kept = dict(report)
    if "fields" in kept:
        kept["fields"] = {
            name: {**one, "examples": [row for row in one["examples"] if not is_about(row[1:])]}
            for name, one in kept["fields"].items()
        }
    if "refusals" in kept:
        kept["refusals"] = [row for row in kept["refusals"] if not is_about(row[1:])]
    if "warnings" in kept:
        kept["warnings"] = [warning for warning in kept["warnings"] if not is_about([warning])]
    if "run" in kept:
        kept["run"] = forgetting(kept["run"], is_about)
    return kept


def shown(value: Any) -> str:
    """A value as a person would write it, cut to what fits a cell of a page."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return moment(value)
        case date():
            return date_short(value)
        case Decimal():
            return f"{value:f}"
        case list() | tuple():
            return "; ".join(map(str, value))[:LONGEST]
        case _:
            return str(value)[:LONGEST]
