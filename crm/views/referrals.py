"""A customer's referral link, on our side and on that of who comes through it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions, referrals
from crm.forms.referrals import ReferralForm
from crm.models import Customer, ReferralLink
from staff.access import Role, access, acting_user
from staff.limits import misses_too_often
from staff.public.pages import closed, private, refused
from staff.refusals import Refusal

FORMS_AN_HOUR = 10
# Of whom they brought: the latest.
SHOWN = 50


@access(read=Role.AGENT)
@require_safe
def referral(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    link = ReferralLink.objects.filter(customer=customer).first()
    context = {
        "customer": customer,
        "link": link,
        "address": referrals.url_of(link) if link else "",
        "brought": customer.referred.order_by("-created_at", "-pk")[:SHOWN],
    }
    return render(request, "crm/referral.html", context)


@access(write=Role.AGENT)
@require_POST
def referral_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the link, close it, or open it again: what `do` says."""
    customer, by = get_object_or_404(Customer, pk=pk), acting_user(request)
    if request.POST.get("do") == "close":
        actions.close_link(customer=customer, by=by)
        messages.success(request, _("The link no longer works."))
    else:
        actions.open_link(customer=customer, by=by)
        messages.success(request, _("The link works."))
    return redirect("crm:referral", pk)


@access(public=True)
@csrf_exempt  # it needs no cookie: the form's own stamp proves as much, and no power is borrowed
@require_http_methods(["GET", "HEAD", "POST"])
def refer(request: HttpRequest, slug: str) -> HttpResponseBase:
    link = referrals.find(slug)
    if link is None:
        if misses_too_often(request):
            return HttpResponse(status=429)
        raise Http404
    if link.closed_at is not None or link.customer.archived_at is not None:
        return private(closed(request))
    form = ReferralForm(request.POST if request.method == "POST" else None)
    if form.is_bound and _taken(request, link, form):
        return redirect("crm:refer-thanks")
    context = {"form": form, "by": referrals.shown_name(link.customer)}
    status = 422 if form.errors else 200
    return private(render(request, "crm/public/refer.html", context, status=status))


def _taken(request: HttpRequest, link: ReferralLink, form: ReferralForm) -> bool:
    if not form.is_valid():
        return False
    if refused(request, "referral", most=FORMS_AN_HOUR):
        form.add_error(None, _("That was a lot at once. Please try again in an hour."))
        return False
    if form.is_programs:
        return True  # it is told nothing, and nothing comes of it
    try:
        actions.take_referral(
            link=link, language=get_language() or "", once_key=form.once_key, **form.cleaned_data
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access(public=True)
@require_safe
def refer_thanks(request: HttpRequest) -> HttpResponseBase:
    """The same for everybody: it tells nobody who is known here."""
    return private(render(request, "crm/public/refer_thanks.html"))
