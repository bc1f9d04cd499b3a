"""Finding tickets by number and by the beginnings of words (crm.words).

`index` fills TicketSearch with the folded words of what a person remembers of a ticket: its subject,
its first message, who asked, the customer's name. Whoever searches sees only what
`TicketQuerySet.visible_to` lets them see: `matching` is one more filter on that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.db.models import OuterRef, Q, Subquery

from crm import search as customer_search
from crm.among import Among
from crm.batches import batches
from crm.words import Term, WordIndex, index_words, search_words
from support.models import Message, Participant, Ticket, TicketSearch

WORDS = WordIndex(table="support_ticketsearch", key="ticket_id", name="support_ticket_words")
# Of the first message, which is what it is about; the rest of the talk is not looked through.
MOST_CHARACTERS = 4000
MOST_WORDS = 250


def index(ticket_ids: Iterable[int]) -> int:
    """Bring the search rows of these tickets up to date; how many changed.

    To be called by whatever opens a ticket or changes its subject, customer, contact or participants.
    """
    return sum(_index(batch) for batch in batches(ticket_ids))


def index_new(ticket: Ticket, people: Iterable[str], text: str) -> None:
    """The row of a ticket made just now, whose participants' names and addresses are `people` and
    whose first message says `text`: one query."""
    contact = ticket.contact.name if ticket.contact else ""
    texts = [ticket.subject, ticket.customer.name, contact, ticket.external_id, *people, text]
    TicketSearch.objects.create(ticket=ticket, text=_words(ticket.pk, texts))


def index_of_customers(customer_ids: Sequence[int]) -> int:
    """The same for all tickets of customers who are called otherwise now."""
    tickets = Ticket.objects.filter(Among("customer_id", customer_ids)).order_by()
    return index(tickets.values_list("pk", flat=True).iterator())


def stale(ids: Sequence[int]) -> dict[int, str]:
    """What the search rows of these tickets should say, of those that say something else."""
    stored = dict(TicketSearch.objects.filter(pk__in=ids).values_list("pk", "text"))
    return {pk: text for pk, text in _texts(ids).items() if stored.get(pk) != text}


def _index(ids: Sequence[int]) -> int:
    changed = [TicketSearch(ticket_id=pk, text=text) for pk, text in stale(ids).items()]
    TicketSearch.objects.bulk_create(
        changed, update_conflicts=True, update_fields=["text"], unique_fields=["ticket"]
    )
    return len(changed)


def _texts(ids: Sequence[int]) -> dict[int, str]:
    """What each ticket can be found by, in two queries for any number of them."""
    first = Message.objects.filter(ticket=OuterRef("pk"), withdrawn_at=None)
    rows = (
        Ticket.objects.filter(pk__in=ids)
        .annotate(first_text=Subquery(first.order_by("created_at", "pk").values("text")[:1]))
        .values_list(
            "pk", "subject", "customer__name", "contact__name", "external_id", "first_text"
        )
    )
    people: dict[int, list[str]] = {}
    taking_part = Participant.objects.filter(ticket__in=ids).order_by("pk")
    for pk, name, address in taking_part.values_list("ticket_id", "name", "address"):
        people.setdefault(pk, []).extend((name, address))
    return {
        pk: _words(pk, [subject, customer, contact, external_id, *people.get(pk, ()), text])
        for pk, subject, customer, contact, external_id, text in rows
    }


def _words(pk: int, texts: Iterable[str | None]) -> str:
    found = [_number(pk)]
    for text in texts:
        found += index_words((text or "")[:MOST_CHARACTERS])
    return " ".join(list(dict.fromkeys(found))[:MOST_WORDS])


def _number(pk: int) -> str:
    """A ticket's number as a word with an end: 12 is not the beginning of 123."""
    return f"n{pk}n"


def matching(text: str) -> Q:
    """A filter of Ticket: each word of `text` begins a word of it; blank matches all.

    "#12" is the ticket of that number; "12" that one, and those that speak of 12, or 1234.
    """
    return found(text)[0]


def found(text: str) -> tuple[Q, bool]:
    """That filter, and whether so many tickets satisfy it that they are not worth counting.

    Two queries on PostgreSQL, which then knows how to go about it; none on SQLite, nor for "#12".
    """
    if number := ONE_NUMBER.fullmatch(text):
        return Q(pk=int(number[1])), False
    terms = parse(text)
    if terms is None:
        return Q(), False
    if not terms:
        return Q(pk__in=[]), False
    return WORDS.find(terms)


ONE_NUMBER = re.compile(r"\s*#([0-9]{1,18})\s*")
NUMBER = re.compile(r"(?<!\S)(#?)([0-9]{1,18})(?!\S)")


def parse(text: str) -> list[Term] | None:
    """The terms of a search; None when blank, no term at all when nothing can match."""
    if not text.strip():
        return None
    terms = []
    for sign, digits in NUMBER.findall(text):
        whole = (_number(int(digits)),)
        terms.append(Term((whole,) if sign else (whole, (digits,))))
    rest = NUMBER.sub(" ", text)
    return terms + [Term(((word,),)) for word in search_words(rest)]


def register() -> None:
    """Called from SupportConfig.ready."""
    customer_search.followed_by(index_of_customers)
