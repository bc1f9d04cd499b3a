"""Alerts: which figures are watched, what each told of, and the band of each."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.views.going_back import back, undo_tag
from metrics.alerts import actions, judging
from metrics.alerts.forms import AlertForm
from metrics.definitions import DEFINITIONS, Definition
from metrics.models import Alert
from metrics.views.asked import definition_or_404
from metrics.words import THEMES
from staff.access import Role, access, acting_user
from staff.models import Business, ChangeSet
from staff.refusals import Refusal


@require_safe
@access(read=Role.READ_ONLY)
def alert_list(request: HttpRequest) -> HttpResponse:
    """Those that are off first; the metrics that nobody watches to choose from."""
    rows = Alert.objects.prefetch_related("told").order_by("kpi", "pk")
    shown = judging.shown(request.business, rows)  # type: ignore[attr-defined]
    watched = {one.definition.kpi for one in shown}
    others = [d for d in DEFINITIONS.values() if d.is_stored and d.kpi not in watched]
    by_theme = [(name, [d for d in others if d.theme is theme]) for theme, name in THEMES.items()]
    context = {
        "shown": sorted(shown, key=lambda one: (not one.is_off, not one.alert.is_active)),
        "others": [(name, definitions) for name, definitions in by_theme if definitions],
        "may_write": acting_user(request).has_role(Role.MANAGER),
    }
    return render(request, "metrics/alert_list.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_create(request: HttpRequest, kpi: str) -> HttpResponse:
    definition = definition_or_404(kpi)
    if not definition.is_stored:
        raise Http404
    return _edit(request, definition, None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_edit(request: HttpRequest, pk: int) -> HttpResponse:
    alert = get_object_or_404(Alert, pk=pk)
    return _edit(request, definition_or_404(alert.kpi), alert)


def _edit(request: HttpRequest, definition: Definition, alert: Alert | None) -> HttpResponse:
    business: Business = request.business  # type: ignore[attr-defined]
    own = {"told": [acting_user(request).pk]}
    form = AlertForm(
        request.POST if request.method == "POST" else None,
        definition=definition,
        currency=business.currency,
        initial=AlertForm.initial_of(definition, alert) if alert else own,
    )
    if form.is_valid():
        try:
            stroke = _saved(request, definition, alert, form)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _done(request, stroke, _("The alert is saved."))
    context = {
        "form": form,
        "definition": definition,
        "alert": alert,
        "would": judging.would_have(alert, business, timezone.now()) if alert else None,
        "events": alert.events.order_by("-starts_on")[:12] if alert else [],
    }
    status = 422 if form.errors else 200
    return render(request, "metrics/alert_form.html", context, status=status)


def _saved(
    request: HttpRequest, definition: Definition, alert: Alert | None, form: AlertForm
) -> ChangeSet | None:
    by, told = acting_user(request), list(form.cleaned_data["told"])
    if alert:
        return actions.update_alert(alert=alert, band=form.band, told=told, by=by)
    made = actions.create_alert(kpi=definition.kpi, band=form.band, told=told, by=by)
    return made[1]


@access(write=Role.MANAGER)
@require_POST
def alert_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause it, or with `on=1` go on."""
    alert, is_active = get_object_or_404(Alert, pk=pk), request.POST.get("on") == "1"
    words = _("The alert goes on.") if is_active else _("The alert is paused.")
    try:
        stroke = actions.pause_alert(alert=alert, is_active=is_active, by=acting_user(request))
    except actions.AlertGone as refusal:
        return _gone(request, refusal)
    return _done(request, stroke, words)


@access(write=Role.MANAGER)
@require_POST
def alert_delete(request: HttpRequest, pk: int) -> HttpResponse:
    alert = get_object_or_404(Alert, pk=pk)
    try:
        stroke = actions.delete_alert(alert=alert, by=acting_user(request))
    except actions.AlertGone as refusal:
        return _gone(request, refusal)
    return _done(request, stroke, _("The alert is deleted."))


def _gone(request: HttpRequest, refusal: actions.AlertGone) -> HttpResponse:
    """Somebody else has deleted it meanwhile."""
    messages.info(request, str(refusal))
    return redirect("metrics:alert-list")


def _done(request: HttpRequest, stroke: ChangeSet | None, words: str) -> HttpResponse:
    done = back(request, "metrics:alert-list")
    if stroke is None:
        messages.info(request, _("It is so already."))
    else:
        undo = undo_tag("metrics:undo", stroke.pk, to=done.url)
        messages.success(request, words, extra_tags=undo)
    return done
