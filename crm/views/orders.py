"""Purchases and refunds of one customer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions
from crm.forms.money import OrderForm, RefundForm
from crm.models import Customer, Order
from crm.views.going_back import undo_tag
from staff.access import Role, access, acting_user
from staff.pages import paginate, render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def order_list(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.with_counts(), pk=pk)
    page = paginate(Order.objects.filter(customer=customer), request, key=("-ordered_at", "-pk"))
    context = {
        "customer": customer,
        "page": page,
        "may_write": acting_user(request).has_role(Role.AGENT),
    }
    return render_page(request, "crm/order_list.html", context, fragment="orders")


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def order_create(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    form = OrderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.record_order(customer=customer, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The order is written down."))
            return redirect("crm:customer", pk)
    return render(request, "crm/order_form.html", {"form": form, "customer": customer})


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def order_edit(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("customer"), pk=pk)
    as_it_is = {"total": order.total, "ordered_at": order.ordered_at, "cost": order.cost}
    form = OrderForm(request.POST or None, initial=as_it_is)
    if request.method == "POST" and form.is_valid():
        # A moment that was not touched keeps its seconds, which the field does not show.
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        try:
            actions.correct_order(order=order, by=acting_user(request), **changed)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The order is corrected."))
            return redirect("crm:customer", order.customer_id)
    context = {
        "form": form,
        "customer": order.customer,
        "order": order,
        "may_refund": actions.can_refund(order),
    }
    return render(request, "crm/order_form.html", context)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def order_refund(request: HttpRequest, pk: int) -> HttpResponse:
    """All that was paid is filled in; less can be written."""
    order = get_object_or_404(Order.objects.select_related("customer"), pk=pk)
    form = RefundForm(request.POST or None, initial={"total": order.total})
    if request.method == "POST" and form.is_valid():
        try:
            actions.refund_order(order=order, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("total", str(refusal))
        else:
            messages.success(request, _("The refund is written down."))
            return redirect("crm:customer", order.customer_id)
    context = {"form": form, "customer": order.customer, "order": order}
    return render(request, "crm/order_refund.html", context, status=422 if form.errors else 200)


@access(write=Role.AGENT)
@require_POST
def order_delete(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk)
    page = reverse("crm:customer", args=[order.customer_id])
    try:
        change_set = actions.delete_order(order=order, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        undo = undo_tag("crm:undo", change_set.pk, to=page)
        messages.success(request, _("The order is deleted."), extra_tags=undo)
    return redirect(page)
