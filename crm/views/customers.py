"""A customer's page; making, changing, archiving and losing customers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions, custom, editing, facts, files, record, registry, suggestions, timeline
from crm.forms.customers import CustomerForm, NewCustomerForm, holder_of, taken
from crm.forms.files import FilesForm
from crm.forms.interactions import LogForm
from crm.forms.money import LossForm
from crm.models import Customer, Loss
from crm.views.going_back import undo_tag
from crm.views.merging import led_on
from staff.access import Role, access, acting_user
from staff.pages import render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        context = page_context(request, pk)
    except Http404:
        return led_on(request, pk)
    return render_page(request, "crm/customer.html", context, fragment="passed")


def page_context(request: HttpRequest, pk: int, form: LogForm | None = None) -> dict[str, Any]:
    """What crm/customer.html shows; `form` is a refused one, with what was typed."""
    shown: Any = record.customer_of_page(pk)
    if shown is None:
        raise Http404
    known = custom.take(request, shown.own_fields)
    what_is_known = facts.of(shown, known)
    return {
        "facts": what_is_known,
        "empty_facts": [fact for fact in what_is_known if not fact.text],
        "other_facts": custom.unknown(shown.custom, known),
        "files": files.taken(shown.latest_files),
        "files_form": FilesForm(),
        "customer": shown,
        "customer_url": reverse("crm:customer", args=[pk]),
        "record": record.read(request, shown),
        "form": form or LogForm(),
        "may_write": acting_user(request).has_role(Role.AGENT),
        "customer_actions": [
            {"title": action.title, "url": action.url(shown)}
            for action in registry.customer_actions(acting_user(request), shown)
        ],
        "kinds": timeline.kinds(),
    }


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_create(request: HttpRequest) -> HttpResponse:
    form = NewCustomerForm(
        request.POST or None, initial=_as_asked(request), own_fields=custom.fields(request)
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_customer(by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is written down.") % {"name": made.name})
            return redirect("crm:customer", made.pk)
    return _form_page(request, form, None)


def _as_asked(request: HttpRequest) -> dict[str, Any]:
    """What the address fills in: a telephone system's number, the name that was searched for."""
    asked = {name: request.GET[name] for name in ("name", "phone", "email") if name in request.GET}
    return {"owner": request.user.pk, **asked}


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    changed = get_object_or_404(Customer.objects.select_related("referred_by"), pk=pk)
    fields = custom.fields(request)
    form = CustomerForm(request.POST or None, instance=changed, own_fields=fields)
    if request.method == "POST" and form.is_valid() and saved(request, form, changed):
        messages.success(request, _("Saved."))
        return redirect("crm:customer", pk)
    return _form_page(request, form, changed)


def saved(request: HttpRequest, form: CustomerForm, changed: Customer) -> bool:
    """Do what the form asks for; a refusal becomes the form's error."""
    try:
        actions.update_customer(customer=changed, by=acting_user(request), **form.cleaned_data)
    except editing.ChangedMeanwhile as refusal:
        form.add_error(None, str(refusal))
        form.changed_meanwhile(refusal, Customer.objects.get(pk=changed.pk))
    except Refusal as refusal:
        form.add_error(None, str(refusal))
    else:
        return True
    return False


def _form_page(request: HttpRequest, form: CustomerForm, changed: Customer | None) -> HttpResponse:
    context = {
        "form": form,
        "customer": changed,
        "sources": suggestions.sources(),
        "tag_names": suggestions.tag_names(),
    }
    return render(request, "crm/customer_form.html", context)


@access(read=Role.AGENT)
@require_safe
def email_taken(request: HttpRequest) -> HttpResponse:
    """The warning beside an e-mail field, while the form is still being filled in."""
    holder = holder_of(request.GET.get("email", ""))
    context = {"warning": taken(holder) if holder else ""}
    return render(request, "crm/_email_taken.html", context)


@access(write=Role.AGENT)
@require_POST
def customer_archive(request: HttpRequest, pk: int) -> HttpResponse:
    archived = get_object_or_404(Customer, pk=pk)
    page = reverse("crm:customer", args=[pk])
    try:
        actions.archive_customer(customer=archived, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        undo = undo_tag("crm:customer-restore", pk, to=page)
        text = _("%(name)s is in the archive now.") % {"name": archived.name}
        messages.success(request, text, extra_tags=undo)
    return redirect(page)


@access(write=Role.AGENT)
@require_POST
def customer_restore(request: HttpRequest, pk: int) -> HttpResponse:
    restored = get_object_or_404(Customer, pk=pk)
    try:
        actions.restore_customer(customer=restored, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is back from the archive.") % {"name": restored.name})
    return redirect("crm:customer", pk)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_lose(request: HttpRequest, pk: int) -> HttpResponse:
    lost = get_object_or_404(Customer, pk=pk)
    form = LossForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            loss = actions.lose_customer(
                customer=lost, by=acting_user(request), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            undo = undo_tag("crm:loss-undo", loss.pk, to=reverse("crm:customer", args=[pk]))
            text = _("%(name)s counts as lost now.") % {"name": lost.name}
            messages.success(request, text, extra_tags=undo)
            return redirect("crm:customer", pk)
    return render(request, "crm/customer_lose.html", {"form": form, "customer": lost})


@access(write=Role.AGENT)
@require_POST
def loss_undo(request: HttpRequest, pk: int) -> HttpResponse:
    loss = get_object_or_404(Loss.objects.select_related("customer"), pk=pk)
    try:
        actions.undo_loss(loss=loss, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("Taken back."))
    return redirect("crm:customer", loss.customer_id)
