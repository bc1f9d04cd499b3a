"""Files of a customer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.actions import files as actions
from crm.forms.files import FilesForm
from crm.models import Customer, CustomerFile
from crm.views.going_back import back, undo_tag
from staff.access import Role, access, acting_user
from staff.downloads import download
from staff.pages import paginate, render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_files(request: HttpRequest, pk: int) -> HttpResponse:
    """All of them, and adding some."""
    customer = get_object_or_404(Customer, pk=pk)
    form = FilesForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if form.is_valid() and _added(request, customer, form):
        return back(request, "crm:customer-files", pk)
    found = CustomerFile.objects.filter(customer=customer).select_related("file", "by")
    context = {
        "customer": customer,
        "page": paginate(found, request, key=("-created_at", "-pk")),
        "form": form,
        "may_write": acting_user(request).has_role(Role.AGENT) and not customer.archived_at,
    }
    response = render_page(request, "crm/customer_files.html", context, fragment="files")
    response.status_code = 422 if form.is_bound else 200
    return response


def _added(request: HttpRequest, customer: Customer, form: FilesForm) -> bool:
    try:
        made = actions.add_files(
            customer=customer, files=form.cleaned_data["attachments"], by=acting_user(request)
        )
    except Refusal as refusal:
        form.add_error("attachments", str(refusal))
        return False
    words = ngettext("%(count)s file is kept.", "%(count)s files are kept.", len(made))
    messages.success(request, words % {"count": len(made)})
    return True


@access(read=Role.READ_ONLY)
@require_safe
def customer_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One file, to be kept."""
    found = get_object_or_404(CustomerFile.objects.select_related("file"), pk=pk)
    return download(found.file, found.name, found.content_type)


@access(write=Role.AGENT)
@require_POST
def customer_file_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(CustomerFile, pk=pk)
    page = reverse("crm:customer-files", args=[found.customer_id])
    try:
        change_set = actions.delete_file(file=found, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        undo = undo_tag("crm:undo", change_set.pk, to=page)
        messages.success(request, _("%(name)s is deleted.") % {"name": found}, extra_tags=undo)
    return redirect(page)
