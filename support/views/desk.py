"""How the desk is set up: its rules, queues and categories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff.access import Role, access, acting_user
from staff.pages import capped_counts
from staff.refusals import Refusal
from support import desk as desk_state
from support.actions import arranging, desk
from support.forms.desk import CategoryForm, QueueForm, RulesForm
from support.models import Category, Queue, Ticket


def done(form: BaseForm, act: Callable[[], Any]) -> bool:
    """Act; a refusal becomes the form's error."""
    try:
        act()
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    form = RulesForm(request.POST or None, instance=desk_state.settings())
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if done(form, lambda: desk.update_settings(by=acting_user(request), **values)):
            messages.success(request, _("The help desk’s settings are saved."))
            return redirect("support:desk")
    status = 422 if form.is_bound else 200
    return render(request, "support/desk/rules.html", {"form": form}, status=status)


# --- Queues -------------------------------------------------------------------------------


@access(read=Role.MANAGER)
@require_safe
def queues(request: HttpRequest) -> HttpResponse:
    desk_state.default_queue()
    rows = Queue.objects.select_related("mailbox").prefetch_related("members")
    living = [queue for queue in rows if queue.archived_at is None]
    is_open = Ticket.objects.open()
    counts = capped_counts({str(queue.pk): is_open.filter(queue=queue) for queue in living})
    context = {
        "queues": [(queue, counts[str(queue.pk)]) for queue in living],
        "archived": [queue for queue in rows if queue.archived_at is not None],
    }
    return render(request, "support/desk/queues.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def queue_create(request: HttpRequest) -> HttpResponse:
    form = QueueForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if done(form, lambda: desk.create_queue(by=acting_user(request), **values)):
            messages.success(request, _("The queue is there."))
            return redirect("support:queues")
    status = 422 if form.is_bound else 200
    return render(request, "support/desk/queue_form.html", {"form": form}, status=status)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def queue_edit(request: HttpRequest, pk: int) -> HttpResponse:
    queue = get_object_or_404(Queue, pk=pk)
    form = QueueForm(request.POST or None, instance=queue)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if done(form, lambda: desk.update_queue(queue=queue, by=acting_user(request), **values)):
            messages.success(request, _("The queue is saved."))
            return redirect("support:queues")
    context = {"form": form, "queue": queue, "may_archive": desk.can_archive(queue)}
    status = 422 if form.is_bound else 200
    return render(request, "support/desk/queue_form.html", context, status=status)


QUEUE_STEPS: dict[str, Callable[..., Any]] = {
    "archive": desk.archive_queue,
    "restore": desk.restore_queue,
    "default": desk.make_default,
}


@access(write=Role.MANAGER)
@require_POST
def queue_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Archive it, take it back, make it the one for all else, move it up or down."""
    queue = get_object_or_404(Queue, pk=pk)
    user = acting_user(request)
    if step in {"up", "down"}:
        among = Queue.objects.active()
        arranging.move(row=queue, among=among, by=user, up=step == "up")
    elif step in QUEUE_STEPS:
        _act(request, lambda: QUEUE_STEPS[step](queue=queue, by=user))
    else:
        raise Http404
    return redirect("support:queues")


def _act(request: HttpRequest, act: Callable[[], Any]) -> None:
    try:
        act()
    except Refusal as refusal:
        messages.error(request, str(refusal))


# --- Categories -----------------------------------------------------------------------------


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def categories(request: HttpRequest) -> HttpResponse:
    """What tickets can be about; another one is made at the end of the list."""
    form = CategoryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if done(form, lambda: desk.create_category(name=name, by=acting_user(request))):
            return redirect("support:categories")
    rows = Category.objects.all()
    context = {
        "form": form,
        "categories": [one for one in rows if one.archived_at is None],
        "archived": [one for one in rows if one.archived_at is not None],
    }
    status = 422 if form.is_bound else 200
    return render(request, "support/desk/categories.html", context, status=status)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def category_edit(request: HttpRequest, pk: int) -> HttpResponse:
    category = get_object_or_404(Category, pk=pk)
    form = CategoryForm(request.POST or None, instance=category)
    if request.method == "POST" and form.is_valid():
        name, user = form.cleaned_data["name"], acting_user(request)
        if done(form, lambda: desk.rename_category(category=category, name=name, by=user)):
            messages.success(request, _("The category is saved."))
            return redirect("support:categories")
    context = {"form": form, "category": category}
    status = 422 if form.is_bound else 200
    return render(request, "support/desk/category_form.html", context, status=status)


@access(write=Role.MANAGER)
@require_POST
def category_archive(request: HttpRequest, pk: int) -> HttpResponse:
    category = get_object_or_404(Category, pk=pk)
    act = desk.restore_category if category.archived_at else desk.archive_category
    _act(request, lambda: act(category=category, by=acting_user(request)))
    return redirect("support:categories")
