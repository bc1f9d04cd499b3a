"""The list of customers: find, filter, sort, select."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm import duplicates, segments, suggestions
from crm.filters import SORTS, CustomerFilter
from crm.models import Customer
from staff.access import Role, access, acting_user
from staff.formats import ago
from staff.models import User
from staff.pages import Count, Page, capped_counts, paginate, render_page
from staff.templatetags.vinculo import initials

SORT_LABELS = {
    "name": gettext_lazy("By name"),
    "name_desc": gettext_lazy("By name, from the end"),
    "stage": gettext_lazy("By stage"),
    "last_purchase": gettext_lazy("Last purchase first"),
    "newest": gettext_lazy("Newest first"),
    "oldest": gettext_lazy("Oldest first"),
}


@access(read=Role.READ_ONLY)
@require_safe
def customer_list(request: HttpRequest) -> HttpResponse:
    chosen = CustomerFilter(request.GET, queryset=Customer.objects.for_list(), request=request)
    page = paginate(chosen.qs, request, key=chosen.key)
    is_filtered = bool(chosen.chosen)
    counts = _counts(chosen, page, is_filtered=is_filtered)
    total = counts["total"]
    context = {
        "page": page,
        "rows": [_row(customer) for customer in page],
        "filter": chosen,
        "chips": chosen.chips(),
        "total": total,
        "matching": counts["matching"],
        "duplicates": counts["duplicates"],
        "is_filtered": is_filtered,
        "has_any": is_filtered or total.number > 0,
        **_segments(acting_user(request), chosen),
        **_ways_on(request, chosen),
    }
    return render_page(request, "crm/customer_list.html", context, fragment="results")


def _counts(
    chosen: CustomerFilter, page: Page[Customer], *, is_filtered: bool
) -> dict[str, Count]:
    """How many there are, how many match and how many pairs may be one, in one query."""
    asked: dict[str, QuerySet[Any]] = {
        "total": Customer.objects.active(),
        "duplicates": duplicates.open_pairs(),
    }
    is_whole = page.is_only and not {"after", "before"} & chosen.data.keys()
    if is_filtered and not is_whole:
        asked["matching"] = chosen.qs
    counts = capped_counts(asked)
    matching = Count(len(page)) if is_filtered else counts["total"]
    return {"matching": matching, **counts}


def _row(customer: Customer) -> dict[str, Any]:
    """What the list says of one: texts ready to be shown, which a template finds fastest in a dict."""
    contact, purchase = customer.last_contact_at, customer.last_order_at
    return {
        "pk": str(customer.pk),
        "url": reverse("crm:customer", args=[customer.pk]),
        "name": customer.name,
        "initials": initials(customer.name),
        "stage": customer.stage,
        "stage_name": capfirst(Customer.Stage(customer.stage).label),
        "owner": str(customer.owner or ""),
        "tags": [tag.name for tag in customer.tags.all()],
        "last_contact": ago(contact) if contact else "",
        "last_purchase": ago(purchase) if purchase else "",
    }


def _segments(user: User, chosen: CustomerFilter) -> dict[str, Any]:
    tabs = segments.tabs(user, chosen)
    may_change = tabs.current is not None and segments.can_edit(tabs.current, user)
    return {"tabs": tabs, "may_change_segment": may_change}


def _ways_on(request: HttpRequest, chosen: CustomerFilter) -> dict[str, Any]:
    """Where one can go from here: sorted otherwise, filtered, on to a survey."""
    addresses = {name: chosen.address(sort=name) for name in SORTS}
    query = chosen.address().removeprefix("?")
    return {
        "may_write": acting_user(request).has_role(Role.AGENT),
        "sorts": [(name, SORT_LABELS[name], addresses[name]) for name in SORTS],
        "sort_label": SORT_LABELS[chosen.sort],
        "sort_addresses": addresses,
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
