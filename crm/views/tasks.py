"""Today: what is due, late and promised, and what other rooms put beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions, agenda, registry
from crm.forms.interactions import TaskEditForm, TaskForm, end_of
from crm.models import Customer, Task
from crm.views.going_back import back, undo_tag
from mail import alarms
from staff.access import Role, access, acting_user
from staff.formats import date_long
from staff.pages import render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    is_manager = acting_user(request).has_role(Role.MANAGER)
    context = today_context(request) | {"mail_alarms": alarms.standing() if is_manager else []}
    return render_page(request, "crm/today.html", context, fragment="tasks")


def today_context(request: HttpRequest, form: TaskForm | None = None) -> dict[str, Any]:
    return {
        "agenda": agenda.read(acting_user(request), whole=request.GET.get("all", "")),
        "form": form or TaskForm(initial={"owner": request.user.pk}),
        "lists": registry.today_lists(request),
        "today": timezone.localdate(),
        "today_url": reverse("crm:today"),
        "may_write": acting_user(request).has_role(Role.AGENT),
    }


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def task_create(request: HttpRequest) -> HttpResponse:
    form = TaskForm(request.POST or None, initial=_as_asked(request))
    if request.method == "POST" and form.is_valid() and _made(request, form):
        messages.success(request, _("Written down."))
        customer = form.cleaned_data["customer"]
        return redirect("crm:customer", customer.pk) if customer else redirect("crm:today")
    return render(request, "crm/task_form.html", {"form": form})


@access(write=Role.AGENT)
@require_POST
def task_add(request: HttpRequest) -> HttpResponse:
    """The one line on Today; without scripts it comes back to Today, too."""
    form = TaskForm({**request.POST.dict(), "owner": request.user.pk})
    made = form.is_valid() and _made(request, form)
    if made and not request.htmx:  # type: ignore[attr-defined]
        return redirect("crm:today")
    context = today_context(request, None if made else form)
    response = render_page(request, "crm/today.html", context, fragment="tasks")
    response.status_code = 200 if made else 422
    return response


def _made(request: HttpRequest, form: TaskForm) -> bool:
    said = dict(form.cleaned_data)
    due_on = said.pop("due_on")
    try:
        actions.create_task(
            by=acting_user(request), due_at=end_of(due_on) if due_on else None, **said
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _as_asked(request: HttpRequest) -> dict[str, Any]:
    pk = request.GET.get("customer", "")
    customer = Customer.objects.filter(pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None
    return {"owner": request.user.pk, "customer": customer}


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def task_edit(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.select_related("customer", "owner"), pk=pk)
    form = TaskEditForm(request.POST if request.method == "POST" else None, task=task)
    if form.is_valid() and _changed(request, task, form):
        messages.success(request, _("Saved."))
        return (
            redirect("crm:customer", task.customer_id)
            if task.customer_id
            else redirect("crm:today")
        )
    context = {"form": form, "task": task}
    return render(request, "crm/task_form.html", context, status=422 if form.errors else 200)


def _changed(request: HttpRequest, task: Task, form: TaskEditForm) -> bool:
    said, by = form.cleaned_data, acting_user(request)
    try:
        with transaction.atomic():
            actions.update_task(task=task, by=by, title=said["title"], owner=said["owner"])
            if form.moves:
                actions.reschedule_task(task=task, due_at=said["due_at"], by=by)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


# What `?to=` of task_move takes, in days from today.
MOVES = {"today": 0, "tomorrow": 1, "week": 7}


@access(write=Role.AGENT)
@require_POST
def task_move(request: HttpRequest, pk: int) -> HttpResponse:
    """One press: to tomorrow, or in a week."""
    task = get_object_or_404(Task, pk=pk)
    days = MOVES.get(request.POST.get("to", ""), 1)
    try:
        moved = actions.move_task(task=task, days=days, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        words = _("Moved to %(day)s: %(title)s")
        messages.success(request, words % {"day": date_long(moved.due_at), "title": moved.title})
    return back(request, "crm:today")


@access(write=Role.AGENT)
@require_POST
def task_delete(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(Task, pk=pk)
    change_set = actions.delete_task(task=task, by=acting_user(request))
    done = back(request, "crm:today")
    tag = undo_tag("crm:undo", change_set.pk, to=done.url)
    messages.success(request, _("Deleted: %(title)s") % {"title": task.title}, extra_tags=tag)
    return done


@access(write=Role.AGENT)
@require_POST
def task_complete(request: HttpRequest, pk: int) -> HttpResponse:
    return _toggle(request, pk, actions.complete_task, _("Done: %(title)s"), "crm:task-reopen")


@access(write=Role.AGENT)
@require_POST
def task_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    return _toggle(request, pk, actions.reopen_task, _("Open again: %(title)s"), "")


def _toggle(
    request: HttpRequest, pk: int, act: Callable[..., Task], words: str, undo: str
) -> HttpResponse:
    """One task done or open again; htmx gets its line, where a second press takes it back."""
    task = get_object_or_404(Task.objects.select_related("customer", "owner"), pk=pk)
    try:
        act(task=task, by=acting_user(request))
    except Refusal as refusal:
        if not request.htmx:  # type: ignore[attr-defined]
            messages.info(request, str(refusal))
        task.refresh_from_db(fields=["done_at"])
    else:
        if not request.htmx:  # type: ignore[attr-defined]
            text = words % {"title": task.title}
            to = back(request, "crm:today").url
            messages.success(request, text, extra_tags=undo_tag(undo, pk, to=to) if undo else "")
    if request.htmx:  # type: ignore[attr-defined]
        context = {
            "tasks": [task],
            "with_customer": bool(request.POST.get("with_customer")),
            "back": request.POST.get("next", ""),
        }
        return render(request, "crm/_task.html", context)
    return back(request, "crm:today")
