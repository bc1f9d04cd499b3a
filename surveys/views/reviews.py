"""Reviews on other sites, beside what customers answered."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Avg, Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.views.going_back import back, own_stroke, take_back, undo_tag
from staff.access import Role, access, acting_user
from staff.pages import paginate, render_page
from staff.refusals import Refusal
from surveys.actions import reviews as actions
from surveys.answer_filter import chosen_reviews
from surveys.forms.review import ReviewForm
from surveys.models import Review

# A business is on so many sites that it looks after.
MOST_SITES = 12


@access(read=Role.READ_ONLY)
@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """`?site=`, `?rating=` and `?q=` choose."""
    rows = chosen_reviews(request.GET).select_related("customer")
    context = {
        "page": paginate(rows, request, key=("-at", "-pk"), size=25),
        "sites": Review.objects.values("site")
        .annotate(n=Count("pk"), mean=Avg("rating"))
        .order_by("-n", "site")[:MOST_SITES],
        "site": request.GET.get("site", ""),
        "rating": request.GET.get("rating", ""),
        "words": request.GET.get("q", "").strip(),
        "stars": ["5", "4", "3", "2", "1"],
        "may_write": actions.can_write_reviews(acting_user(request)),
    }
    return render_page(request, "surveys/review_list.html", context, fragment="reviews")


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def review_create(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.POST or None)
    if form.is_valid():
        try:
            actions.record_review(by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("at", str(refusal))
        else:
            messages.success(request, _("The review is written down."))
            return redirect("surveys:review-list")
    return _form_page(request, form, {})


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def review_edit(request: HttpRequest, review_id: int) -> HttpResponse:
    review = get_object_or_404(Review.objects.select_related("customer"), pk=review_id)
    form = ReviewForm(request.POST or None, review=review)
    if form.is_valid():
        # A moment that was not touched keeps its seconds, which the field does not show.
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        try:
            actions.correct_review(review=review, by=acting_user(request), **changed)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The review is corrected."))
            return redirect("surveys:review-list")
    return _form_page(request, form, {"review": review})


@access(write=Role.AGENT)
@require_POST
def review_delete(request: HttpRequest, review_id: int) -> HttpResponse:
    review = get_object_or_404(Review, pk=review_id)
    change_set = actions.delete_review(review=review, by=acting_user(request))
    undo = undo_tag("surveys:undo", change_set.pk, to=request.POST.get("next", ""))
    messages.success(request, _("The review is deleted."), extra_tags=undo)
    return back(request, "surveys:review-list")


@access(write=Role.AGENT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one stroke made on this room's pages: one's own, or as a manager anybody's."""
    take_back(request, own_stroke(request, pk=pk, kind__startswith="surveys."))
    return back(request, "surveys:review-list")


def _form_page(request: HttpRequest, form: ReviewForm, context: dict[str, Any]) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "surveys/review_form.html", {"form": form, **context}, status=status)
