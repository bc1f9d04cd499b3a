"""An index of words: rows found by the beginnings of theirs, one per database, the same answers.

A table of (key, text) holds the folded words of each row. What finds them is a GIN index on
PostgreSQL and an FTS5 table on SQLite, which triggers keep in step with that table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, connections
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Expression,
    F,
    Func,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import RawSQL

from crm import folding
from staff.pages import MANY

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.backends.utils import CursorWrapper
    from django.db.models.sql.compiler import SQLCompiler

# Longer ones are no names; PostgreSQL takes no lexeme over 2 kB.
LONGEST_WORD = 60

# Words as they are: PostgreSQL's own parser would see hosts, numbers and dates in them.
VECTOR = "array_to_tsvector(string_to_array(text, ' '))"


def index_words(text: str) -> list[str]:
    """A text's words, and the parts around its apostrophes: "d'Ávila" is davila, and also avila."""
    words = folding.words(text)
    if "'" in text or "’" in text:
        words += folding.words(re.sub(r"['’]", " ", text))
    return [word[:LONGEST_WORD] for word in words] if len(text) > LONGEST_WORD else words


def words_of_all(texts: Iterable[str]) -> list[str]:
    """`index_words` of each, in their order; most texts have nothing special and go in one stroke."""
    texts = list(texts)
    together = " ".join(texts)
    if "'" not in together and "’" not in together:
        words = folding.words(together)
        if len(together) <= LONGEST_WORD or max(map(len, words), default=0) <= LONGEST_WORD:
            return words
    return [word for text in texts for word in index_words(text)]


