"""What customers answered, how sure one can be of it, and what waits for a decision."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from crm.models import Segment
from crm.segments import customers_of, visible_to
from staff.access import Role, access, acting_user
from staff.pages import render_page
from staff.refusals import Refusal
from surveys import registry, results
from surveys.actions import held
from surveys.actions.surveys import can_edit
from surveys.answer_filter import readable
from surveys.models import Response, Survey
from surveys.reasons import BECAUSE
from surveys.views.answers import shown

PERIODS = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("12 months"),
    "all": gettext_lazy("All time"),
}
HELD_SHOWN = 50
LATEST = 8


@access(read=Role.READ_ONLY)
@require_safe
def survey(request: HttpRequest, survey_id: int) -> HttpResponse:
    """`?period=`, `?segment=` choose the answers; `?by=` what of their customers they are told apart by."""
    found = get_object_or_404(Survey, pk=survey_id)
    user = acting_user(request)
    period = request.GET.get("period", "")
    period = period if period in PERIODS else "365"
    segment = _segment(request)
    by = request.GET.get("by", "")
    by = by if by in results.BREAKDOWNS else ""
    scope = results.Scope(
        survey=found,
        since=None if period == "all" else timezone.now() - timedelta(days=int(period)),
        customers=customers_of(segment) if segment else None,
    )
    context = {
        "survey": found,
        "period": period,
        "periods": PERIODS.items(),
        "segment": segment,
        "segments": visible_to(user),
        "by": by,
        "breakdowns": [(name, one.label) for name, one in results.BREAKDOWNS.items()],
        "parts": results.by_value(scope, by) if by else [],
    }
    if not request.htmx:  # type: ignore[attr-defined]
        context |= _whole_page(request, scope)
    return render_page(request, "surveys/survey.html", context, fragment="breakdown")


def _segment(request: HttpRequest) -> Segment | None:
    asked = request.GET.get("segment", "")
    if not (asked.isdecimal() and len(asked) < 19):
        return None
    return visible_to(acting_user(request)).filter(pk=int(asked)).first()


def _whole_page(request: HttpRequest, scope: results.Scope) -> dict[str, Any]:
    user, found = acting_user(request), scope.survey
    counts, nobodys = results.histograms(scope)
    outcomes = results.outcomes(scope)
    months, invalid = results.months(scope)
    counted = registry.Counted(
        kind=found.kind,
        histogram=counts,
        invalid=invalid,
        delivered=outcomes.delivered,
        answered=outcomes.answered,
    )
    of_nobody = registry.Counted(found.kind, nobodys)
    together = Counter(counts) + Counter(nobodys)
    bars = results.bars(found, together)
    earlier = scope.before()
    before = results.histograms(earlier)[0] if earlier else {}
    return {
        "figures": registry.results_figures(counted),
        "figures_of_nobody": registry.results_figures(of_nobody) if nobodys else [],
        "compared": registry.compared(counted, registry.Counted(found.kind, before))
        if min(counted.n, sum(before.values())) >= results.FEW
        else "",
        "n": counted.n + of_nobody.n,
        "few": counted.n < results.FEW,
        "few_of_nobody": of_nobody.n < results.FEW,
        "is_hidden": found.is_anonymous and counted.n + of_nobody.n < results.FEW,
        "bars": bars,
        "highest_bar": max(bar.count for bar in bars),
        "months": months,
        "tags": results.by_tag(scope),
        "outcomes": outcomes,
        "invalid": invalid,
        "skipped": results.skipped(scope),
        "latest": shown(readable().filter(survey=found).order_by("-answered_at", "-pk"))[:LATEST],
        "held": [
            (response, BECAUSE.get(response.validity_reason, ""))
            for response in results.to_decide(found)[:HELD_SHOWN]
        ],
        "may_edit": can_edit(user),
        "may_decide": user.has_role(Role.AGENT),
        "may_tag": False,
        "may_send": user.has_role(Role.AGENT) and found.is_active,
    }


@access(write=Role.AGENT)
@require_POST
def response_count(request: HttpRequest, response_id: int) -> HttpResponse:
    response = get_object_or_404(Response, pk=response_id)
    try:
        held.count_response(response=response, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The answer counts now."))
    return redirect("surveys:survey", response.survey_id)


@access(write=Role.AGENT)
@require_POST
def response_discard(request: HttpRequest, response_id: int) -> HttpResponse:
    response = get_object_or_404(Response, pk=response_id)
    try:
        held.discard_response(response=response, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        undo = reverse("surveys:response-hold", args=[response.pk])
        messages.success(request, _("The answer is discarded."), extra_tags=f"undo:{undo}")
    return redirect("surveys:survey", response.survey_id)


@access(write=Role.AGENT)
@require_POST
def response_hold(request: HttpRequest, response_id: int) -> HttpResponse:
    """Takes a discarding back."""
    response = get_object_or_404(Response, pk=response_id)
    try:
        held.hold_again(response=response, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("surveys:survey", response.survey_id)
