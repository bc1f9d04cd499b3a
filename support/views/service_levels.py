"""When the business works, and how soon it answers: the settings of the clock."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from staff.access import Role, access, acting_user
from staff.pages import render_page
from staff.refusals import Refusal
from support import terms
from support.actions import service_levels as actions
from support.forms.service_levels import HoursForm, ServiceLevelsForm
from support.holiday_regions import HolidayRegion, UnknownRegion
from support.models import CalendarVersion, SlaPolicyVersion
from support.service_levels import due_now, spoken_hours

VERSIONS, HOLIDAYS = 10, 12


@access(read=Role.READ_ONLY, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: HttpRequest) -> HttpResponse:
    """The week, holidays and days off; `?holidays=` looks at another region's."""
    version = actions.current_hours()
    form = HoursForm(request.POST or None, version=version)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_hours(
                week=form.week,
                holidays=form.cleaned_data["holidays"],
                closed=form.closed,
                by=acting_user(request),
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The hours are saved. Due times follow within minutes."))
            return redirect("support:hours")
    return _hours_page(request, form, version)


def _hours_page(request: HttpRequest, form: HoursForm, version: CalendarVersion) -> HttpResponse:
    now, working = timezone.now(), terms.hours_of(version)
    versions = CalendarVersion.objects.filter(calendar=version.calendar_id)
    wanted = form.data.get("holidays") or request.GET.get("holidays", version.holidays)
    context: dict[str, Any] = {
        "form": form,
        "version": version,
        "may_write": actions.can_change(acting_user(request)),
        "week": spoken_hours(version),
        "is_open": working.is_open(now),
        "next_opening": working.next_opening(now),
        "holidays": _coming(wanted),
        "versions": versions.select_related("created_by").order_by("-number")[:VERSIONS],
    }
    return render_page(request, "support/service_levels/hours.html", context, fragment="holidays")


def _coming(code: str) -> list[Any]:
    try:
        return HolidayRegion.parse(code).coming(timezone.localdate(), HOLIDAYS)
    except UnknownRegion:
        return []


@access(read=Role.READ_ONLY, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def service_levels(request: HttpRequest) -> HttpResponse:
    """How soon, per priority."""
    version = actions.current_targets()
    form = ServiceLevelsForm(request.POST or None, version=version)
    if request.method == "POST" and form.is_valid():
        actions.set_targets(
            targets=form.targets,
            warns_at_percent=form.cleaned_data["warns_at_percent"],
            by=acting_user(request),
        )
        messages.success(request, _("The times are saved. Due times follow within minutes."))
        return redirect("support:service-levels")
    versions = SlaPolicyVersion.objects.filter(policy=version.policy_id)
    context = {
        "form": form,
        "may_write": actions.can_change(acting_user(request)),
        "due": due_now(version, actions.current_hours(), timezone.now()),
        "versions": versions.select_related("created_by").order_by("-number")[:VERSIONS],
    }
    return render_page(
        request, "support/service_levels/service_levels.html", context, fragment="due"
    )
