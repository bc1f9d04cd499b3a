"""Finding customers by the beginnings of words (crm.words), whatever those stand in.

`index` fills CustomerSearch with folded words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from crm import folding, phones
from crm.among import Among
from crm.batches import batches
from crm.models import Affiliation, ContactPoint, Customer, CustomerSearch
from crm.words import Term, WordIndex, index_words, search_words, words_of_all
from staff.bulk import insert_rows, save_rows
from staff.models import Business

WORDS = WordIndex(table="crm_customersearch", key="customer_id", name="crm_customer_words")
# A company with hundreds of contacts is still found by the first of them.
MOST_WORDS = 600
# More customers than these are not put in order: the order is walked through instead.
MANY = 2_000
# With so many letters, even a common name is not everybody's: its customers are soon looked up.
TELLING = 4
# From so many digits on a number may be whole: worth reading by its country's rules.
WHOLE_NUMBER = 8


# What else has to follow when customers are called otherwise; a higher room adds its own.
FOLLOWERS: list[Callable[[Sequence[int]], object]] = []


def followed_by(follower: Callable[[Sequence[int]], object]) -> None:
    """Have `follower` called with the ids of customers whose words changed; from AppConfig.ready."""
    if follower not in FOLLOWERS:
        FOLLOWERS.append(follower)


# --- Filling -----------------------------------------------------------------------------


def index(customer_ids: Iterable[int]) -> int:
    """Bring the search rows of these customers up to date; how many changed.

    To be called by whatever changes a name, city, tag, contact or contact point.
    """
    return sum(_index(batch) for batch in batches(customer_ids))


def first_row(customer: Customer, texts: Iterable[str]) -> CustomerSearch:
    """The row, not written yet, of a customer made just now, of whom there are these texts in their
    order: names, then e-mail addresses."""
    return CustomerSearch(customer=customer, text=text_of(texts))


def stale(ids: Sequence[int]) -> dict[int, str]:
    """What the search rows of these customers should say, of those that say something else."""
    return _compared(ids)[1]


def _compared(ids: Sequence[int]) -> tuple[dict[int, str], dict[int, str]]:
    """The rows as they are, and as they should be where that differs."""
    stored = dict(CustomerSearch.objects.filter(Among("pk", ids)).values_list("pk", "text"))
    return stored, {pk: text for pk, text in _texts(ids).items() if stored.get(pk) != text}


def _index(ids: Sequence[int]) -> int:
    stored, changed = _compared(ids)
    renamed = [pk for pk in changed if pk in stored]
    save_rows(CustomerSearch, ["text"], [(pk, changed[pk]) for pk in renamed])
    CustomerSearch.objects.bulk_create(
        [CustomerSearch(customer_id=pk, text=changed[pk]) for pk in changed if pk not in stored],
        update_conflicts=True,
        update_fields=["text"],
        unique_fields=["customer"],
    )
    if renamed:
        follow(renamed)
    return len(changed)


def follow(customer_ids: Sequence[int]) -> None:
    """Let follow what is found by the names of these customers; `index` does so when those change."""
    for follower in FOLLOWERS:
        follower(customer_ids)


def index_fresh(rows: Iterable[tuple[int, str]]) -> None:
    """Write the rows of customers who have none yet: (id, `text_of`)."""
    insert_rows(CustomerSearch, ["customer_id", "text"], rows)


def rewrite(texts: Mapping[int, str]) -> None:
    """Write the words (`text_of`) of customers whose words surely changed."""
    if save_rows(CustomerSearch, ["text"], texts.items()) < len(texts):
        index(texts)
    else:
        follow(list(texts))


def text_of(texts: Iterable[str], points: Iterable[tuple[str, str]] = ()) -> str:
    """The words by which these texts (names, places, tags) and then contact points, each its kind
    and its value, are found."""
    words = words_of_all(texts)
    for kind, value in points:
        words += _words_of_point(kind, value)
    return " ".join(list(dict.fromkeys(words))[:MOST_WORDS])


def _words_of_point(kind: str, value: str) -> list[str]:
    is_phone = kind == ContactPoint.Kind.PHONE
    return phones.search_tokens(value) if is_phone else index_words(value)


def _texts(ids: Sequence[int]) -> dict[int, str]:
    """What each customer can be found by, in five queries for any number of them."""
    found: dict[int, list[str]] = {}
    rows = Customer.objects.filter(Among("pk", ids)).values_list(
        "pk", "name", "city", "external_id"
    )
    for pk, *texts in rows:
        found[pk] = [word for text in texts for word in index_words(text)]
    tags = Customer.tags.through.objects.filter(Among("customer_id", ids))
    for pk, tag in tags.order_by("pk").values_list("customer_id", "tag__name"):
        found[pk] += index_words(tag)
    of_contact: dict[int, list[int]] = defaultdict(list)
    people = Affiliation.objects.filter(Among("customer_id", ids), until=None)
    named = people.order_by("-is_primary", "pk")
    for pk, contact, name in named.values_list("customer_id", "contact_id", "contact__name"):
        of_contact[contact].append(pk)
        found[pk] += index_words(name)
    points = ContactPoint.objects.filter(Among("contact_id", list(of_contact)), retired_at=None)
    for contact, kind, value in points.order_by("pk").values_list("contact_id", "kind", "value"):
        found_by = _words_of_point(kind, value)
        for pk in of_contact[contact]:
            found[pk] += found_by
    return {pk: " ".join(list(dict.fromkeys(words))[:MOST_WORDS]) for pk, words in found.items()}


# --- Finding -----------------------------------------------------------------------------


def matching(text: str) -> Q:
    """A filter of Customer: each word of `text` begins a word of theirs; blank matches all.

    A telephone number is found in any spelling. Only letters and digits of `text` reach the
    database, so nothing in it is search syntax. One query on PostgreSQL, which then knows how to go
    about it, or two for a few letters that may begin any word; none on SQLite.
    """
    return found(text)[0]


def found(text: str) -> tuple[Q, list[Term]]:
    """That filter; and the terms, if so many customers satisfy them that `Many` had better count."""
    terms = parse(text)
    if terms is None:
        return Q(), []
    if not terms:
        return Q(pk__in=[]), []
    longest = max(len(word) for term in terms for words in term.alternatives for word in words)
    asked, are_many = WORDS.find(terms, MANY, guesses=longest < TELLING)
    return asked, terms if are_many else []


@dataclass(frozen=True)
class Many:
    """Those of `among` who satisfy common `terms`, to be counted by staff.pages.capped_counts."""

    terms: Sequence[Term]
    among: QuerySet[Customer]

    def sql(self, most: int) -> tuple[str, tuple[Any, ...]]:
        return WORDS.counting(self.terms, self.among, most)


def parse(text: str) -> list[Term] | None:
    """The terms of a search; None when blank, no term at all when nothing can match."""
    if not text.strip():
        return None
    text = phones.unicode_digits(text)
    runs = phones.runs(text)
    terms = []
    region = _region() if any(sum(map(str.isdigit, run)) >= WHOLE_NUMBER for run in runs) else None
    for run in runs:
        text = phones.without(text, run)
        spelt = [(digits,) for digits in phones.spellings(run, region)]
        terms.append(Term(tuple(dict.fromkeys([*spelt, tuple(folding.words(run))]))))
    terms += [Term(((word,),)) for word in search_words(text)]
    return terms


def _region() -> str:
    return phones.default_region(Business.current())
