"""The list of customers: find, filter, sort, select."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from crm import columns, duplicates, segments, suggestions
from crm.filters import SORTS, CustomerFilter
from crm.models import Customer
from staff.access import Role, access, acting_user
from staff.models import User
from staff.pages import Composed, Count, Countable, Page, capped_counts, paginate, render_page
from staff.templatetags.vinculo import initials

SORT_LABELS = {
    "name": gettext_lazy("By name"),
    "name_desc": gettext_lazy("By name, from the end"),
    "stage": gettext_lazy("By stage"),
    "last_purchase": gettext_lazy("Last purchase first"),
    "newest": gettext_lazy("Newest first"),
    "oldest": gettext_lazy("Oldest first"),
}
EVERYBODY = Composed(Customer.objects.active)
PAIRS = Composed(duplicates.open_pairs)


@access(read=Role.READ_ONLY)
@require_safe
def customer_list(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    shown = columns.of(user, request)
    rows = columns.ready(shown)
    chosen = CustomerFilter(request.GET, queryset=rows, request=request)
    page = paginate(chosen.qs, request, key=chosen.key)
    is_filtered = bool(chosen.chosen)
    counts = _counts(chosen, page, is_filtered=is_filtered)
    total = counts["total"]
    context = {
        "page": page,
        "rows": _rows(page, shown, request.business.currency),  # type: ignore[attr-defined]
        "heads": _heads(shown, chosen),
        "name_head": _sorting(("name", "name_desc"), chosen),
        "columns": [column.name for column in shown],
        "filter": chosen,
        "chips": chosen.chips(),
        "facts": _facts(total, counts["matching"] if is_filtered else None),
        "matching": counts["matching"],
        "duplicates": counts["duplicates"],
        "is_filtered": is_filtered,
        "has_any": is_filtered or total.number > 0,
        **_segments(user, chosen),
        **_ways_on(user, chosen),
    }
    return render_page(request, "crm/customer_list.html", context, fragment="results")


def _counts(chosen: CustomerFilter, page: Page[Customer], *, is_filtered: bool) -> dict[str, Count]:
    """How many there are, how many match and how many pairs may be one, in one query."""
    asked: dict[str, Countable] = {"total": EVERYBODY, "duplicates": PAIRS}
    is_whole = page.is_only and not {"after", "before"} & chosen.data.keys()
    if is_filtered and not is_whole:
        asked["matching"] = chosen.counted
    counts = capped_counts(asked)
    matching = Count(len(page)) if is_filtered else counts["total"]
    return {"matching": matching, **counts}


def _facts(total: Count, matching: Count | None) -> str:
    """How many there are, and how many match; nothing when there is nobody at all."""
    said = []
    if total.number or matching is not None:
        all_of_them = ngettext("%(total)s customer", "%(total)s customers", total.number)
        said.append(all_of_them % {"total": total})
    if matching is not None:
        match = ngettext("%(matching)s matches", "%(matching)s match", matching.number)
        said.append(match % {"matching": matching})
    return " · ".join(said)


def _rows(
    page: Page[Customer], shown: Sequence[columns.Column], currency: str
) -> list[dict[str, Any]]:
    """What the list says of each: texts ready to be shown, which a template finds fastest in a dict."""
    columns.complete(page.rows, shown, currency)
    pages = reverse("crm:customer", args=[0]).removesuffix("0/")
    cells = columns.writer(shown)
    return [
        {
            "pk": (pk := str(customer.pk)),
            "url": f"{pages}{pk}/",
            "name": customer.name,
            "initials": initials(customer.name),
            "cells": cells(customer),
        }
        for customer in page
    ]


def _heads(shown: Sequence[columns.Column], chosen: CustomerFilter) -> list[dict[str, Any]]:
    """The heads of the columns, with where a click on one leads."""
    return [
        {
            "label": column.label,
            "css": columns.css(column, place).replace("cell-fact", "").replace("nowrap", ""),
            **_sorting(column.sorts, chosen),
        }
        for place, column in enumerate(shown)
    ]


def _sorting(sorts: Sequence[str], chosen: CustomerFilter) -> dict[str, str]:
    if not sorts:
        return {}
    # A second click turns the order round, where an index serves that.
    current = chosen.sort
    following = sorts[-1] if current == sorts[0] else sorts[0]
    direction = "descending" if SORTS[current][0].startswith("-") else "ascending"
    return {
        "address": chosen.address(sort=following),
        "direction": direction if current in sorts else "",
    }


def _segments(user: User, chosen: CustomerFilter) -> dict[str, Any]:
    tabs = segments.tabs(user, chosen)
    may_change = tabs.current is not None and segments.can_edit(tabs.current, user)
    return {"tabs": tabs, "may_change_segment": may_change}


def _ways_on(user: User, chosen: CustomerFilter) -> dict[str, Any]:
    """Where one can go from here: sorted otherwise, filtered, on to a survey."""
    addresses = {name: chosen.address(sort=name) for name in SORTS}
    query, sort = chosen.address().removeprefix("?"), chosen.sort
    return {
        "may_write": user.has_role(Role.AGENT),
        "sorts": [(SORT_LABELS[name], addresses[name], name == sort) for name in SORTS],
        "sort_label": SORT_LABELS[sort],
        "filter_query": query,
        # What the search field keeps when it sends itself.
        "kept": [(name, value) for name, value in chosen.parameters() if name != "q"],
        "preflight_url": _page_of_a_higher_room("surveys:preflight"),
    }


def _page_of_a_higher_room(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@access(read=Role.READ_ONLY)
@require_safe
def customer_filter(request: HttpRequest) -> HttpResponse:
    nobody = Customer.objects.none()
    chosen = CustomerFilter(request.GET, queryset=nobody, whole=True, request=request)
    context = {
        "filter": chosen,
        "groups": list(chosen.fieldsets()),
        "words": suggestions.recent_words("source", "city", "country"),
    }
    return render_page(request, "crm/customer_filter.html", context, fragment="form")
