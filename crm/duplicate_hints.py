"""What a customer's page says of duplicates, without a query more: see `with_merges`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.models import Customer
from crm.registry import CUSTOMER_ACTIONS, PANELS, CustomerAction, Panel
from staff.access import Role, acting_user


def panel(request: HttpRequest, customer: Customer) -> dict[str, Any] | None:
    """Who may be the same, and who became part of them; None when there is neither."""
    user = acting_user(request)
    other, change_set = (
        getattr(customer, name, None) for name in ("likely_duplicate", "merge_set")
    )
    if not user.has_role(Role.AGENT) or customer.archived_at or not (other or change_set):
        return None
    may_undo = getattr(customer, "merged_by", None) == user.pk or user.has_role(Role.MANAGER)
    page = reverse("crm:customer", args=[customer.pk])
    return {
        "compare_url": reverse("crm:customer-merge-with", args=[customer.pk, other])
        if other
        else "",
        "merged_name": getattr(customer, "merged_name", ""),
        "undo_url": reverse("crm:undo", args=[change_set]) if change_set and may_undo else "",
        "next": page,
        "csrf_token": get_token(request),
    }


def register() -> None:
    """Called from CrmConfig.ready."""
    PANELS.register(Panel("crm.duplicates", "crm/_duplicate_hint.html", panel, order=5))
    CUSTOMER_ACTIONS.register(
        CustomerAction(
            "crm.merge",
            _("Merge with another customer"),
            lambda customer: reverse("crm:customer-merge", args=[customer.pk]),
            order=90,
        )
    )
