"""The tiers of loyalty, and what it takes to be in them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions
from crm.forms.loyalty import TierForm
from crm.models import Customer, LoyaltyTier
from staff.access import Role, access, acting_user
from staff.pages import capped_counts
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def loyalty(request: HttpRequest) -> HttpResponse:
    tiers = list(LoyaltyTier.objects.order_by("-rank"))
    active = Customer.objects.active()
    counts = capped_counts({str(tier.pk): active.filter(tier=tier) for tier in tiers})
    context = {
        "tiers": [(tier, counts[str(tier.pk)]) for tier in tiers],
        "is_waiting": any(tier.applied_at is None for tier in tiers),
        "may_write": acting_user(request).has_role(Role.MANAGER),
    }
    return render(request, "crm/loyalty.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def tier_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def tier_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(LoyaltyTier, pk=pk))


def _edit(request: HttpRequest, tier: LoyaltyTier | None) -> HttpResponse:
    initial = {name: getattr(tier, name) for name in TierForm.base_fields} if tier else {}
    form = TierForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        said: dict[str, Any] = form.cleaned_data
        by = acting_user(request)
        try:
            if tier:
                actions.update_tier(tier=tier, by=by, **said)
            else:
                actions.create_tier(by=by, **said)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. Customers follow within a few minutes."))
            return redirect("crm:loyalty")
    context = {"form": form, "tier": tier}
    return render(request, "crm/tier_form.html", context, status=422 if form.errors else 200)


@access(write=Role.MANAGER)
@require_POST
def tier_raise(request: HttpRequest, pk: int) -> HttpResponse:
    actions.raise_tier(tier=get_object_or_404(LoyaltyTier, pk=pk), by=acting_user(request))
    return redirect("crm:loyalty")


@access(write=Role.MANAGER)
@require_POST
def tier_delete(request: HttpRequest, pk: int) -> HttpResponse:
    tier = get_object_or_404(LoyaltyTier, pk=pk)
    actions.delete_tier(tier=tier, by=acting_user(request))
    messages.success(request, _("Deleted: %(title)s") % {"title": tier.name})
    return redirect("crm:loyalty")
