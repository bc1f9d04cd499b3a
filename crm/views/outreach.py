"""Outreach: the list, writing one with a look at what readers get, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import custom
from crm.actions import outreach as actions
from crm.forms.outreach import OutreachForm
from crm.models import Outreach
from crm.outreach import results
from crm.outreach.looking import look
from crm.outreach.merging import CUSTOM, FIELDS
from crm.outreach.rendering import holds_from
from staff.access import Role, access, acting_user
from staff.pages import paginate, render_page
from staff.refusals import Refusal

# Gaps that hardly ever stay empty need no fall-back.
ALWAYS_KNOWN = {"customer", "business", "date", "referral_link"}


@access(read=Role.READ_ONLY)
@require_safe
def outreach_list(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    is_archive = bool(request.GET.get("archived"))
    rows = results.with_counts(Outreach.objects.filter(archived_at__isnull=not is_archive))
    context = {
        "page": paginate(rows, request, key=("-created_at", "-pk")),
        "is_archive": is_archive,
        "may_write": user.has_role(Role.AGENT),
        "may_set": user.has_role(Role.OWNER),
    }
    return render_page(request, "crm/outreach/list.html", context, fragment="results")


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def outreach_create(request: HttpRequest) -> HttpResponse:
    """`?purpose=change` announces a change; `?segment=` chooses to whom."""
    given = request.POST if request.method == "POST" else request.GET
    is_change = given.get("purpose") == Outreach.Purpose.CHANGE
    purpose = Outreach.Purpose.CHANGE if is_change else Outreach.Purpose.NEWS
    return _write(request, purpose, None)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def outreach_edit(request: HttpRequest, pk: int) -> HttpResponse:
    outreach = get_object_or_404(Outreach.objects.select_related("segment"), pk=pk)
    if not actions.can_edit(outreach, acting_user(request)):
        messages.info(request, _("This can't be changed any more, or not by you."))
        return redirect("crm:outreach", pk)
    return _write(request, outreach.purpose, outreach)


def _write(request: HttpRequest, purpose: str, outreach: Outreach | None) -> HttpResponse:
    """With `look` posted it is only looked at."""
    form = _form(request, purpose, outreach)
    is_look = "look" in request.POST
    if form.is_valid() and not is_look:
        try:
            saved = actions.save_outreach(by=acting_user(request), outreach=outreach, **form.values)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The draft is saved."))
            page = "crm:outreach-send" if "next" in request.POST else "crm:outreach"
            return redirect(page, saved.pk)
    if is_look:
        form.errors.clear()
    context = _writing_context(request, form, outreach)
    response = render_page(request, "crm/outreach/form.html", context, fragment="look")
    response.status_code = 422 if form.errors else 200
    return response


def _form(request: HttpRequest, purpose: str, outreach: Outreach | None) -> OutreachForm:
    segment = request.GET.get("segment", "")
    return OutreachForm(
        request.POST or None,
        user=acting_user(request),
        business=request.business,  # type: ignore[attr-defined]
        purpose=purpose,
        outreach=outreach,
        initial={"segment": segment} if segment.isdecimal() and len(segment) < 19 else {},
    )


def _writing_context(
    request: HttpRequest, form: OutreachForm, outreach: Outreach | None
) -> dict[str, Any]:
    who = request.POST.get("who", "")
    seen = look(
        outreach=form.unsaved(),
        business=form.business,
        who=who,
        customer=request.POST.get("customer", ""),
    )
    return {
        "form": form,
        "outreach": outreach,
        "who": who,
        "look": seen,
        # Escaped piece by piece by crm.outreach.merging.
        "words": mark_safe(seen.body.words) if seen else "",  # noqa: S308
        "palette": _palette(request, is_change=form.is_change),
        "cancel": reverse("crm:outreach", args=[outreach.pk])
        if outreach
        else reverse("crm:outreach-list"),
    }


def _palette(request: HttpRequest, *, is_change: bool) -> list[tuple[str, str]]:
    """(what is written, what it stands for)."""
    names = {name: str(label) for name, label in FIELDS.items() if name != "date" or is_change}
    names |= {f"{CUSTOM}{field.key}": field.label for field in custom.fields(request)}
    return [
        (f"{{{name}}}" if name in ALWAYS_KNOWN else f"{{{name}|…}}", label)
        for name, label in names.items()
    ]


@access(read=Role.READ_ONLY)
@require_safe
def outreach(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft, its progress, or what became of it, with everybody's line."""
    found = get_object_or_404(Outreach.objects.select_related("segment", "created_by"), pk=pk)
    kind, reason = request.GET.get("kind", ""), request.GET.get("reason", "")
    rows = results.messages(found, kind=kind, reason=reason)
    context = _results_context(request, found) | {
        "page": paginate(rows, request, key=("pk",)),
        "kind": kind,
        "reason": reason,
    }
    fragment = "progress" if request.headers.get("HX-Target") == "outreach-progress" else "messages"
    return render_page(request, "crm/outreach/outreach.html", context, fragment=fragment)


def _results_context(request: HttpRequest, found: Outreach) -> dict[str, Any]:
    user = acting_user(request)
    counts = results.results(found)
    left_out = results.left_out(found)
    done = counts.total - counts.waiting
    return {
        "outreach": found,
        "results": counts,
        "left_out": left_out,
        "left_out_total": sum(count for _reason, _words, count in left_out),
        "holds_from": holds_from(found),
        "texts": [(code, words) for code, words in found.texts.items() if code != "from"],
        "percent": 100 * done // counts.total if counts.total else 0,
        "done": done,
        "may_edit": actions.can_edit(found, user),
        "may_send": actions.can_send(user),
    }


@access(write=Role.AGENT)
@require_POST
def outreach_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Outreach, pk=pk)
    try:
        actions.delete_outreach(outreach=found, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("crm:outreach", pk)
    messages.success(request, _("Deleted: %(title)s") % {"title": found.name})
    return redirect("crm:outreach-list")
