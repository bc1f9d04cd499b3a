"""Finding customers by the beginnings of words: one index per database, the same answers.

`index` fills CustomerSearch with folded words; what finds them is a GIN index on PostgreSQL and
an FTS5 table on SQLite, which triggers keep in step with CustomerSearch.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import BigIntegerField, Expression, Q

from crm import folding, phones
from crm.batches import batches
from crm.models import Affiliation, ContactPoint, Customer, CustomerSearch
from staff.models import Business

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

# Longer ones are no names; PostgreSQL takes no lexeme over 2 kB.
LONGEST_WORD = 60
# A company with hundreds of contacts is still found by the first of them.
MOST_WORDS = 600
# From so many digits on a number may be whole: worth reading by its country's rules.
WHOLE_NUMBER = 8


# --- Filling -----------------------------------------------------------------------------


def index(customer_ids: Iterable[int]) -> int:
    """Bring the search rows of these customers up to date; how many changed.

    To be called by whatever changes a name, city, tag, contact or contact point.
    """
    return sum(_index(batch) for batch in batches(customer_ids))


def stale(ids: Sequence[int]) -> dict[int, str]:
    """What the search rows of these customers should say, of those that say something else."""
    stored = dict(CustomerSearch.objects.filter(pk__in=ids).values_list("pk", "text"))
    return {pk: text for pk, text in _texts(ids).items() if stored.get(pk) != text}


def _index(ids: Sequence[int]) -> int:
    changed = [CustomerSearch(customer_id=pk, text=text) for pk, text in stale(ids).items()]
    CustomerSearch.objects.bulk_create(
        changed, update_conflicts=True, update_fields=["text"], unique_fields=["customer"]
    )
    return len(changed)


def _texts(ids: Sequence[int]) -> dict[int, str]:
    """What each customer can be found by, in five queries for any number of them."""
    found: dict[int, list[str]] = {}
    rows = Customer.objects.filter(pk__in=ids).values_list("pk", "name", "city", "external_id")
    for pk, *texts in rows:
        found[pk] = [word for text in texts for word in index_words(text)]
    tags = Customer.tags.through.objects.filter(customer_id__in=ids)
    for pk, tag in tags.order_by("pk").values_list("customer_id", "tag__name"):
        found[pk] += index_words(tag)
    of_contact: dict[int, list[int]] = defaultdict(list)
    current = Affiliation.objects.filter(customer_id__in=ids, until=None)
    people = current.order_by("-is_primary", "pk")
    for pk, contact, name in people.values_list("customer_id", "contact_id", "contact__name"):
        of_contact[contact].append(pk)
        found[pk] += index_words(name)
    points = ContactPoint.objects.filter(
        contact__affiliations__in=current, retired_at=None
    ).distinct()
    for contact, kind, value in points.order_by("pk").values_list("contact_id", "kind", "value"):
        is_phone = kind == ContactPoint.Kind.PHONE
        found_by = phones.search_tokens(value) if is_phone else index_words(value)
        for pk in of_contact[contact]:
            found[pk] += found_by
    return {pk: " ".join(list(dict.fromkeys(words))[:MOST_WORDS]) for pk, words in found.items()}


def index_words(text: str) -> list[str]:
    """A text's words, and the parts around its apostrophes: "d'Ávila" is davila, and also avila."""
    words = folding.words(text)
    if "'" in text or "’" in text:
        words += folding.words(re.sub(r"['’]", " ", text))
    return [word[:LONGEST_WORD] for word in words]


# --- Finding -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Term:
    """Satisfied by any of its alternatives, each of which needs all of its words' beginnings."""

    alternatives: tuple[tuple[str, ...], ...]


def matching(text: str) -> Q:
    """A filter of Customer: each word of `text` begins a word of theirs; blank matches all.

    A telephone number is found in any spelling. Only letters and digits of `text` reach the
    database, so nothing in it is search syntax.
    """
    terms = parse(text)
    if terms is None:
        return Q()
    return Q(pk__in=Matching(terms)) if terms else Q(pk__in=[])


