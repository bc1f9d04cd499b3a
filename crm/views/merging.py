"""Duplicates: the queue, two of them side by side, and making them one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import comparison, duplicates
from crm.actions import merging
from crm.forms.merging import MergeForm, OtherForm
from crm.models import Customer, Duplicate, MergedCustomer
from crm.views.going_back import back, undo_tag
from staff.access import Role, access, acting_user
from staff.pages import capped_count, paginate, render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def duplicate_list(request: HttpRequest) -> HttpResponse:
    pairs = duplicates.open_pairs()
    page = paginate(
        pairs.select_related("first", "second"), request, key=("-score", "-pk"), size=25
    )
    context = {
        "page": page,
        "pairs": comparison.cards(page.rows, request.business),  # type: ignore[attr-defined]
        "total": capped_count(pairs),
        "may_write": acting_user(request).has_role(Role.AGENT),
    }
    return render_page(request, "crm/duplicate_list.html", context, fragment="results")


@access(write=Role.AGENT)
@require_POST
def duplicate_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    pair = get_object_or_404(Duplicate.objects.select_related("first", "second"), pk=pk)
    try:
        merging.dismiss_duplicate(pair=pair, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        names = {"one": pair.first.name, "other": pair.second.name}
        text = _("%(one)s and %(other)s are two: they are not offered again.") % names
        undo = undo_tag("crm:duplicate-restore", pk, to=reverse("crm:duplicate-list"))
        messages.success(request, text, extra_tags=undo)
    return back(request, "crm:duplicate-list")


@access(write=Role.AGENT)
@require_POST
def duplicate_restore(request: HttpRequest, pk: int) -> HttpResponse:
    pair = get_object_or_404(Duplicate.objects.select_related("first", "second"), pk=pk)
    try:
        merging.restore_duplicate(pair=pair, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("Taken back."))
    return back(request, "crm:duplicate-list")


@access(read=Role.AGENT)
@require_safe
def merge_choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom to merge with: those who were found, or anybody by name."""
    customer = get_object_or_404(Customer, pk=pk)
    form = OtherForm(request.GET if "customer" in request.GET else None)
    if form.is_bound and form.is_valid():
        other = form.cleaned_data["customer"]
        if other.pk != pk:
            return redirect("crm:customer-merge-with", pk, other.pk)
        form.add_error("customer", str(merging.SameCustomer()))
    pairs = duplicates.open_pairs_of(customer).select_related("first", "second")[:10]
    found = comparison.cards(pairs, request.business)  # type: ignore[attr-defined]
    context = {"customer": customer, "form": form, "pairs": found}
    return render(request, "crm/merge_choose.html", context)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """`pk` stays, `other` goes; field by field."""
    both = Customer.objects.select_related("owner", "referred_by")
    winner, loser = get_object_or_404(both, pk=pk), get_object_or_404(both, pk=other)
    form = MergeForm(request.POST if request.method == "POST" else None, winner=winner, loser=loser)
    if request.method == "POST" and form.is_valid():
        try:
            change_set = merging.merge_customers(
                winner=winner, loser=loser, by=acting_user(request), values=form.choices
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            page = reverse("crm:customer", args=[pk])
            names = {"winner": winner.name, "loser": loser.name}
            text = _("%(winner)s and %(loser)s are one customer now.") % names
            messages.success(request, text, extra_tags=undo_tag("crm:undo", change_set.pk, to=page))
            return redirect(page)
    return render(request, "crm/merge.html", _merge_context(request, winner, loser, form))


def _merge_context(
    request: HttpRequest, winner: Customer, loser: Customer, form: MergeForm
) -> dict[str, Any]:
    first, second = sorted((winner.pk, loser.pk))
    return {
        "winner": comparison.card(winner, request.business),  # type: ignore[attr-defined]
        "loser": comparison.card(loser, request.business),  # type: ignore[attr-defined]
        "moving": comparison.moving(loser),
        "tags": comparison.united_tags(winner, loser),
        "form": form,
        "rows": [form[name] for name in form.fields],
        "refusal": merging.why_not(winner, loser),
        "pair": Duplicate.objects.filter(first=first, second=second, dismissed_at=None).first(),
    }


def led_on(request: HttpRequest, old_id: int) -> HttpResponse:
    """From the address of one who was merged to the one they became; else there is no such page.

    Not for ever, since a merge can be taken back.
    """
    gone = get_object_or_404(MergedCustomer.objects.select_related("customer"), old_id=old_id)
    names = {"loser": gone.name, "winner": gone.customer.name}
    messages.info(request, _("%(loser)s became part of %(winner)s.") % names)
    return redirect("crm:customer", gone.customer_id)
