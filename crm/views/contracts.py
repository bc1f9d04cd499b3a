"""Recurring agreements of one customer."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm import actions
from crm.forms.money import CancelContractForm, ContractForm
from crm.models import Contract, Customer
from crm.views.going_back import undo_tag
from staff.access import Role, access, acting_user
from staff.refusals import Refusal


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contract_create(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    form = ContractForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.create_contract(customer=customer, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The contract is written down."))
            return redirect("crm:customer", pk)
    return render(request, "crm/contract_form.html", {"form": form, "customer": customer})


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contract_edit(request: HttpRequest, pk: int) -> HttpResponse:
    contract = get_object_or_404(Contract.objects.select_related("customer"), pk=pk)
    form = ContractForm(request.POST or None, initial=_as_it_is(contract))
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_contract(contract=contract, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The contract is saved."))
            return redirect("crm:customer", contract.customer_id)
    context = {
        "form": form,
        "customer": contract.customer,
        "contract": contract,
        "may_cancel": actions.can_cancel(contract),
        "may_renew": actions.can_renew(contract),
    }
    return render(request, "crm/contract_form.html", context)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contract_renew(request: HttpRequest, pk: int) -> HttpResponse:
    contract = get_object_or_404(Contract.objects.select_related("customer"), pk=pk)
    form = ContractForm(request.POST or None, initial=_following(contract))
    if request.method == "POST" and form.is_valid():
        try:
            actions.renew_contract(contract=contract, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The contract is renewed."))
            return redirect("crm:customer", contract.customer_id)
    context = {"form": form, "customer": contract.customer, "renewed": contract}
    return render(request, "crm/contract_form.html", context)


def _as_it_is(contract: Contract) -> dict[str, Any]:
    return {
        name: getattr(contract, name) for name in ("amount", "interval", "starts_on", "ends_on")
    }


def _following(contract: Contract) -> dict[str, Any]:
    """The same again, for as long, from where it ends."""
    start = contract.ends_on or timezone.localdate()
    length = contract.ends_on - contract.starts_on if contract.ends_on else None
    end = None if length is None else _same_day(contract, start) or start + length
    return _as_it_is(contract) | {"starts_on": start, "ends_on": end}


def _same_day(contract: Contract, start: date) -> date | None:
    """A contract of whole months or years lasts as many again, however long those are."""
    ends_on = contract.ends_on or start
    months = (
        (ends_on.year - contract.starts_on.year) * 12 + ends_on.month - contract.starts_on.month
    )
    if not months or ends_on.day != contract.starts_on.day:
        return None
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    try:
        return date(year, month + 1, start.day)
    except ValueError:
        return None


@access(write=Role.AGENT)
@require_POST
def contract_uncancel(request: HttpRequest, pk: int) -> HttpResponse:
    contract = get_object_or_404(Contract, pk=pk)
    try:
        actions.uncancel_contract(contract=contract, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("Taken back."))
    return redirect("crm:customer", contract.customer_id)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contract_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    contract = get_object_or_404(Contract.objects.select_related("customer"), pk=pk)
    form = CancelContractForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_contract(contract=contract, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            page = reverse("crm:customer", args=[contract.customer_id])
            undo = undo_tag("crm:contract-uncancel", pk, to=page)
            messages.success(request, _("The contract is cancelled."), extra_tags=undo)
            return redirect(page)
    context = {"form": form, "customer": contract.customer, "contract": contract}
    return render(request, "crm/contract_cancel.html", context)
