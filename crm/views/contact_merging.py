"""Two contacts of one customer who are the same human."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm import comparison
from crm.actions import contact_merging
from crm.forms.merging import ContactMergeForm
from crm.models import Affiliation
from crm.views.going_back import undo_tag
from staff.access import Role, access, acting_user
from staff.refusals import Refusal


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever is named by `pk` stays, `?with=` goes; asked for first where there are several."""
    current = Affiliation.objects.filter(until=None).select_related("contact", "customer")
    stays = get_object_or_404(current, pk=pk)
    others = list(current.filter(customer=stays.customer_id).exclude(pk=pk).order_by("pk"))
    goes = _chosen(others, request.GET.get("with", ""))
    if goes is None:
        people = comparison.people([stays, *others], request.business)  # type: ignore[attr-defined]
        context = {"customer": stays.customer, "stays": people[0], "others": people[1:]}
        return render(request, "crm/contact_merge_choose.html", context)
    form = ContactMergeForm(request.POST or None, winner=stays.contact, loser=goes.contact)
    if request.method == "POST" and form.is_valid():
        try:
            return _merged(request, stays, goes, form)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return render(request, "crm/contact_merge.html", _context(request, stays, goes, form))


def _chosen(others: list[Affiliation], asked: str) -> Affiliation | None:
    """The one who is asked for, or the only one there is."""
    found = [one for one in others if str(one.pk) == asked]
    return found[0] if found else others[0] if len(others) == 1 else None


def _merged(
    request: HttpRequest, stays: Affiliation, goes: Affiliation, form: ContactMergeForm
) -> HttpResponse:
    change_set = contact_merging.merge_contacts(
        winner=stays.contact, loser=goes.contact, by=acting_user(request), values=form.choices
    )
    page = reverse("crm:customer", args=[stays.customer_id])
    names = {"winner": stays.contact.name, "loser": goes.contact.name}
    text = _("%(winner)s and %(loser)s are one contact now.") % names
    messages.success(request, text, extra_tags=undo_tag("crm:undo", change_set.pk, to=page))
    return redirect(page)


def _context(
    request: HttpRequest, stays: Affiliation, goes: Affiliation, form: ContactMergeForm
) -> dict[str, Any]:
    winner, loser = comparison.people([stays, goes], request.business)  # type: ignore[attr-defined]
    return {
        "customer": stays.customer,
        "winner": winner,
        "loser": loser,
        "moving": comparison.moving(goes.contact),
        "form": form,
        "rows": [form[name] for name in form.fields],
    }
