"""How a deal ends: won, lost, or deleted; and how it is opened again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm import actions
from crm.forms.deals import LoseForm, WinForm
from crm.models import Deal
from crm.views.going_back import back, undo_tag
from staff.access import Role, access, acting_user
from staff.refusals import Refusal


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def deal_win(request: HttpRequest, pk: int) -> HttpResponse:
    deal = get_object_or_404(Deal.objects.select_related("customer", "stage"), pk=pk)
    form = WinForm(request.POST if request.method == "POST" else None, deal=deal)
    if form.is_valid():
        try:
            actions.win_deal(deal=deal, by=acting_user(request), **form.said)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            made = form.cleaned_data["made"]
            said = {
                "order": _("Won. The order is written down."),
                "contract": _("Won. The contract is written down."),
            }
            messages.success(request, said.get(made, _("Won.")), extra_tags=_undo(pk, made))
            return redirect("crm:deal", pk)
    return _form_page(request, "crm/deal_win.html", form, deal)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def deal_lose(request: HttpRequest, pk: int) -> HttpResponse:
    deal = get_object_or_404(Deal.objects.select_related("customer", "stage"), pk=pk)
    posted = request.POST if request.method == "POST" else None
    form = LoseForm(posted, initial={"version": deal.version})
    if form.is_valid():
        try:
            actions.lose_deal(deal=deal, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Lost, and why is kept."), extra_tags=_undo(pk))
            return redirect("crm:deal", pk)
    return _form_page(request, "crm/deal_lose.html", form, deal)


def _undo(pk: int, made: str = "") -> str:
    """The way back; an order or a contract has its own."""
    return "" if made else undo_tag("crm:deal-reopen", pk, to=reverse("crm:deal", args=[pk]))


def _form_page(request: HttpRequest, template: str, form: Any, deal: Deal) -> HttpResponse:
    if not form.is_bound and not actions.can_close(deal):
        messages.info(request, _("This deal is closed. Open it again first."))
        return redirect("crm:deal", deal.pk)
    context = {"form": form, "deal": deal}
    return render(request, template, context, status=422 if form.errors else 200)


@access(write=Role.AGENT)
@require_POST
def deal_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        actions.open_deal_again(deal=get_object_or_404(Deal, pk=pk), by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("The deal is open again."))
    return back(request, "crm:deal", pk)


@access(write=Role.AGENT)
@require_POST
def deal_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """From its page, from the board or from the list; "Undo" returns there."""
    deal = get_object_or_404(Deal, pk=pk)
    done = back(request, "crm:deal-list")
    try:
        change_set = actions.delete_deal(deal=deal, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        undo = undo_tag("crm:undo", change_set.pk, to=done.url)
        messages.success(request, _("Deleted: %(title)s") % {"title": deal.title}, extra_tags=undo)
    return done