def search_words(text: str) -> list[str]:
    """What of a search's text is looked for: letters and digits alone, each word once."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in folding.words(text)))


@dataclass(frozen=True)
class Term:
    """Satisfied by any of its alternatives, each of which needs all of its words' beginnings."""

    alternatives: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class WordIndex:
    """The words of one kind of rows: `table` has the columns `key` and "text"."""

    table: str
    key: str
    # Of the index on PostgreSQL.
    name: str

    @property
    def fts(self) -> str:
        return f"{self.table}_fts"

    @property
    def postgresql(self) -> str:
        # Without fastupdate: after a large import a search would wade through the list of what
        # waits for the index, and the planner, who knows, would rather read the whole table.
        # (Customers' index has a list so short that neither notices: crm's migration 0014.)
        return (
            f"CREATE INDEX {self.name} ON {self.table} USING gin (({VECTOR}))"
            " WITH (fastupdate = off)"
        )

    @property
    def sqlite(self) -> str:
        return f"""
CREATE VIRTUAL TABLE IF NOT EXISTS {self.fts} USING fts5(
  text, content='{self.table}', content_rowid='{self.key}',
  tokenize="unicode61 remove_diacritics 0", prefix='1 2 3', detail='none', columnsize=0
)
"""

    @property
    def triggers(self) -> dict[str, str]:
        add = f"INSERT INTO {self.fts} (rowid, text) VALUES (NEW.{self.key}, NEW.text);"  # noqa: S608
        remove = (
            f"INSERT INTO {self.fts} ({self.fts}, rowid, text)"  # noqa: S608
            f" VALUES ('delete', OLD.{self.key}, OLD.text);"
        )
        return {
            f"{self.table}_added": f"AFTER INSERT ON {self.table} BEGIN {add} END",
            f"{self.table}_removed": f"AFTER DELETE ON {self.table} BEGIN {remove} END",
            f"{self.table}_changed": f"AFTER UPDATE ON {self.table} BEGIN {remove} {add} END",
        }

    def make(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """For a migration."""
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(self.postgresql)
        else:
            self.install(schema_editor.connection.alias)

    def drop(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX {self.name}")
        else:
            for trigger in self.triggers:
                schema_editor.execute(f"DROP TRIGGER {trigger}")
            schema_editor.execute(f"DROP TABLE {self.fts}")

    def install(self, using: str = "default", **_signal: object) -> None:
        """SQLite: make what is missing of the FTS5 table and its triggers, and fill it if it was.

        Called by the migration and after every migrate: a table rebuild drops its triggers.
        """
        connection = connections[using]
        if connection.vendor != "sqlite":
            return
        if self.table not in connection.introspection.table_names():
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE tbl_name LIKE %s", [f"{self.table}%"]
            )
            there = {name for (name,) in cursor.fetchall()}
            if {self.fts, *self.triggers} <= there:
                return
            cursor.execute(self.sqlite)
            for name, body in self.triggers.items():
                cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {body}")
            cursor.execute(f"INSERT INTO {self.fts} ({self.fts}) VALUES ('rebuild')")  # noqa: S608

    def matching(self, terms: Sequence[Term]) -> Matching:
        return Matching(self, tuple(terms))

    def find(
        self, terms: Sequence[Term], many: int = 10_000, *, guesses: bool = True
    ) -> tuple[Q, bool]:
        """A filter of the model whose key this table has, as its planner can't get it wrong, and
        whether more than `many` rows satisfy the terms (PostgreSQL alone finds that out).

        PostgreSQL guesses badly how many words begin so. Few rows are looked up first and put in
        order then; of many, the order is walked through, and each row asked, until there are enough.
        Whether they are many is guessed first, unless the caller knows that so common words are rare;
        that they are is remembered for a minute.
        """
        matching = self.matching(terms)
        if connection.vendor != "postgresql":
            return Q(pk__in=matching), False
        walked = (f"{self.table} {many}", (matching.tsquery,))
        keys: list[int] = []
        if not (surely_many := MANY.holds(walked)):
            with connection.cursor() as cursor:
                surely_many = guesses and self._seem_many(cursor, matching, many)
                keys = [] if surely_many else self._keys(cursor, matching, many + 1)
        if surely_many or len(keys) > many:
            MANY.note(walked)
            return Q(Satisfying(F("pk"), matching)), True
        return Q(OneOf(F("pk"), keys)), False

    def counting(
        self, terms: Sequence[Term], among: QuerySet[Any], most: int
    ) -> tuple[str, tuple[Any, ...]]:
        """PostgreSQL's SQL with a row for each of the first so many rows of `among` that satisfy the
        terms, for when they are many: the words are looked up first, then each is asked for the rest.

        Seen as a join, or with the limit, it would be gone about from the wrong side.
        """
        found, query = self.matching(terms).rows()
        here = RawSQL(f"found.{self.key}", [])  # noqa: S611 (a column of our own)
        one = among.filter(pk=here).order_by().values_list(Value(True), flat=True)
        asked, params = one.query.sql_with_params()
        sql = (
            f"WITH found AS MATERIALIZED ({found}) "  # noqa: S608
            f"SELECT 1 FROM found WHERE ({asked}) LIMIT {most}"
        )
        return sql, (*query, *params)

    def _seem_many(self, cursor: CursorWrapper, matching: Matching, many: int) -> bool:
        """Whether the planner expects more than `many`, and the newest rows bear it out: it takes
        words for independent, and a walk in search of two that never meet would not end."""
        sql, query = matching.rows()
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", query)
        [[plan]] = cursor.fetchone()
        if plan["Plan"]["Plan Rows"] <= many:
            return False
        newest = f"SELECT text FROM {self.table} ORDER BY {self.key} DESC LIMIT 400"  # noqa: S608
        cursor.execute(
            f"SELECT 1 FROM ({newest}) AS newest WHERE {VECTOR} @@ %s::tsquery LIMIT 4",  # noqa: S608
            query,
        )
        return len(cursor.fetchall()) == 4

    def _keys(self, cursor: CursorWrapper, matching: Matching, most: int) -> list[int]:
        # Seeing the limit, the planner might read the table instead of the index.
        sql, query = matching.rows()
        cursor.execute(
            f"WITH found AS MATERIALIZED ({sql}) SELECT * FROM found LIMIT %s",  # noqa: S608
            [*query, most],
        )
        return [key for (key,) in cursor.fetchall()]


class Matching(Expression):
    """The keys of the rows that satisfy all terms, as a subquery in each database's own words."""

    output_field = BigIntegerField()

    def __init__(self, index: WordIndex, terms: tuple[Term, ...]) -> None:
        super().__init__()
        self.index, self.terms = index, terms

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, list[Any]]:
        query = self._query("AND", "OR", lambda word: f'"{word}" *')
        fts = self.index.fts
        return f"(SELECT rowid FROM {fts} WHERE {fts} MATCH %s)", [query]  # noqa: S608

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, list[Any]]:
        sql, query = self.rows()
        return f"({sql})", query

    def rows(self) -> tuple[str, list[Any]]:
        """The keys on PostgreSQL."""
        table, key = self.index.table, self.index.key
        return f"SELECT {key} FROM {table} WHERE {VECTOR} @@ %s::tsquery", [self.tsquery]  # noqa: S608

    @property
    def tsquery(self) -> str:
        return self._query("&", "|", lambda word: f"'{word}':*")

    def _query(self, both: str, either: str, beginning: Any) -> str:
        def every(words: Sequence[str]) -> str:
            return f"({f' {both} '.join(map(beginning, words))})"

        return f" {both} ".join(
            f"({f' {either} '.join(map(every, term.alternatives))})" for term in self.terms
        )


class Satisfying(Func):
    """On PostgreSQL: whether the row of this key satisfies the terms."""

    output_field = BooleanField()

    def __init__(self, key: Any, matching: Matching) -> None:
        super().__init__(key)
        self.matching = matching

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, list[Any]]:
        [source] = self.get_source_expressions()
        key, parameters = compiler.compile(source)
        index = self.matching.index
        # Within a scalar subquery nothing can be turned around.
        sql = (
            f"(SELECT {VECTOR} @@ %s::tsquery FROM {index.table} AS words"  # noqa: S608
            f" WHERE words.{index.key} = {key})"
        )
        return sql, [self.matching.tsquery, *parameters]


class OneOf(Func):
    """On PostgreSQL: whether the key is one of these, which are looked up whatever their number."""

    output_field = BooleanField()

    def __init__(self, key: Any, keys: Sequence[int]) -> None:
        super().__init__(key)
        self.keys = list(keys)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, list[Any]]:
        [source] = self.get_source_expressions()
        key, parameters = compiler.compile(source)
        # Counting them, the planner might walk through an order and meet them late or never.
        return f"{key} = ANY(ARRAY(SELECT unnest(%s::bigint[])))", [*parameters, self.keys]
