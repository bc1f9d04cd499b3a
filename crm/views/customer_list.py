"""The list of customers: find, filter, sort, select."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from crm import actions, segments, suggestions
from crm.filters import SORTS, CustomerFilter
from crm.models import Customer
from crm.views.going_back import back, undo_tag
from staff.access import Role, access, acting_user
from staff.formats import ago
from staff.models import User
from staff.pages import capped_count, paginate, render_page
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
    total = capped_count(Customer.objects.active())
    is_filtered = bool(chosen.chosen)
    context = {
        "page": page,
        "rows": [_row(customer) for customer in page],
        "filter": chosen,
        "chips": chosen.chips(),
        "total": total,
        "matching": capped_count(chosen.qs) if is_filtered else total,
        "is_filtered": is_filtered,
        "has_any": is_filtered or total.number > 0,
        **_segments(acting_user(request), chosen),
        **_ways_on(request, chosen),
    }
    return render_page(request, "crm/customer_list.html", context, fragment="results")


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


@access(write=Role.AGENT)
@require_POST
def archive_selected(request: HttpRequest) -> HttpResponse:
    change_set = actions.archive_customers(customer_ids=selected(request), by=acting_user(request))
    done = back(request, "crm:customer-list")
    if change_set is None:
        messages.info(request, _("Nobody was selected who could be archived."))
        return done
    count = change_set.facts["customers"]
    words = ngettext("%(count)s customer archived.", "%(count)s customers archived.", count)
    tag = undo_tag("crm:undo", change_set.pk, to=done.url)
    messages.success(request, words % {"count": count}, extra_tags=tag)
    return done


@access(write=Role.AGENT)
@require_POST
def restore_selected(request: HttpRequest) -> HttpResponse:
    change_set = actions.restore_customers(customer_ids=selected(request), by=acting_user(request))
    done = back(request, "crm:customer-list")
    if change_set is None:
        messages.info(request, _("Nobody was selected who is in the archive."))
        return done
    count = change_set.facts["customers"]
    words = ngettext(
        "%(count)s customer is back from the archive.",
        "%(count)s customers are back from the archive.",
        count,
    )
    tag = undo_tag("crm:undo", change_set.pk, to=done.url)
    messages.success(request, words % {"count": count}, extra_tags=tag)
    return done


def selected(request: HttpRequest) -> list[int]:
    """The ids of the checked rows; what is no id is left out."""
    return [int(pk) for pk in request.POST.getlist("customer") if pk.isdecimal() and len(pk) < 19]
