"""What to do: what the figures say should be acted on, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from crm.models import Customer
from crm.views.going_back import back, undo_tag
from metrics.findings import actions
from metrics.findings.forms import ActForm, DismissForm, SnoozeForm
from metrics.findings.rules import RULES
from metrics.findings.showing import SHOWN, Shown, names, told
from metrics.models import Finding
from staff.access import Role, access, acting_user
from staff.pages import paginate, render_page
from staff.refusals import Refusal

State = Finding.State
TABS = {
    State.OPEN: gettext_lazy("To decide"),
    State.ACTED: gettext_lazy("Being acted on"),
    State.SNOOZED: gettext_lazy("Later"),
    State.DISMISSED: gettext_lazy("Dismissed"),
    State.GONE: gettext_lazy("Over"),
}
ORDERS = {
    State.OPEN: ("-weight", "pk"),
    State.ACTED: ("-decided_at", "-pk"),
    State.SNOOZED: ("snoozed_until", "pk"),
    State.DISMISSED: ("-decided_at", "-pk"),
    State.GONE: ("-gone_at", "-pk"),
}
# A finding's own page names so many of those whom it is about.
CUSTOMERS = 100


@require_safe
@access(read=Role.READ_ONLY)
def finding_list(request: HttpRequest) -> HttpResponse:
    """Queries: the page of findings, their counts, those whom they are about, the people."""
    state = State(request.GET["show"]) if request.GET.get("show") in State.values else State.OPEN
    findings = Finding.objects.filter(state=state).select_related("task__owner", "decided_by")
    page = paginate(findings, request, key=ORDERS[state], size=25)
    shown = told(page, request.business)  # type: ignore[attr-defined]
    counts = dict(Finding.objects.order_by().values_list("state").annotate(found=Count("pk")))
    known = names(shown)
    context = {
        "page": page,
        "cards": [_card(request, one, known) for one in shown],
        "tabs": [(each.value, name, counts.get(each.value, 0)) for each, name in TABS.items()],
        "state": state.value,
        "open_count": counts.get(State.OPEN.value, 0),
        "rules": [rule.name for rule in RULES.values()],
    }
    return render_page(request, "metrics/finding_list.html", context, fragment="findings")


@require_safe
@access(read=Role.READ_ONLY)
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them, with everybody whom it is about."""
    row = get_object_or_404(
        Finding.objects.select_related("task__owner", "decided_by"), pk=pk, kind__in=RULES
    )
    shown = Shown(row, request.business)  # type: ignore[attr-defined]
    ids = shown.customer_ids[:CUSTOMERS]
    found = Customer.objects.select_related("owner").in_bulk(ids)
    customers = [found[each] for each in ids if each in found]
    context = {"card": _card(request, shown, {}), "shown": shown, "customers": customers}
    return render(request, "metrics/finding.html", context)


def _card(request: HttpRequest, shown: Shown, known: dict[int, str]) -> dict[str, Any]:
    """A finding, the first whom it is about, and the forms of what this person may do about it."""
    user, row = acting_user(request), shown.finding
    people = [(pk, known[pk]) for pk in shown.customer_ids[:SHOWN] if pk in known]
    more = len(shown.customer_ids) > SHOWN
    card: dict[str, Any] = {"shown": shown, "id": f"finding-{row.pk}", "people": people}
    card["has_more"] = more
    prefix = f"f{row.pk}"
    if actions.can_act(row) and user.has_role(Role.AGENT):
        due = actions.first_due(shown.rule.due_days, timezone.localdate())
        initial = {"title": shown.telling.task, "owner": user.pk, "due_on": due}
        card["act"] = ActForm(initial=initial, auto_id=f"{prefix}-act-%s")
    if actions.can_decide(row) and user.has_role(Role.MANAGER):
        card["snooze"] = SnoozeForm(auto_id=f"{prefix}-later-%s")
        card["dismiss"] = DismissForm(auto_id=f"{prefix}-no-%s")
    needed = Role.AGENT if row.state == State.ACTED else Role.MANAGER
    card["may_take_back"] = actions.can_take_back(row) and user.has_role(needed)
    return card


# --- Decisions ----------------------------------------------------------------------------------


@access(write=Role.AGENT)
@require_POST
def finding_act(request: HttpRequest, pk: int) -> HttpResponse:
    form, by = ActForm(request.POST), acting_user(request)

    def act(row: Finding) -> str:
        said = form.cleaned_data
        task = actions.act(finding=row, by=by, **said)
        return _("A task for %(name)s: %(title)s") % {"name": task.owner, "title": task.title}

    return _decided(request, pk, form, act)


@access(write=Role.MANAGER)
@require_POST
def finding_snooze(request: HttpRequest, pk: int) -> HttpResponse:
    form, by = SnoozeForm(request.POST), acting_user(request)

    def snooze(row: Finding) -> str:
        actions.snooze(finding=row, until=form.until, reason=form.cleaned_data["reason"], by=by)
        return _("Put off. It comes back on its day, if it is still so.")

    return _decided(request, pk, form, snooze)


@access(write=Role.MANAGER)
@require_POST
def finding_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    form, by = DismissForm(request.POST), acting_user(request)

    def dismiss(row: Finding) -> str:
        actions.dismiss(finding=row, reason=form.cleaned_data["reason"], by=by)
        return _("Dismissed. It comes back only if it gets clearly worse.")

    return _decided(request, pk, form, dismiss)


@access(write=Role.AGENT)
@require_POST
def finding_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """An agent takes back what an agent may do: the task made of it."""
    row = get_object_or_404(Finding, pk=pk)
    user = acting_user(request)
    if row.state != State.ACTED and not user.has_role(Role.MANAGER):
        messages.error(request, _("A manager can take this back."))
        return back(request, "metrics:finding-list")
    try:
        actions.take_back(finding=row, by=user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Taken back."))
    return back(request, "metrics:finding-list")


def _decided(
    request: HttpRequest, pk: int, form: Any, decide: Callable[[Finding], str]
) -> HttpResponse:
    row = get_object_or_404(Finding, pk=pk, kind__in=RULES)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, errors[0])
        return back(request, "metrics:finding-list")
    try:
        said = decide(row)
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        to = request.POST.get("next") or reverse("metrics:finding-list")
        messages.success(request, said, extra_tags=undo_tag("metrics:finding-undo", pk, to=to))
    return back(request, "metrics:finding-list")
