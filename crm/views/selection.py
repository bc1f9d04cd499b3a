"""Many customers in one stroke: chosen on the list, or all that the list shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from crm import custom, segments, suggestions
from crm.actions import selections
from crm.actions.strokes import label
from crm.forms.bulk import ChangeCustomersForm
from crm.models import Customer
from crm.querysets import CustomerQuerySet
from crm.views.going_back import back, undo_tag
from staff.access import Role, access, acting_user
from staff.models import ChangeSet
from staff.pages import capped_count
from staff.refusals import Refusal

# More of them at once would keep the person and others waiting: the worker does it.
AT_ONCE = 1000


@dataclass(frozen=True)
class Selection:
    """The checked rows, or all that a list's `query` finds."""

    ids: list[int] | None
    query: str

    @classmethod
    def of(cls, data: QueryDict) -> Selection:
        query = data.get("query", "")[:4000]
        if data.get("everything"):
            return cls(None, query)
        given = data.getlist("customer")
        return cls([int(pk) for pk in given if pk.isdecimal() and len(pk) < 19], query)

    def customers(self) -> CustomerQuerySet:
        if self.ids is None:
            asked = segments.question(self.query)
            # A tag or person of the list may be gone since: that is nobody rather than everybody.
            found: CustomerQuerySet = asked.qs if asked.is_understood else asked.qs.none()
            return found
        return Customer.objects.filter(pk__in=self.ids)

    def few(self) -> list[int] | None:
        """Their keys when they are few enough to be changed at once, else None."""
        keys = self.customers().order_by().values_list("pk", flat=True)
        found = list(keys[: AT_ONCE + 1])
        return found if len(found) <= AT_ONCE else None


@access(write=Role.AGENT)
@require_POST
def archive_selected(request: HttpRequest) -> HttpResponse:
    nobody = _("Nobody was selected who could be archived.")
    return _stroke(request, "archive", {}, nobody=nobody)


@access(write=Role.AGENT)
@require_POST
def restore_selected(request: HttpRequest) -> HttpResponse:
    nobody = _("Nobody was selected who is in the archive.")
    return _stroke(request, "restore", {}, nobody=nobody)


STROKES: dict[str, Callable[..., ChangeSet | None]] = {
    "archive": selections.archive_customers,
    "restore": selections.restore_customers,
    "change": selections.change_customers,
}


def _stroke(
    request: HttpRequest, action: str, values: Mapping[str, Any], *, nobody: str
) -> HttpResponse:
    """At once with the way back in the message, or by the worker with a page that shows how far it is."""
    chosen, by = Selection.of(request.POST), acting_user(request)
    ids = chosen.few()
    if ids is None:
        bulk_edit = selections.begin_bulk_edit(
            action=action, values=values, by=by, customer_ids=chosen.ids, query=chosen.query
        )
        return redirect("crm:bulk-edit", bulk_edit.pk)
    done = back(request, "crm:customer-list")
    given = {"values": values} if values else {}
    change_set = STROKES[action](customer_ids=ids, by=by, **given)
    if change_set is None:
        messages.info(request, nobody)
        return done
    words = label(action, change_set.facts["customers"])
    tag = undo_tag("crm:undo", change_set.pk, to=done.url)
    messages.success(request, f"{words}.", extra_tags=tag)
    return done


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def change_selected(request: HttpRequest) -> HttpResponse:
    """Choose what is to change about them; the bar under the list posts here without an answer yet."""
    given = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" and "answer" not in request.POST:
        return redirect(f"{reverse('crm:customers-change')}?{urlencode(_carried(given))}")
    form = ChangeCustomersForm(request.POST or None, custom_fields=custom.fields(request))
    if request.method == "POST" and form.is_valid():
        try:
            nobody = _("Nobody was selected whom this would change.")
            return _stroke(request, "change", form.values(), nobody=nobody)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    count = capped_count(Selection.of(given).customers())
    if not count.number:
        messages.info(request, _("Nobody was selected."))
        return back(request, "crm:customer-list")
    title = ngettext("Change %(count)s customer", "Change %(count)s customers", count.number)
    context = {
        "form": form,
        "title": title % {"count": count},
        "carried": _carried(given),
        "home": back(request, "crm:customer-list").url,
        "words": suggestions.recent_words("source"),
    }
    status = 422 if form.is_bound else 200
    return render(request, "crm/customers_change.html", context, status=status)


def _carried(data: QueryDict) -> list[tuple[str, str]]:
    """The selection, for the next page's form."""
    names = ["everything", "query", "next"]
    if not data.get("everything"):
        names.append("customer")
    return [(name, value) for name in names for value in data.getlist(name) if value]
