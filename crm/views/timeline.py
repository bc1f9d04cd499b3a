"""What passed: one customer's timeline page by page, and writing a line into it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions, timeline
from crm.forms.interactions import LogForm, LogSomewhereForm, end_of
from crm.models import Customer, Interaction
from crm.views.customers import page_context
from staff.access import Role, access, acting_user
from staff.models import User
from staff.pages import render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def timeline_page(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    context = {
        "customer": customer,
        "timeline": timeline.read(request, customer),
        "kinds": timeline.kinds(),
        "may_write": acting_user(request).has_role(Role.AGENT),
    }
    fragment = "days" if request.GET.get("part") == "days" else "timeline"
    return render_page(request, "crm/timeline.html", context, fragment=fragment)


@access(read=Role.READ_ONLY)
@require_safe
def interaction(request: HttpRequest, pk: int) -> HttpResponse:
    """One interaction in full; a timeline fetches only its text."""
    shown = get_object_or_404(Interaction.objects.select_related("customer", "by", "body"), pk=pk)
    body = shown.body.text if hasattr(shown, "body") else ""
    context = {"interaction": shown, "body": body}
    return render_page(request, "crm/interaction.html", context, fragment="body")


@access(write=Role.AGENT)
@require_POST
def log_interaction(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    form = LogForm(request.POST)
    if not form.is_valid():
        context = page_context(request, pk, form.focused())
        response = render_page(request, "crm/customer.html", context, fragment="passed")
        response.status_code = 422
        return response
    write_down(customer, form.cleaned_data, by=acting_user(request))
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, _("Logged."))
        return redirect("crm:customer", pk)
    context = page_context(request, pk, LogForm().focused()) | {"logged": True}
    return render_page(request, "crm/customer.html", context, fragment="passed")


@transaction.atomic
def write_down(customer: Customer, said: dict[str, Any], *, by: User) -> None:
    """The interaction, and the promise that was made in it."""
    actions.log_interaction(
        customer=customer,
        kind=said["kind"],
        direction=said["direction"],
        summary=said["summary"],
        body=said["body"],
        occurred_at=said["occurred_at"],
        by=by,
    )
    if said["promise_until"]:
        actions.create_task(
            title=said["promise"] or said["summary"][:250],
            customer=customer,
            owner=by,
            due_at=end_of(said["promise_until"]),
            is_promise=True,
            by=by,
        )


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def log_somewhere(request: HttpRequest) -> HttpResponse:
    """Log something from anywhere: the customer is named in the form."""
    named = {name: request.GET[name] for name in ("customer", "kind") if name in request.GET}
    form = LogSomewhereForm(request.POST or None, initial=named)
    if request.method == "POST" and form.is_valid():
        customer = form.cleaned_data["customer"]
        try:
            write_down(customer, form.cleaned_data, by=acting_user(request))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Logged."))
            return redirect(reverse("crm:customer", args=[customer.pk]))
    return render(request, "crm/log.html", {"form": form})
