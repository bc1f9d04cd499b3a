"""The columns of the customer list: which there are, which a person has chosen, what stands in them.

A column's name is the same in an export (crm.exports), which writes the columns on screen. Fifty rows
of these are what the list costs, so a cell is put together here and not in a template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm import custom
from crm.models import Affiliation, Customer, CustomField, ListColumns
from crm.registry import CUSTOMER_COLUMNS, CustomerColumn
from staff.formats import ago, date_short, money
from staff.models import User
from staff.prepared import Prepared
from staff.templatetags.vinculo import icon

PAGE = "customers"
CUSTOM = "custom."
USUAL = ("stage", "owner", "tags", "last_contact", "last_purchase")
# More of them would leave none of them room.
MOST = 14
MICROS = 1_000_000


@dataclass(frozen=True)
class Column:
    """`cell` makes what stands in a row's cell: texts are escaped, what is safe stays.

    `gives` is how early it gives way: "cell-low" where there is little room, "cell-drop" on a phone.
    `sorts` are the orders that its head leads to, which an index serves. On a phone, where no head
    tells what a figure is, `says_name` puts its name before it.
    """

    name: str
    label: str | Promise
    cell: Callable[[Any], Any]
    css: str = "cell-fact"
    gives: str = "cell-low"
    sorts: tuple[str, ...] = ()
    says_name: bool = False


def _stage(customer: Customer) -> SafeString:
    stage = customer.stage
    return mark_safe(  # noqa: S308 (a stage is one of three)
        f'<span class="stage stage-{stage}">{escape(capfirst(Customer.Stage(stage).label))}</span>'
    )


def _tags(customer: Any) -> SafeString:
    chips = [
        f'<span class="chip">{escape(name)}</span>'
        for _folded, name in sorted(customer.tag_words or ())
    ]
    return mark_safe(" ".join(chips))  # noqa: S308 (escaped above)


def _moment(name: str) -> Callable[[Any], Any]:
    def cell(customer: Any) -> Any:
        value = getattr(customer, name)
        return ago(value) if value else ""

    return cell


def _chosen(name: str, words: Mapping[str, Any]) -> Callable[[Any], str]:
    return lambda customer: str(words.get(getattr(customer, name), ""))


def _year(customer: Any) -> str:
    if customer.year_micros is None:
        return ""
    return money(Decimal(customer.year_micros) / MICROS, customer.currency)


OWN: tuple[Column, ...] = (
    Column("stage", gettext_lazy("Stage"), _stage, gives="", sorts=("stage",)),
    Column(
        "owner",
        gettext_lazy("Owner"),
        lambda customer: str(customer.owner or ""),
        css="cell-fact cell-owner",
    ),
    Column("tags", gettext_lazy("Tags"), _tags, css="cell-fact cell-tags"),
    Column(
        "last_contact",
        gettext_lazy("Last contact"),
        _moment("last_contact_at"),
        css="cell-fact nowrap",
        gives="cell-drop",
        says_name=True,
    ),
    Column(
        "last_purchase",
        gettext_lazy("Last purchase"),
        _moment("last_order_at"),
        css="cell-number cell-fact",
        gives="",
        sorts=("last_purchase",),
    ),
    Column(
        "value",
        gettext_lazy("Income of 12 months"),
        _year,
        css="cell-number cell-fact",
        says_name=True,
    ),
    Column("tier", gettext_lazy("Loyalty tier"), lambda customer: str(customer.tier or "")),
    Column(
        "email",
        gettext_lazy("E-mail"),
        lambda c: c.reach.get("email", ""),
        css="cell-fact cell-cut",
    ),
    Column(
        "phone", gettext_lazy("Phone"), lambda c: c.reach.get("phone", ""), css="cell-fact nowrap"
    ),
    Column("city", gettext_lazy("City"), lambda customer: customer.city, css="cell-fact cell-cut"),
    Column("country", gettext_lazy("Country"), lambda c: c.country, css="cell-fact cell-cut"),
    Column("source", gettext_lazy("Source"), lambda c: c.source, css="cell-fact cell-cut"),
    Column("language", gettext_lazy("Language"), _chosen("language", dict(settings.LANGUAGES))),
    Column("kind", gettext_lazy("Kind"), _chosen("kind", dict(Customer.Kind.choices))),
    Column(
        "created_at",
        pgettext_lazy("when a customer was added", "Added"),
        _moment("created_at"),
        css="cell-fact nowrap",
        sorts=("newest", "oldest"),
        says_name=True,
    ),
    Column(
        "birthday",
        gettext_lazy("Birthday"),
        lambda customer: date_short(customer.birthday) if customer.birthday else "",
        css="cell-fact nowrap",
        says_name=True,
    ),
)
BY_NAME = {column.name: column for column in OWN}


def _further(entry: CustomerColumn) -> Column:
    """One that a higher room adds: figures, without an order that an index serves."""
    label: Any = entry.label
    return Column(
        entry.name,
        label,
        entry.cell,
        css="cell-number cell-fact",
        gives="cell-drop",
        says_name=True,
    )


def _own_field(field: CustomField) -> Column:
    is_figure = field.kind == CustomField.Kind.NUMBER
    return Column(
        f"{CUSTOM}{field.key}",
        field.label,
        lambda customer: custom.show(field, customer.custom.get(field.key)),
        css="cell-number cell-fact" if is_figure else "cell-fact cell-cut",
        says_name=True,
    )


# --- Which ----------------------------------------------------------------------------------

SAVED: Prepared[Any] = Prepared(
    lambda user: ListColumns.objects.filter(page=PAGE, user=user).values_list("columns"), int
)


def names_of(user: User) -> list[str]:
    """The names of the columns that a person has chosen; none while they have chosen nothing."""
    found = SAVED.first(user.pk)
    return list(found[0]) if found else []


def of(user: User, request: HttpRequest | None = None) -> list[Column]:
    """A person's columns in their order; those of a field that is gone are left out."""
    names = names_of(user) or USUAL
    return [column for name in names if (column := named(name, request)) is not None]


