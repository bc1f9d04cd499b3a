"""Canned replies: everybody's, which managers write, and each person's own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.models import Customer
from staff.access import Role, access, acting_user
from staff.models import Business, User
from staff.pages import render_page
from staff.refusals import Refusal
from support import canned
from support.actions import desk
from support.forms.desk import MERGE_FIELDS, CannedForm
from support.models import CannedReply, Ticket
from support.views.desk import done


@access(read=Role.AGENT)
@require_safe
def canned_replies(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    rows = [(reply, desk.can_edit_canned(reply, user)) for reply in canned.theirs(user)]
    context = {"rows": rows, "may_manage": desk.can_set_up(user)}
    return render(request, "support/desk/canned.html", context)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def canned_create(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def canned_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _form(request, _own(request, pk))


def _own(request: HttpRequest, pk: int) -> CannedReply:
    return get_object_or_404(canned.theirs(acting_user(request)), pk=pk)


def _form(request: HttpRequest, reply: CannedReply | None) -> HttpResponse:
    user, business = acting_user(request), Business.objects.get()
    form = CannedForm(request.POST or None, user=user, business=business, reply=reply)
    wants_example = "example" in request.POST
    if request.method == "POST" and not wants_example and form.is_valid():
        values = form.values()
        if done(form, lambda: desk.save_canned(by=user, reply=reply, **values)):
            messages.success(request, _("The canned reply is saved."))
            return redirect("support:canned")
    texts = form.texts if form.is_bound else reply.texts if reply else {}
    context = {
        "form": form,
        "reply": reply,
        "may_manage": desk.can_set_up(user),
        "may_edit": reply is None or desk.can_edit_canned(reply, user),
        "merge_fields": MERGE_FIELDS,
        "examples": examples(texts, user, business),
    }
    if wants_example:
        form.errors.clear()
        return render_page(request, "support/desk/canned_form.html", context, fragment="examples")
    status = 422 if form.is_bound else 200
    return render(request, "support/desk/canned_form.html", context, status=status)


def examples(texts: dict[str, str], user: User, business: Business) -> list[dict[str, Any]]:
    """Each text as a customer would read it, with the latest ticket's names or made-up ones."""
    tickets = Ticket.objects.visible_to(user).counted().select_related("customer", "contact")
    ticket = tickets.order_by("-last_activity_at", "-pk").first() or Ticket(
        pk=12, customer=Customer(name=_("Sol Workshop"))
    )
    return [
        {
            "language": code,
            "text": canned.text_for(
                CannedReply(texts={"": text}), ticket=ticket, user=user, business=business
            ),
        }
        for code, text in texts.items()
        if text.strip()
    ]


@access(write=Role.AGENT)
@require_POST
def canned_delete(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        desk.delete_canned(reply=_own(request, pk), by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The canned reply is gone."))
    return redirect("support:canned")
