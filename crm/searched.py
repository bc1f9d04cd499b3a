"""Whom people searched for: addresses of lists are kept with exports, changes, segments and the trail.

A name that was searched for is a trace of a person. After an erasure something stands in its place
that finds nobody: with less a question would ask for more people than before.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.apps import apps

from crm.folding import fold, words
from crm.models import Contact, ContactPoint, Customer
from crm.privacy import GONE, Person
from staff.models import AuditEntry

# So many digits are somebody's number rather than anybody's.
DIGITS = 6
# In which columns addresses of lists stand: whole, or in JSON under "query" or "filters".
QUESTIONS: set[str] = set()


def kept_in(*columns: str) -> None:
    """Name columns ("app.model.column"); called from AppConfig.ready."""
    QUESTIONS.update(columns)


class Mentions:
    """Whether a text that was searched for is the person's name, address, number or key."""

    def __init__(self, person: Person) -> None:
        them: list[Contact | Customer] = [person.contact]
        them += Customer.objects.filter(pk__in=person.customers)
        self.names = [words(one.name) for one in them if one.name]
        self.keys = {fold(one.external_id) for one in them if one.external_id}
        points = ContactPoint.objects.filter(contact=person.contact)
        self.points = set(points.values_list("value", flat=True))

    def __contains__(self, text: str) -> bool:
        said = words(text)
        return bool(said) and (
            fold(text) in self.keys
            or any(self._names(said, name) for name in self.names)
            or any(self._reaches(text, point) for point in self.points)
        )

    def _names(self, said: list[str], name: list[str]) -> bool:
        """Two words of the name in any order, perhaps unfinished; or all of it among others."""
        if len(set(name)) < 2:
            return said == name
        meant = {word for word in name for one in said if _begins(word, one)}
        strange = [one for one in said if not any(_begins(word, one) for word in name)]
        return set(name) <= set(said) or (len(meant) > 1 and not strange)

    def _reaches(self, text: str, point: str) -> bool:
        if point.startswith("+"):
            digits = "".join(one for one in text if one.isdigit())
            return len(digits) >= DIGITS and (digits in point or point.lstrip("+") in digits)
        asked = text.casefold()
        return point in asked or any("@" in one and point.startswith(one) for one in asked.split())


def _begins(word: str, asked: str) -> bool:
    return word == asked or (len(asked) > 2 and word.startswith(asked))


def forget(person: Person) -> None:
    """Take the person out of every question that is kept."""
    mentions = Mentions(person)
    for name in sorted(QUESTIONS):
        label, _dot, column = name.rpartition(".")
        _forget_in(apps.get_model(label)._base_manager.all(), column, mentions)
    trail = AuditEntry.objects.filter(changes__has_key="query")
    _forget_in(trail, "changes", mentions)


def _forget_in(rows: Any, column: str, mentions: Mentions) -> None:
    for pk, was in rows.exclude(**{column: ""}).values_list("pk", column).iterator(chunk_size=1000):
        now = _without(was, mentions)
        if now != was:
            rows.model._base_manager.filter(pk=pk).update(**{column: now})


def _without(value: Any, mentions: Mentions) -> Any:
    """An address of a list, or what holds such under "query", without the person."""
    if isinstance(value, str):
        return _asked_without(value, mentions)
    if isinstance(value, list):
        return [_without(one, mentions) for one in value]
    if isinstance(value, dict):
        kept = {"query": _without, "filters": _filters_without}
        return {name: kept.get(name, _as_it_is)(one, mentions) for name, one in value.items()}
    return value


def _as_it_is(value: Any, _mentions: Mentions) -> Any:
    return value


def _filters_without(filters: Any, mentions: Mentions) -> Any:
    """What was asked, by name: {"q": "…"}, or several of one name."""
    if isinstance(filters, dict):
        return {name: _filters_without(value, mentions) for name, value in filters.items()}
    if isinstance(filters, list):
        return [_filters_without(value, mentions) for value in filters]
    return GONE if isinstance(filters, str) and filters in mentions else filters


def _asked_without(query: str, mentions: Mentions) -> str:
    given = parse_qsl(query, keep_blank_values=True)
    if not any(value in mentions for _name, value in given):
        return query
    return urlencode([(name, GONE if value in mentions else value) for name, value in given])