def named(name: str, request: HttpRequest | None = None) -> Column | None:
    if not name.startswith(CUSTOM):
        further = {entry.name: entry for entry in CUSTOMER_COLUMNS.all()}
        return _further(further[name]) if name in further else BY_NAME.get(name)
    key = name.removeprefix(CUSTOM)
    return next((_own_field(one) for one in custom.fields(request) if one.key == key), None)


def offered(request: HttpRequest | None = None) -> list[Column]:
    """All there are to choose from."""
    further = [_further(entry) for entry in CUSTOMER_COLUMNS.all() if entry.is_offered()]
    return [*OWN, *further, *(_own_field(field) for field in custom.fields(request))]


# --- What stands in them --------------------------------------------------------------------


def ready(columns: Iterable[Column]) -> QuerySet[Customer]:
    """All customers with all that these columns show, in one query; `complete` adds the rest."""
    names = frozenset(column.name for column in columns)
    found: Any = _ready(names).all()
    # Counts from now on: not to be kept.
    return found.with_income_of_a_year() if "value" in names else found  # type: ignore[no-any-return]


@lru_cache(maxsize=256)
def _ready(names: frozenset[str]) -> QuerySet[Customer]:
    """Composed once, never asked itself."""
    found: Any = Customer.objects.all()
    related: list[str] = [name for name in ("owner", "tier") if name in names]
    for entry in CUSTOMER_COLUMNS.all():
        related += entry.along if entry.name in names else ()
    if related:
        found = found.select_related(*related)
    if "tags" in names:
        found = found.with_tag_words()
    has_custom = any(name.startswith(CUSTOM) for name in names)
    return found.defer("notes") if has_custom else found.defer("notes", "custom")  # type: ignore[no-any-return]


def complete(customers: Sequence[Any], columns: Iterable[Column], currency: str) -> None:
    """Give each its `reach`, {"email": …, "phone": …} of whoever is first to ask there, in one query;
    and the `currency` of what they brought.
    """
    names = {column.name for column in columns}
    if names & {"value", *(entry.name for entry in CUSTOMER_COLUMNS.all())}:
        for customer in customers:
            customer.currency = currency
    if not {"email", "phone"} & names:
        return
    found: dict[int, dict[str, str]] = {customer.pk: {} for customer in customers}
    points = Affiliation.objects.filter(
        customer__in=found, until=None, contact__points__retired_at=None
    )
    rows = points.order_by("-is_primary", "pk", "contact__points__pk").values_list(
        "customer_id", "contact__points__kind", "contact__points__value"
    )
    for customer_id, kind, value in rows:
        found[customer_id].setdefault(kind, value)
    for customer in customers:
        customer.reach = found[customer.pk]


def css(column: Column, place: int) -> str:
    """A cell's classes: the first column stays, later ones give way the sooner the later."""
    if place == 0:
        return column.css
    gives = f" {column.gives}" if column.gives else ""
    return f"{column.css}{gives}{f' col-{place}' if place > 4 else ''}"


def writer(columns: Sequence[Column]) -> Callable[[Any], SafeString]:
    """What makes all cells of a customer's row; composed once for all rows."""
    parts = [
        (column.cell, f'<td class="{css(column, place)}">', _name_on_a_phone(column))
        for place, column in enumerate(columns)
    ]

    def write(customer: Any) -> SafeString:
        cells = []
        for cell, opening, name in parts:
            shown = cell(customer)
            if shown == "":
                cells.append(f"{opening}</td>")
            else:
                cells.append(f"{opening}{name}{conditional_escape(shown)}</td>")
        return mark_safe("".join(cells))  # noqa: S308 (each value is escaped)

    return write


def _name_on_a_phone(column: Column) -> str:
    label = escape(str(column.label))
    if column.name == "last_purchase":
        cart = icon("shopping-cart")
        return f'<span class="phone-only">{cart}<span class="visually-hidden">{label}</span></span>'
    return f'<span class="phone-only">{label}:</span>' if column.says_name else ""
