"""When surveys are sent by themselves, and the rules that all asking follows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff.access import Role, access, acting_user
from staff.models import Business
from staff.refusals import Refusal
from surveys.actions import triggers as actions
from surveys.asking_hours import current_rules, leaves_at
from surveys.forms.trigger import AskingRulesForm, TriggerForm
from surveys.models import Invitation, Skip, SurveyTrigger
from surveys.moments.words import words_of

Moment = SurveyTrigger.Moment


@access(read=Role.READ_ONLY)
@require_safe
def trigger_list(request: HttpRequest) -> HttpResponse:
    triggers = (
        SurveyTrigger.objects.select_related("survey", "segment")
        .annotate(**_counts())
        .order_by("-is_active", "moment", "pk")
    )
    context = {
        "lines": [(one, words_of(one)) for one in triggers],
        "moments": Moment.choices,
        "may_edit": actions.can_set_trigger(acting_user(request)),
        "rules": current_rules(),
    }
    return render(request, "surveys/trigger_list.html", context)


def _counts() -> dict[str, Subquery]:
    invited = Invitation.objects.filter(trigger=OuterRef("pk")).order_by().values("trigger")
    waiting = Q(state=Invitation.State.PENDING)
    answered = Q(state=Invitation.State.ANSWERED)
    gone = waiting | Q(state=Invitation.State.CANCELLED)
    skips = Skip.objects.filter(trigger=OuterRef("pk")).order_by().values("trigger")

    def count(rows: Any, only: Q) -> Subquery:
        return Subquery(rows.annotate(count=Count("pk", filter=only)).values("count"))

    return {
        "asked": count(invited, ~gone),
        "answered": count(invited, answered),
        "waiting": count(invited, waiting),
        "skipped": count(skips, Q()),
    }


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def trigger_create(request: HttpRequest, moment: str) -> HttpResponse:
    if moment not in Moment.values:
        raise Http404
    user = acting_user(request)
    blank = SurveyTrigger(moment=moment, after_days=7, every_months=6)
    form = TriggerForm(request.POST or None, instance=blank, moment=moment, by=user)
    if form.is_valid():
        try:
            actions.create_trigger(moment=moment, by=user, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("survey", str(refusal))
        else:
            messages.success(request, _("Saved. It holds for what happens from now on."))
            return redirect("surveys:trigger-list")
    return _form_page(request, form, Moment(moment), None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def trigger_edit(request: HttpRequest, trigger_id: int) -> HttpResponse:
    trigger = get_object_or_404(SurveyTrigger, pk=trigger_id)
    user = acting_user(request)
    # The form changes its instance; the action compares with what is there.
    own = SurveyTrigger.objects.get(pk=trigger.pk)
    form = TriggerForm(request.POST or None, instance=own, moment=trigger.moment, by=user)
    if form.is_valid():
        try:
            actions.change_trigger(trigger=trigger, by=user, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("survey", str(refusal))
        else:
            messages.success(request, _("Saved. It holds for what happens from now on."))
            return redirect("surveys:trigger-list")
    return _form_page(request, form, Moment(trigger.moment), trigger)


def _form_page(
    request: HttpRequest, form: TriggerForm, moment: Moment, trigger: SurveyTrigger | None
) -> HttpResponse:
    context = {"form": form, "moment": moment, "trigger": trigger}
    status = 422 if form.is_bound else 200
    return render(request, "surveys/trigger_form.html", context, status=status)


@access(write=Role.MANAGER)
@require_POST
def trigger_pause(request: HttpRequest, trigger_id: int) -> HttpResponse:
    """With `resume` posted, it is sent again."""
    trigger = get_object_or_404(SurveyTrigger, pk=trigger_id)
    resumes = bool(request.POST.get("resume"))
    actions.change_trigger(trigger=trigger, by=acting_user(request), is_active=resumes)
    done = _("It is sent again from now on.") if resumes else _("Nobody is asked by it any more.")
    messages.success(request, done)
    return redirect("surveys:trigger-list")


@access(read=Role.READ_ONLY, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def asking_rules(request: HttpRequest) -> HttpResponse:
    business: Business = request.business  # type: ignore[attr-defined]
    form = AskingRulesForm(request.POST or None, instance=current_rules())
    user = acting_user(request)
    if form.is_valid():
        actions.set_asking_rules(by=user, **form.cleaned_data)
        messages.success(request, _("Saved. It holds for what leaves from now on."))
        return redirect("surveys:asking-rules")
    rules = current_rules()
    context = {
        "form": form,
        "rules": rules,
        "business": business,
        "leaves_at": leaves_at(business, rules=rules),
        "may_write": actions.can_set_trigger(user),
    }
    status = 422 if form.is_bound else 200
    return render(request, "surveys/asking_rules.html", context, status=status)
