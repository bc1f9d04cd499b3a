"""What an answer sets going: the rules in their order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff.access import Role, access, acting_user
from staff.models import User
from staff.refusals import Refusal
from surveys import rule_words
from surveys.actions import loop_rules
from surveys.forms.loop import RuleForm
from surveys.models import LoopRule

# Over how long it is told how often each was used.
COUNTED = timedelta(days=90)


@access(read=Role.MANAGER)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    used = Count("follow_ups", filter=Q(follow_ups__created_at__gt=timezone.now() - COUNTED))
    found = loop_rules.in_order().select_related("survey", "segment", "owner", "canned_reply")
    context = {
        "rules": [
            (rule, rule_words.condition(rule), rule_words.consequence(rule))
            for rule in found.annotate(used=used)
        ],
        "days": COUNTED.days,
    }
    return render(request, "surveys/rules.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_edit(request: HttpRequest, rule_id: int) -> HttpResponse:
    return _edit(request, get_object_or_404(LoopRule, pk=rule_id, deleted_at=None))


def _edit(request: HttpRequest, rule: LoopRule | None) -> HttpResponse:
    # The form fills in an instance of its own: the action compares with the row.
    own = LoopRule.objects.get(pk=rule.pk) if rule else None
    form = RuleForm(request.POST if request.method == "POST" else None, instance=own)
    if form.is_valid():
        said, by = form.cleaned_data, acting_user(request)
        try:
            if rule:
                loop_rules.update_rule(rule=rule, by=by, **said)
            else:
                loop_rules.create_rule(by=by, **said)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. It holds for answers from now on."))
            return redirect("surveys:rules")
    context = {"form": form, "rule": rule}
    return render(request, "surveys/rule_form.html", context, status=422 if form.errors else 200)


def _pause(*, rule: LoopRule, by: User) -> Any:
    return loop_rules.update_rule(rule=rule, by=by, is_active=False)


def _resume(*, rule: LoopRule, by: User) -> Any:
    return loop_rules.update_rule(rule=rule, by=by, is_active=True)


def _up(*, rule: LoopRule, by: User) -> Any:
    return loop_rules.move_rule(rule=rule, up=True, by=by)


def _down(*, rule: LoopRule, by: User) -> Any:
    return loop_rules.move_rule(rule=rule, up=False, by=by)


STEPS: dict[str, Callable[..., Any]] = {
    "up": _up,
    "down": _down,
    "pause": _pause,
    "resume": _resume,
    "delete": loop_rules.delete_rule,
    "restore": loop_rules.restore_rule,
}


@access(write=Role.MANAGER)
@require_POST
def rule_step(request: HttpRequest, rule_id: int, step: str) -> HttpResponse:
    """Move it, pause it, let it work again, delete it, take that back."""
    rule = get_object_or_404(LoopRule, pk=rule_id)
    if step not in STEPS:
        raise Http404
    try:
        STEPS[step](rule=rule, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        if step == "delete":
            undo = reverse("surveys:rule-step", args=[rule.pk, "restore"])
            words = _("Deleted: %(title)s") % {"title": rule.name}
            messages.success(request, words, extra_tags=f"undo:{undo}")
    return redirect("surveys:rules")
