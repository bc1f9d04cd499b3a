"""Deals: the board, the list, one deal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions, deals
from crm.filters import DealFilter
from crm.forms.deals import DealForm, DealTaskForm, MoveForm
from crm.forms.interactions import end_of
from crm.models import Customer, Deal, Stage, Task
from crm.views.going_back import back
from staff.access import Role, access, acting_user
from staff.pages import paginate, render_page
from staff.refusals import Refusal

FIELDS = ("title", "amount", "expected_on", "owner", "contact", "version")


@access(read=Role.READ_ONLY)
@require_safe
def deal_list(request: HttpRequest) -> HttpResponse:
    """`?view=list` is the list; anything else is the board of one pipeline."""
    is_list = request.GET.get("view") == "list"
    stages = deals.stages_in_use()
    asked = request.GET if is_list else _of_a_board(request, stages)
    chosen = DealFilter(asked, queryset=Deal.objects.all(), stages=stages)
    context = {
        "filter": chosen,
        "is_list": is_list,
        "several": len({stage.pipeline_id for stage in stages}) > 1,
        "may_write": acting_user(request).has_role(Role.AGENT),
        "may_arrange": acting_user(request).has_role(Role.MANAGER),
        **(_list(request, chosen) if is_list else _board(chosen, stages)),
    }
    return render_page(request, "crm/deal_list.html", context, fragment="deals")


def _of_a_board(request: HttpRequest, stages: Sequence[Stage]) -> QueryDict:
    """Which pipeline, the first unless another is named, and whose deals."""
    asked = QueryDict(mutable=True)
    asked["owner"] = request.GET.get("owner", "")
    known = [str(stage.pipeline_id) for stage in stages]
    named = request.GET.get("pipeline", "")
    asked["pipeline"] = named if named in known else (known or [""])[0]
    return asked


def _board(chosen: DealFilter, stages: Sequence[Stage]) -> dict[str, Any]:
    of_it = [stage for stage in stages if str(stage.pipeline_id) == chosen.data["pipeline"]]
    board = deals.board(of_it, chosen.qs)
    return {"board": board, "sums": board.sums, "is_filtered": bool(chosen.data["owner"])}


def _list(request: HttpRequest, chosen: DealFilter) -> dict[str, Any]:
    rows = chosen.qs.select_related("customer", "owner", "stage")
    return {
        "page": paginate(rows, request, key=chosen.key),
        "sums": deals.sums_of(chosen.qs),
        "is_filtered": chosen.is_filtered,
    }


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def deal_create(request: HttpRequest) -> HttpResponse:
    customer = _customer_asked_for(request)
    initial = {"owner": request.user.pk, "stage": request.GET.get("stage")}
    form = DealForm(request.POST or None, initial=initial, customer=customer)
    if request.method == "POST" and form.is_valid():
        said = {"customer": customer, **form.said}
        try:
            deal = actions.create_deal(by=acting_user(request), **said)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The deal is there."))
            return redirect("crm:deal", deal.pk)
    context = {"form": form, "customer": customer}
    return render(request, "crm/deal_form.html", context, status=422 if form.errors else 200)


def _customer_asked_for(request: HttpRequest) -> Customer | None:
    pk = request.GET.get("customer", "")
    return Customer.objects.filter(pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None


@access(read=Role.READ_ONLY)
@require_safe
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: HttpRequest, pk: int, task_form: DealTaskForm | None = None) -> HttpResponse:
    rows = Deal.objects.select_related(
        "customer", "contact", "owner", "stage__pipeline", "order", "contract"
    )
    found = get_object_or_404(rows, pk=pk)
    tasks = Task.objects.filter(about_model="crm.deal", about_id=pk).select_related("owner")
    context = {
        "deal": found,
        "stages": found.stage.pipeline.stages.filter(archived_at=None),
        "stays": deals.stays(found),
        "tasks": tasks.order_by("done_at", "due_at", "pk")[:50],
        "task_form": task_form or DealTaskForm(),
        "may_write": acting_user(request).has_role(Role.AGENT),
        "here": reverse("crm:deal", args=[pk]),
    }
    status = 422 if task_form else 200
    return render(request, "crm/deal.html", context, status=status)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def deal_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Deal.objects.select_related("customer", "contact"), pk=pk)
    as_it_is = {name: getattr(found, name) for name in FIELDS}
    form = DealForm(request.POST or None, initial=as_it_is, customer=found.customer, deal=found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_deal(deal=found, by=acting_user(request), **form.said)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("crm:deal", pk)
    context = {"form": form, "customer": found.customer, "deal": found}
    return render(request, "crm/deal_form.html", context, status=422 if form.errors else 200)


@access(write=Role.AGENT)
@require_POST
def deal_move(request: HttpRequest, pk: int) -> HttpResponse:
    """By a drag or from a card's menu; what came of it is said on the page that follows."""
    found = get_object_or_404(Deal, pk=pk)
    form = MoveForm(request.POST)
    try:
        if form.is_valid():
            messages.success(request, _moved(request, found, form.cleaned_data))
        else:
            messages.error(request, _("That is no place for a deal."))
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    answer = back(request, "crm:deal-list")
    answer["Location"] = f"{answer.url}#deal-{pk}"
    return answer


def _moved(request: HttpRequest, found: Deal, said: dict[str, Any]) -> str:
    by, stage = acting_user(request), said["stage"]
    if stage is None:
        actions.shift_deal(deal=found, up=said["to"] == "up", by=by)
        return _("“%(deal)s” has changed its place.") % {"deal": found.title}
    above = Deal(pk=said["above"]) if said["above"] else None
    is_last = said["to"] == "last"
    actions.move_deal(
        deal=found, stage=stage, above=above, last=is_last, version=said["version"], by=by
    )
    return _("“%(deal)s” stands in “%(stage)s” now.") % {"deal": found.title, "stage": stage.name}


@access(write=Role.AGENT)
@require_POST
def deal_task_add(request: HttpRequest, pk: int) -> HttpResponse:
    """The next thing to do about it, one's own."""
    found = get_object_or_404(Deal.objects.select_related("customer"), pk=pk)
    form = DealTaskForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, form)
    due_on = form.cleaned_data["due_on"]
    actions.create_task(
        title=form.cleaned_data["title"],
        customer=found.customer,
        due_at=end_of(due_on) if due_on else None,
        about=found,
        by=acting_user(request),
    )
    messages.success(request, _("Written down."))
    return redirect("crm:deal", pk)
