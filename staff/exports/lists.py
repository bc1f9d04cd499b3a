"""What can be exported: the lists that the rooms register, and the kinds that an import takes back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise

from staff.access import Role
from staff.models import User

# What stands in another table: for the values at a column's paths, found in a stretch of rows, what
# belongs to each, in one query. The person is None on the command line.
Look = Callable[[Collection[Any], User | None], Mapping[Any, Any]]


@dataclass(frozen=True)
class Column:
    """A column: what it is called, and what of a row stands in it.

    The value at `paths` ("name", "owner__name"; a tuple of values when there are several) is replaced
    by what `look` finds for it, then by what `show` makes of it: text, a number, a date, an aware
    instant, yes or no, or None.
    """

    name: str
    label: str | Promise
    paths: tuple[str, ...]
    show: Callable[[Any], Any] | None = None
    look: Look | None = None


def column(
    name: str,
    label: str | Promise,
    *paths: str,
    show: Callable[[Any], Any] | None = None,
    look: Look | None = None,
) -> Column:
    """A Column whose path is its name, unless others are given."""
    return Column(name, label, paths or (name,), show, look)


@dataclass(frozen=True)
class ExportList:
    """A list as a file. `rows` and `columns` get the filters of the list's address, and who asks.

    `rows` is a queryset in no particular order: it is read by `key`, stretch after stretch, so the last
    of the key's names is unique. `role` is the least that may have the file.
    """

    name: str
    title: str | Promise
    rows: Callable[[QueryDict, User | None], QuerySet[Any]]
    columns: Callable[[QueryDict, User | None], Sequence[Column]]
    key: Callable[[QueryDict, User | None], Sequence[str]] = lambda _query, _user: ("pk",)
    role: Role = Role.AGENT
    # Which checkboxes of the list's page name rows: of these alone, when some are sent.
    picks: str = ""
    # Whether the page of exports offers the whole of it.
    is_offered: bool = True


LISTS: dict[str, ExportList] = {}
# What `manage.py export KIND` writes, in the columns that `manage.py import KIND` reads.
KINDS: dict[str, ExportList] = {}


def register(export_list: ExportList) -> None:
    """Offer a list to people; called from AppConfig.ready."""
    LISTS[export_list.name] = export_list


def register_kind(export_list: ExportList) -> None:
    """Offer a kind to `manage.py export`; called from AppConfig.ready."""
    KINDS[export_list.name] = export_list
