"""Recurring agreements of one customer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm import actions
from crm.forms.money import CancelContractForm, ContractForm
from crm.models import Contract, Customer
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
def contract_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    contract = get_object_or_404(Contract.objects.select_related("customer"), pk=pk)
    form = CancelContractForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_contract(contract=contract, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The contract is cancelled."))
            return redirect("crm:customer", contract.customer_id)
    context = {"form": form, "customer": contract.customer, "contract": contract}
    return render(request, "crm/contract_cancel.html", context)
