"""Training: what is planned, what was held, who took part."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.views.going_back import undo_tag
from metrics import training as trainings
from metrics.models import Training
from metrics.training_forms import TrainingForm
from staff.access import Role, access, acting_user
from staff.models import Business, ChangeSet, User
from staff.pages import paginate, render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def training_list(request: HttpRequest) -> HttpResponse:
    """The plan, the record, and the hours of each person in the last twelve months."""
    counted = Training.objects.select_related("cost").annotate(
        people=Count("hours"), all_hours=Sum("hours__hours")
    )
    page = paginate(counted.filter(~Q(held_on=None)), request, key=("-held_on", "-pk"))
    today = timezone.localdate()
    context = {
        "planned": counted.filter(held_on=None).order_by("planned_on", "pk"),
        "page": page,
        "trained": trainings.trained(today),
        "today": today,
        "may_plan": trainings.can_plan(acting_user(request)),
    }
    return render_page(request, "metrics/training_list.html", context, fragment="held")


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def training_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def training_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Training.objects.select_related("cost"), pk=pk))


def _edit(request: HttpRequest, found: Training | None) -> HttpResponse:
    form = _form(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            saved, stroke = trainings.save_training(
                by=acting_user(request), training=found, today=form.today, **form.values
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _done(request, stroke, _("Noted: %(title)s") % {"title": saved.title})
    context = {"form": form, "training": found}
    status = 422 if form.errors else 200
    return render(request, "metrics/training_form.html", context, status=status)


def _form(request: HttpRequest, found: Training | None) -> TrainingForm:
    """With those who took part, also where they meet no customers any more."""
    business: Business = request.business  # type: ignore[attr-defined]
    people = list(trainings.who_meets_customers())
    if found:
        there = {person.pk for person in people}
        took_part = found.hours.exclude(user__in=there).values("user")
        people += User.objects.filter(pk__in=took_part).order_by("name", "pk")
    today = timezone.localdate()
    return TrainingForm(
        request.POST if request.method == "POST" else None,
        people=people,
        today=today,
        currency=business.currency,
        initial=trainings.initial_of(found) if found else {"planned_on": today},
    )


@access(write=Role.MANAGER)
@require_POST
def training_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Training, pk=pk)
    try:
        stroke = trainings.delete_training(training=found, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect("metrics:training-list")
    return _done(request, stroke, _("The training is deleted, and its cost."))


def _done(request: HttpRequest, stroke: ChangeSet, words: str) -> HttpResponse:
    page = reverse("metrics:training-list")
    messages.success(request, words, extra_tags=undo_tag("metrics:undo", stroke.pk, to=page))
    return redirect(page)
