"""The silence rule: how long without a purchase somebody stays a customer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm import actions, pauses, tasks
from crm import silence as rules
from crm.actions.silence import EVER
from crm.forms.money import SilenceForm
from crm.models import Pauses, SilenceRule
from staff.access import Role, access, acting_user
from staff.pages import render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def silence(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _set(request)
    asked = SilenceForm(request.GET) if "days" in request.GET else None
    return _page(request, asked, looks_ahead=asked is not None)


def _set(request: HttpRequest) -> HttpResponse:
    form = SilenceForm(request.POST)
    if form.is_valid():
        try:
            actions.set_silence_rule(by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            text = _("The rule is set. Stages and figures follow within a few minutes.")
            messages.success(request, text)
            return redirect("crm:silence")
    return _page(request, form, looks_ahead=False)


def _page(request: HttpRequest, form: SilenceForm | None, *, looks_ahead: bool) -> HttpResponse:
    days = pauses.rule_on(timezone.localdate())
    dated = list(SilenceRule.objects.select_related("by").order_by("-since"))
    context: dict[str, Any] = {
        "form": form or SilenceForm(initial={"days": days}),
        "current": days,
        "rules": dated,
        "reaches_back": bool(dated) and dated[-1].since <= EVER,
        "follows": not dated or dated[0].follows,
        "today": timezone.localdate().isoformat(),
        "few": pauses.LEAST_COUNT,
        "default_days": SilenceRule.DEFAULT_DAYS,
        "may_write": acting_user(request).has_role(Role.MANAGER),
    }
    if counted := Pauses.objects.filter(pk=1).first():
        context |= {
            "pauses": counted,
            "half_within": rules.half_within(counted),
            "buckets": rules.buckets(counted),
            "choices": rules.choices(counted),
        }
        context["most_in_bucket"] = max(bucket.count for bucket in context["buckets"])
    if form is not None and looks_ahead and form.is_valid():
        context["preview"] = rules.preview(**form.cleaned_data)
        context["preview_days"] = form.cleaned_data["days"]
    return render_page(request, "crm/silence.html", context, fragment="preview")


@require_POST
@access(write=Role.MANAGER)
def silence_follow(request: HttpRequest) -> HttpResponse:
    """Let the rule follow the business's own pauses again."""
    try:
        rule = actions.follow_from_now_on(by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        text = _("From now on the rule follows your customers: %(days)s days today.")
        messages.success(request, text % {"days": rule.days})
    return redirect("crm:silence")


@require_POST
@access(write=Role.MANAGER)
def silence_count(request: HttpRequest) -> HttpResponse:
    """Count the pauses now instead of tonight."""
    tasks.count_pauses.delay()
    messages.success(request, _("The pauses are being counted. Look again in a moment."))
    return redirect("crm:silence")
