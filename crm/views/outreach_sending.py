"""Before an outreach leaves: to whom, to whom not and why, in which words; then the one button."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import segments
from crm.actions import outreach as actions
from crm.models import Customer, Outreach, OutreachMessage
from crm.outreach import preflight as checking
from crm.outreach.audience import MOST, Preview, preview
from crm.outreach.looking import decision_about
from crm.outreach.rendering import Renderer
from staff.access import Role, access, acting_user
from staff.models import Business
from staff.refusals import Refusal

# The sample in a frame: what the business wrote, without scripts, pictures of others, or links.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; "
    "sandbox"
)


def _found(pk: int) -> Outreach:
    return get_object_or_404(Outreach.objects.select_related("segment"), pk=pk)


@access(read=Role.AGENT, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def outreach_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows what would happen; posted, it happens."""
    outreach = _found(pk)
    if request.method == "POST":
        return _send(request, outreach)
    if outreach.state not in (Outreach.State.DRAFT, Outreach.State.PAUSED):
        return redirect("crm:outreach", pk)
    return render(request, "crm/outreach/preflight.html", _context(request, outreach))


def _send(request: HttpRequest, outreach: Outreach) -> HttpResponse:
    try:
        seen = request.POST.get("seen", "")
        sent = actions.send_outreach(outreach=outreach, by=acting_user(request), seen=seen)
    except actions.ChangedSince as refusal:
        messages.warning(request, str(refusal))
        return redirect("crm:outreach-send", outreach.pk)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        if sent.state == Outreach.State.ACTIVE:
            messages.success(request, _("It is on. Each message leaves when its moment comes."))
        elif sent.due_at:
            messages.success(request, _("It is set, and leaves when its hour comes."))
        else:
            messages.success(request, _("The messages are on their way."))
    return redirect("crm:outreach", outreach.pk)


def _context(request: HttpRequest, outreach: Outreach) -> dict[str, Any]:
    business: Business = request.business  # type: ignore[attr-defined]
    found = preview(outreach=outreach, business=business)
    chips = segments.question(outreach.segment.query).chips() if outreach.segment else []
    return {
        "outreach": outreach,
        "is_once": outreach.moment == Outreach.Moment.ONCE,
        "seen": actions.seen_as(outreach),
        "preview": found,
        "most": MOST,
        "readers": found.named.get("", []),
        "left_out": _left_out(found),
        "samples": _samples(Renderer(business, outreach), found),
        "chips": chips,
        "checks": checking.checks(outreach=outreach, business=business, preview=found),
        "may_send": actions.can_send(acting_user(request)),
        "may_edit": actions.can_edit(outreach, acting_user(request)),
    }


def _left_out(found: Preview) -> list[tuple[str, int, Any]]:
    """(reason in words, how many, the first of them by name)."""
    return [
        (str(OutreachMessage.Reason(reason).label), count, found.named[reason])
        for reason, count in sorted(found.left_out.items(), key=lambda item: -item[1])
    ]


def _samples(renderer: Renderer, found: Preview) -> list[tuple[str, int, Any, str]]:
    """(language, how many, whose mail is shown, its subject): the first reader of each language."""
    first = {one.language: one for one in reversed(found.named.get("", []))}
    bodies = renderer.bodies(first.values())
    counts = sorted(found.languages.items(), key=lambda item: -item[1])
    return [
        (code, count, first[code], bodies[first[code].customer_id].subject)
        for code, count in counts
        if code in first
    ]


@access(read=Role.AGENT)
@require_safe
@xframe_options_sameorigin
def outreach_sample(request: HttpRequest, pk: int, customer: int) -> HttpResponse:
    """The e-mail as this customer would get it; its links lead nowhere."""
    outreach = _found(pk)
    reader = get_object_or_404(Customer, pk=customer)
    business: Business = request.business  # type: ignore[attr-defined]
    decision = decision_about(outreach, business, reader.pk)
    body = Renderer(business, outreach).bodies([decision])[reader.pk]
    response = HttpResponse(body.without_link("#").html)
    response["Content-Security-Policy"] = FRAME_POLICY
    response["Content-Language"] = decision.language
    return response


@access(write=Role.AGENT)
@require_POST
def outreach_test(request: HttpRequest, pk: int) -> HttpResponse:
    """To oneself, as one of its readers would get it."""
    outreach = _found(pk)
    business: Business = request.business  # type: ignore[attr-defined]
    chosen = request.POST.get("customer", "")
    readers = segments.customers_of(outreach.segment)
    if chosen.isdecimal() and len(chosen) < 19:
        readers = readers.filter(pk=int(chosen))
    reader = readers.order_by("name_folded", "pk").first()
    if reader is None:
        raise Http404
    decision = decision_about(outreach, business, reader.pk)
    user = acting_user(request)
    actions.send_test(outreach=outreach, decision=decision, by=user)
    words = _("A test as %(reader)s would read it is on its way to %(address)s.")
    messages.success(request, words % {"reader": reader.name, "address": user.email})
    return redirect("crm:outreach-send", pk)


@access(write=Role.MANAGER)
@require_POST
def outreach_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, actions.cancel_outreach, _("It was called off."))


@access(write=Role.MANAGER)
@require_POST
def outreach_pause(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, actions.pause_outreach, _("It is paused. Nobody gets it meanwhile."))


@access(write=Role.MANAGER)
@require_POST
def outreach_archive(request: HttpRequest, pk: int) -> HttpResponse:
    if request.POST.get("archived") == "0":
        return _do(request, pk, actions.restore_outreach, _("It is back in the list."))
    return _do(request, pk, actions.archive_outreach, _("It is in the archive."))


def _do(request: HttpRequest, pk: int, action: Any, done: str) -> HttpResponse:
    try:
        action(outreach=_found(pk), by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("crm:outreach", pk)