def parse(text: str) -> list[Term] | None:
    """The terms of a search; None when blank, no term at all when nothing can match."""
    if not text.strip():
        return None
    text = phones.unicode_digits(text)
    runs = phones.runs(text)
    terms = []
    region = _region() if any(sum(map(str.isdigit, run)) >= WHOLE_NUMBER for run in runs) else None
    for run in runs:
        text = text.replace(run, " ", 1)
        spelt = [(digits,) for digits in phones.spellings(run, region)]
        terms.append(Term(tuple(dict.fromkeys([*spelt, tuple(folding.words(run))]))))
    words = [word[:LONGEST_WORD] for word in folding.words(text)]
    terms += [Term(((word,),)) for word in dict.fromkeys(words)]
    return terms


def _region() -> str:
    return phones.default_region(Business.current())


class Matching(Expression):
    """The ids of the customers that satisfy all terms, as a subquery in each database's own words."""

    output_field = BigIntegerField()

    def __init__(self, terms: Sequence[Term]) -> None:
        super().__init__()
        self.terms = tuple(terms)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, list[Any]]:
        query = self._query("AND", "OR", lambda word: f'"{word}" *')
        sql = "(SELECT rowid FROM crm_customersearch_fts WHERE crm_customersearch_fts MATCH %s)"
        return sql, [query]

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, list[Any]]:
        query = self._query("&", "|", lambda word: f"'{word}':*")
        table = "crm_customersearch"
        sql = f"(SELECT customer_id FROM {table} WHERE {VECTOR} @@ %s::tsquery)"  # noqa: S608
        return sql, [query]

    def _query(self, both: str, either: str, beginning: Any) -> str:
        def every(words: Sequence[str]) -> str:
            return f"({f' {both} '.join(map(beginning, words))})"

        return f" {both} ".join(
            f"({f' {either} '.join(map(every, term.alternatives))})" for term in self.terms
        )


# --- What finds them, per database ---------------------------------------------------------

# Words as they are: PostgreSQL's own parser would see hosts, numbers and dates in them.
VECTOR = "array_to_tsvector(string_to_array(text, ' '))"

# Without fastupdate: after a large import a search would wade through the list of what waits for
# the index, and the planner, who knows, would rather read the whole table.
POSTGRESQL = (
    f"CREATE INDEX crm_customer_words ON crm_customersearch USING gin (({VECTOR}))"
    " WITH (fastupdate = off)"
)

FTS = """
CREATE VIRTUAL TABLE IF NOT EXISTS crm_customersearch_fts USING fts5(
  text, content='crm_customersearch', content_rowid='customer_id',
  tokenize="unicode61 remove_diacritics 0", prefix='1 2 3', detail='none', columnsize=0
)
"""
_ADD = "INSERT INTO crm_customersearch_fts (rowid, text) VALUES (NEW.customer_id, NEW.text);"
_REMOVE = (
    "INSERT INTO crm_customersearch_fts (crm_customersearch_fts, rowid, text)"
    " VALUES ('delete', OLD.customer_id, OLD.text);"
)
TRIGGERS = {
    "crm_customersearch_added": f"AFTER INSERT ON crm_customersearch BEGIN {_ADD} END",
    "crm_customersearch_removed": f"AFTER DELETE ON crm_customersearch BEGIN {_REMOVE} END",
    "crm_customersearch_changed": (
        f"AFTER UPDATE ON crm_customersearch BEGIN {_REMOVE} {_ADD} END"
    ),
}


def install(using: str = "default", **_signal: object) -> None:
    """SQLite: make what is missing of the FTS5 table and its triggers, and fill it if it was.

    Called by the migration and after every migrate: a table rebuild drops its triggers.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    if "crm_customersearch" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE tbl_name LIKE 'crm_customersearch%'")
        there = {name for (name,) in cursor.fetchall()}
        if {"crm_customersearch_fts", *TRIGGERS} <= there:
            return
        cursor.execute(FTS)
        for name, body in TRIGGERS.items():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {body}")
        cursor.execute(
            "INSERT INTO crm_customersearch_fts (crm_customersearch_fts) VALUES ('rebuild')"
        )
