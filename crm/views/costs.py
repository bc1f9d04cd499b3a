"""The costs ledger."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions, ledger, suggestions
from crm.filters import CostFilter
from crm.forms.money import CostForm
from crm.models import Cost
from crm.views.going_back import back, undo_tag
from staff.access import Role, access, acting_user
from staff.pages import capped_count, paginate, render_page
from staff.refusals import Refusal

FIELDS = ("amount", "purpose", "category", "on", "until", "source", "customer", "note")


@access(read=Role.READ_ONLY)
@require_safe
def cost_list(request: HttpRequest) -> HttpResponse:
    chosen = CostFilter(request.GET, queryset=Cost.objects.select_related("customer"))
    page = paginate(chosen.qs, request, key=("-on", "-pk"))
    is_filtered = any(chosen.data.get(name) for name in chosen.filters)
    context = {
        "filter": chosen,
        "page": page,
        "months": ledger.by_month(page.rows, chosen.qs),
        "count": capped_count(chosen.qs),
        "spread": _spread(chosen),
        "is_filtered": is_filtered,
        "may_write": acting_user(request).has_role(Role.MANAGER),
    }
    return render_page(request, "crm/cost_list.html", context, fragment="costs")


def _spread(chosen: CostFilter) -> ledger.Spread:
    """Of the same costs, over the days that were asked for."""
    asked = chosen.form.cleaned_data if chosen.form.is_valid() else {}
    return ledger.spread(chosen.qs, asked.get("since"), asked.get("until"))


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_create(request: HttpRequest) -> HttpResponse:
    form = CostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.record_cost(by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The cost is written down."))
            return redirect("crm:cost-create" if "another" in request.POST else "crm:cost-list")
    return _form_page(request, form, None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_edit(request: HttpRequest, pk: int) -> HttpResponse:
    cost = get_object_or_404(Cost.objects.select_related("customer"), pk=pk)
    as_it_is: dict[str, Any] = {name: getattr(cost, name) for name in FIELDS}
    form = CostForm(request.POST or None, initial=as_it_is)
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct_cost(cost=cost, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The cost is corrected."))
            return redirect("crm:cost-list")
    return _form_page(request, form, cost)


def _form_page(request: HttpRequest, form: CostForm, cost: Cost | None) -> HttpResponse:
    context = {
        "form": form,
        "cost": cost,
        "categories": suggestions.categories(),
        "sources": suggestions.sources(),
    }
    return render(request, "crm/cost_form.html", context)


@access(write=Role.MANAGER)
@require_POST
def cost_delete(request: HttpRequest, pk: int) -> HttpResponse:
    cost = get_object_or_404(Cost, pk=pk)
    done = back(request, "crm:cost-list")
    try:
        change_set = actions.delete_cost(cost=cost, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        undo = undo_tag("crm:undo", change_set.pk, to=done.url)
        messages.success(request, _("The cost is deleted."), extra_tags=undo)
    return done
