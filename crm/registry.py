"""What other rooms (and this one) show on the customer room's pages.

`crm` never looks up: a higher room registers in its AppConfig.ready, and the pages render what
is there, by `order`. Import kinds have a register of their own: crm.imports.kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from staff.access import Role

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django_filters import Filter

    from crm.models import Customer
    from staff.models import User


class Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def order(self) -> int: ...


Entry = TypeVar("Entry", bound=Named)


@dataclass
class Registry(Generic[Entry]):
    """Entries by name; registering a name again replaces it, so a reload does no harm."""

    _entries: dict[str, Entry] = field(default_factory=dict)

    def register(self, entry: Entry) -> None:
        self._entries[entry.name] = entry

    def remove(self, name: str) -> None:
        self._entries.pop(name, None)

    def all(self) -> list[Entry]:
        return sorted(self._entries.values(), key=lambda entry: (entry.order, entry.name))


@dataclass(frozen=True)
class Panel:
    """A card beside a customer's timeline: `template` rendered with what `context` returns.

    `context` gets the request and the customer of `Customer.objects.for_page()`; None leaves the
    panel out. All panels together share the customer page's 14 queries: one query each. What the
    context has under "health", Facts with a tone, is said in the line that tells how it stands.
    `along` are relations to one row that are read together with the customer, by no query more.
    """

    name: str
    template: str
    context: Callable[[HttpRequest, Customer], dict[str, Any] | None]
    order: int = 50
    along: tuple[str, ...] = ()


@dataclass(frozen=True)
class TodayList:
    """A list on a person's Today page, e.g. promises due; left out when `context` returns None.

    `title` is lazily translated; `context` gets the request and makes one query.
    """

    name: str
    title: object
    template: str
    context: Callable[[HttpRequest], dict[str, Any] | None]
    order: int = 50


@dataclass(frozen=True)
class Fact:
    """One thing that is known: a label and its value, both ready to be shown."""

    label: object
    value: object
    tone: str = ""  # "", "good", "watch" or "bad"
    # Where to look: an address, or a place on the page such as "#tickets-title".
    url: str = ""


@dataclass(frozen=True)
class CustomerAction:
    """A button or menu entry on a customer's page, e.g. "Send a survey".

    `url` makes the address from the customer; `is_offered` is the action's own predicate.
    """

    name: str
    title: object
    url: Callable[[Customer], str]
    role: Role = Role.AGENT
    is_offered: Callable[[Customer], bool] = lambda customer: customer.archived_at is None
    order: int = 50


@dataclass(frozen=True)
class TimelineMark:
    """How a record shows on the timeline beside the interaction that tells of it.

    `name` is its model's label ("surveys.response"); `contexts` gets the ids on the page and
    returns, in one query, what `template` is rendered with for each id that is still there.
    `instead_of_summary`: it says all that the interaction's own line would.
    """

    name: str
    template: str
    contexts: Callable[[Collection[int]], Mapping[int, dict[str, Any]]]
    instead_of_summary: bool = False
    order: int = 50


@dataclass(frozen=True)
class CustomerFilterEntry:
    """A further filter of the list of customers, `?name=value`; the name is a promise.

    `make` returns a fresh django_filters filter with its label, empty_label and `method`, a
    callable of (customers, name, value); `words` says a value, e.g. "with an open ticket". It
    stands in `group`: "who", "when", "worth" or "open".
    """

    name: str
    make: Callable[[], Filter]
    words: Callable[[Any], str]
    group: str = "open"
    order: int = 50


@dataclass(frozen=True)
class CustomerColumn:
    """A further column of the list of customers, and of its export where a person has chosen it.

    `cell` makes what stands there of a customer, who has a `currency`; "" for nothing. `along` are
    relations to one row that are read together with the customers, for who has chosen the column;
    `path` leads to the value that an export writes. The name is a promise.
    """

    name: str
    label: object
    cell: Callable[[Any], Any]
    path: str
    along: tuple[str, ...] = ()
    is_offered: Callable[[], bool] = lambda: True
    order: int = 50


@dataclass(frozen=True)
class PaletteItem:
    """One line of what a search offers: where it leads, and what tells it from its namesakes."""

    title: str
    url: str
    note: str = ""
    icon: str = ""


@dataclass(frozen=True)
class PaletteGroup:
    """What a search finds of one kind, or offers to do: "Customers", "Tickets", "Create".

    `find` gets the request and what was typed, stripped, "" at first; it returns a few items for this
    person, in a query or two. `title` is lazily translated.
    """

    name: str
    title: object
    find: Callable[[HttpRequest, str], list[PaletteItem]]
    order: int = 50
    # Before all others while nothing is typed: things to do.
    leads: bool = False


PANELS: Registry[Panel] = Registry()
TODAY_LISTS: Registry[TodayList] = Registry()
CUSTOMER_ACTIONS: Registry[CustomerAction] = Registry()
TIMELINE_MARKS: Registry[TimelineMark] = Registry()
PALETTE: Registry[PaletteGroup] = Registry()
CUSTOMER_FILTERS: Registry[CustomerFilterEntry] = Registry()
CUSTOMER_COLUMNS: Registry[CustomerColumn] = Registry()


def read_along() -> list[str]:
    """The relations to one row that panels show of a customer."""
    return [name for panel in PANELS.all() for name in panel.along]


def panels(request: HttpRequest, customer: Customer) -> list[tuple[Panel, dict[str, Any]]]:
    """The panels of a customer's page with their contexts, in order."""
    found = ((panel, panel.context(request, customer)) for panel in PANELS.all())
    return [(panel, context) for panel, context in found if context is not None]


def today_lists(request: HttpRequest) -> list[tuple[TodayList, dict[str, Any]]]:
    found = ((entry, entry.context(request)) for entry in TODAY_LISTS.all())
    return [(entry, context) for entry, context in found if context is not None]


def customer_actions(user: User, customer: Customer) -> list[CustomerAction]:
    return [
        action
        for action in CUSTOMER_ACTIONS.all()
        if user.has_role(action.role) and action.is_offered(customer)
    ]


def timeline_marks(
    about: Mapping[str, Collection[int]],
) -> dict[tuple[str, int], list[tuple[str, dict[str, Any]]]]:
    """(template, context) of the marks of each record (model label, id): a query per model."""
    found: dict[tuple[str, int], list[tuple[str, dict[str, Any]]]] = {}
    for mark in TIMELINE_MARKS.all():
        ids = about.get(mark.name, ())
        if ids:
            for key, context in mark.contexts(ids).items():
                found.setdefault((mark.name, key), []).append((mark.template, context))
    return found


def marks_instead_of_summary() -> set[str]:
    return {mark.name for mark in TIMELINE_MARKS.all() if mark.instead_of_summary}
