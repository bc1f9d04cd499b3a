"""What a person agreed to, all about them, without a trace of them; and how long things are kept."""

from __future__ import annotations

import tempfile

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm import actions
from crm.forms.privacy import ConsentForm, EraseForm, RetentionForm
from crm.models import Affiliation, Consent, Contact, PrivacyAct
from staff.access import Role, access, acting_user
from staff.pages import paginate
from staff.refusals import Refusal

# Larger archives are written to disk while they are made.
IN_MEMORY = 5 * 1024 * 1024


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_privacy(request: HttpRequest, pk: int) -> HttpResponse:
    """Their consents with the proof; POST notes another one."""
    contact = get_object_or_404(Contact, pk=pk, erased_at=None)
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said = form.cleaned_data
        actions.record_consent(
            contact=contact, how=Consent.How.STAFF, by=acting_user(request), **said
        )
        messages.success(request, _("Written down."))
        return redirect("crm:contact-privacy", pk)
    return _contact_page(request, contact, form, EraseForm(contact=contact))


def _contact_page(
    request: HttpRequest, contact: Contact, form: ConsentForm, erasing: EraseForm
) -> HttpResponse:
    places = Affiliation.objects.filter(contact=contact, until=None).select_related("customer")
    context = {
        "contact": contact,
        "place": places.order_by("-is_primary", "pk").first(),
        "consents": contact.consents.select_related("by").order_by("-at", "-pk")[:100],
        "form": form,
        "erasing": erasing,
        "may_erase": acting_user(request).has_role(Role.MANAGER),
    }
    status = 422 if form.errors or erasing.errors else 200
    return render(request, "crm/contact_privacy.html", context, status=status)


@access(write=Role.MANAGER)
@require_POST
def contact_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Everything about them, as a ZIP; POST, because it is written down that it was handed over."""
    contact = get_object_or_404(Contact, pk=pk, erased_at=None)
    archive = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the response closes it)
    actions.export_person(contact=contact, to=archive, by=acting_user(request))
    archive.seek(0)
    response = FileResponse(
        archive, as_attachment=True, filename=f"person-{pk}.zip", content_type="application/zip"
    )
    response["Cache-Control"] = "private, no-store"
    return response


@access(write=Role.MANAGER)
@require_POST
def contact_erase(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk, erased_at=None)
    erasing = EraseForm(request.POST, contact=contact)
    if not erasing.is_valid():
        return _contact_page(request, contact, ConsentForm(), erasing)
    try:
        actions.erase_person(contact=contact, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("Erased. Figures stay as they were."))
    return redirect("crm:customer-list")


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def privacy(request: HttpRequest) -> HttpResponse:
    """How long things are kept, and what was handed over, erased and let go."""
    form = RetentionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with transaction.atomic():
            for what, days in form.days().items():
                actions.set_retention(what=what, days=days, by=acting_user(request))
        messages.success(request, _("Saved. What is older goes within a day."))
        return redirect("crm:privacy")
    acts = PrivacyAct.objects.select_related("by")
    context = {"form": form, "page": paginate(acts, request, key=("-at", "-pk"), size=30)}
    return render(request, "crm/privacy.html", context, status=422 if form.errors else 200)
