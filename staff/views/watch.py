"""What an owner watches: who changed what, and whether everything runs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from staff import audit_words, health
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
        entries = form.chosen(entries)
    page = paginate(entries, request, key=("-at", "-pk"))
    context = {"form": form, "page": page, "entries": audit_words.shown(page.rows)}
    return render_page(request, "staff/audit.html", context, fragment="entries")


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
