"""What customers answered, how sure one can be of it, and what waits for a decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from staff.access import Role, access, acting_user
from staff.pages import paginate, render_page
from staff.refusals import Refusal
from staff.templatetags.vinculo import score_group
from surveys import registry, results
from surveys.actions import held
from surveys.actions.surveys import can_edit
from surveys.models import Response, Survey
from surveys.reasons import BECAUSE
from surveys.scores import HIGH, LOW, MIDDLE, bounds

PERIODS = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("12 months"),
    "all": gettext_lazy("All time"),
}
# With fewer answers than this there are answers to read, but no score.
FEW = 5
HELD_SHOWN = 50


@access(read=Role.READ_ONLY)
@require_safe
def survey(request: HttpRequest, survey_id: int) -> HttpResponse:
    found = get_object_or_404(Survey, pk=survey_id)
    period = request.GET.get("period", "")
    period = period if period in PERIODS else "365"
    since = None if period == "all" else timezone.now() - timedelta(days=int(period))
    group, words = request.GET.get("group", ""), request.GET.get("q", "").strip()
    answers = results.comments(found, since, group=group, words=words)
    context = {
        "survey": found,
        "period": period,
        "periods": PERIODS.items(),
        "group": group,
        "groups": _groups(found),
        "words": words,
        "page": paginate(answers, request, key=("-answered_at", "-pk"), size=25),
    }
    if not request.htmx:  # type: ignore[attr-defined]
        context |= _whole_page(request, found, since)
    return render_page(request, "surveys/survey.html", context, fragment="comments")


def _whole_page(request: HttpRequest, found: Survey, since: datetime | None) -> dict[str, Any]:
    user = acting_user(request)
    counts = results.histogram(found, since)
    outcomes = results.outcomes(found, since)
    validities = results.validities(found, since)
    counted = registry.Counted(
        kind=found.kind,
        histogram=counts,
        invalid=validities.get(Response.Validity.INVALID, 0),
        delivered=outcomes.delivered,
        answered=outcomes.answered,
    )
    bars = results.bars(found, counts)
    return {
        "figures": registry.results_figures(counted),
        "n": counted.n,
        "few": counted.n < FEW,
        "bars": bars,
        "highest_bar": max(bar.count for bar in bars),
        "months": results.months(found, since),
        "outcomes": outcomes,
        "invalid": counted.invalid,
        "skipped": results.skipped(found, since),
        "held": [
            (response, BECAUSE.get(response.validity_reason, ""))
            for response in results.to_decide(found)[:HELD_SHOWN]
        ],
        "may_edit": can_edit(user),
        "may_decide": user.has_role(Role.AGENT),
        "may_send": user.has_role(Role.AGENT) and found.is_active,
    }


def _groups(found: Survey) -> list[tuple[str, str]]:
    """The groups by which answers can be filtered, by their names for this kind."""
    return [
        (group, score_group(found.kind, bounds(found.kind, group)[0])[1])
        for group in (HIGH, MIDDLE, LOW)
    ]


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
