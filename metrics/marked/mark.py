"""What a changed row marks, in SQL of either database."""

from __future__ import annotations

from dataclasses import dataclass, field

EVENTS = ("insert", "update", "delete")


@dataclass(frozen=True)
class MarkOf:
    """A mark that a row leaves, in SQL in which `{r}` is the row.

    `source` and `where` join another table, for a fact that is counted by another one's date.
    """

    fact: str
    entity: str
    from_at: str
    until_at: str
    source: str = ""
    where: str = ""

    def select(self, row: str, table: str = "", condition: str = "") -> str:
        """The mark of `row`; on PostgreSQL `table` is where the row comes from."""
        values = ", ".join([f"'{self.fact}'", self.entity, self.from_at, self.until_at])
        sources = ", ".join(part for part in (table, self.source) if part)
        conditions = " AND ".join(part for part in (self.where, condition) if part)
        text = f"SELECT {values}"
        text += f" FROM {sources}" if sources else ""
        text += f" WHERE {conditions}" if conditions else ""
        return text.replace("{r}", row)


@dataclass(frozen=True)
class Marked:
    """A table whose changes leave marks: when a row comes or goes, or one of `columns` changes.

    `changed` replaces, for updates, the marks of the row before and after: SQL from `{o}` to `{n}`.
    `seldom`: these columns hardly ever change, and in few rows at once, while others of the table
    change all the time; those should not pay for it.
    """

    table: str
    columns: tuple[str, ...]
    marks: tuple[MarkOf, ...]
    changed: tuple[MarkOf, ...] = field(default=())
    events: tuple[str, ...] = EVENTS
    seldom: bool = False


def instant(fact: str, column: str, entity: str = "{r}.customer_id") -> MarkOf:
    """A mark of the instant that a column holds, when it holds one."""
    at = f"{{r}}.{column}"
    return MarkOf(fact, entity, at, at, where=f"{at} IS NOT NULL")


@dataclass(frozen=True)
class Dialect:
    """The few words that the databases say differently where triggers need them."""

    is_postgresql: bool

    @property
    def least(self) -> str:
        return "LEAST" if self.is_postgresql else "MIN"

    @property
    def greatest(self) -> str:
        return "GREATEST" if self.is_postgresql else "MAX"

    @property
    def same(self) -> str:
        """Equal, or both null."""
        return "IS NOT DISTINCT FROM" if self.is_postgresql else "IS"

    @property
    def no_instant(self) -> str:
        return "NULL::timestamptz" if self.is_postgresql else "NULL"

    def day(self, expression: str, shift: str) -> str:
        """A local date as an instant that surely lies before (or after) it, in any zone."""
        if self.is_postgresql:
            return (
                f"(({expression})::timestamp AT TIME ZONE 'UTC' {shift[0]} interval '{shift[1:]}')"
            )
        return f"datetime({expression}, '{shift}')"

    def days(self, first: str, last: str = "") -> tuple[str, str]:
        """The span of local dates from `first` to `last`, with room for any zone."""
        return self.day(first, "-1 day"), self.day(last or first, "+2 days")
