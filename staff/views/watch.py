"""What an owner watches: who changed what, and whether everything runs."""

from datetime import datetime, time, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from staff import health
from staff.access import Role, access
from staff.forms import AuditFilterForm
from staff.models import AuditEntry
from staff.pages import paginate, render_page


@access(read=Role.MANAGER)
@require_safe
def audit_trail(request: HttpRequest) -> HttpResponse:
    form = AuditFilterForm(request.GET or None)
    entries = AuditEntry.objects.select_related("by")
    if form.is_valid():
        entries = _filtered(entries, form)
    page = paginate(entries, request, key=("-at", "-pk"))
    context = {"form": form, "page": page}
    return render_page(request, "staff/audit.html", context, fragment="entries")


def _filtered(entries: QuerySet[AuditEntry], form: AuditFilterForm) -> QuerySet[AuditEntry]:
    wanted = form.cleaned_data
    if wanted["by"]:
        entries = entries.filter(by=wanted["by"])
    if wanted["action"]:
        entries = entries.filter(action=wanted["action"])
    if wanted["model"]:
        entries = entries.filter(target_model=wanted["model"])
    if wanted["since"]:
        entries = entries.filter(at__gte=_midnight(wanted["since"]))
    if wanted["until"]:
        entries = entries.filter(at__lt=_midnight(wanted["until"] + timedelta(days=1)))
    return entries


def _midnight(day: datetime) -> datetime:
    """The first instant of a day in the business's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


@access(read=Role.MANAGER)
@require_safe
def system_health(request: HttpRequest) -> HttpResponse:
    findings, jobs = health.findings(), health.job_runs()
    well = not any(found.ok is False for _check, found in findings)
    context = {
        "findings": findings,
        "jobs": jobs,
        "all_well": well and not any(run.late for run in jobs),
    }
    return render(request, "staff/health.html", context)
