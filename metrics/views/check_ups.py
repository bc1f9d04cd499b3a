"""The check-up: the round that is open, those that are finished, and two of them side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.views.going_back import undo_tag
from metrics import check_ups, evidence
from metrics.check_up_forms import LABELS, CheckUpForm
from metrics.definitions import DEFINITIONS
from metrics.models import CheckUp, CheckUpAnswer, Objective
from staff.access import Role, access, acting_user
from staff.models import Business
from staff.refusals import Refusal


def _business(request: HttpRequest) -> Business:
    found: Business = request.business  # type: ignore[attr-defined]
    return found


def finished_rounds() -> list[CheckUp]:
    rounds = CheckUp.objects.exclude(finished_at=None).select_related("by")
    return list(rounds.prefetch_related("answers").order_by("-finished_at", "-pk")[:40])


@access(read=Role.READ_ONLY)
@require_safe
def check_up(request: HttpRequest) -> HttpResponse:
    """The questions while a round is open; objectives; and the rounds so far."""
    return _page(request, check_ups.open_round(), None)


def _page(request: HttpRequest, current: CheckUp | None, form: CheckUpForm | None) -> HttpResponse:
    business, now = _business(request), timezone.now()
    rounds = finished_rounds()
    may_write = check_ups.can_check_up(acting_user(request))
    context: dict[str, Any] = {
        "current": current,
        "rounds": [(one, check_ups.marks(list(one.answers.all()))) for one in rounds],
        "most": check_ups.MOST_MARKS,
        "is_due": check_ups.is_due(rounds[0] if rounds else None, now),
        "may_write": may_write,
        "objectives": _objectives(business),
    }
    if current:
        form = form or CheckUpForm(None, check_up=current)
        lines = evidence.measured(now, business.zone)
        before = {row.question: row for row in rounds[0].answers.all()} if rounds else {}
        context |= {
            "form": form,
            "questions": [
                (
                    question,
                    mark,
                    text,
                    _shown(business, question.value, lines),
                    before.get(question.value),
                )
                for question, mark, text in form.questions()
            ],
        }
    return render(
        request, "metrics/check_up.html", context, status=422 if form and form.errors else 200
    )


def _shown(
    business: Business, question: str, lines: dict[str, list[evidence.Line]]
) -> list[evidence.Shown]:
    return evidence.shown(question, lines.get(question, []), business.currency, business.zone)


def _objectives(business: Business) -> list[dict[str, Any]]:
    found, today = check_ups.objectives(), timezone.localdate()
    current = check_ups.current_figures(found, today, business.zone)
    return [
        {
            "objective": one,
            "definition": DEFINITIONS.get(one.kpi),
            "now": one.after if one.after is not None else current.get(one.kpi),
            "is_open": one.state == Objective.State.OPEN,
            "is_late": one.state == Objective.State.OPEN and one.due_on < today,
        }
        for one in found
    ]


@access(write=Role.MANAGER)
@require_POST
def check_up_begin(request: HttpRequest) -> HttpResponse:
    check_ups.begin(by=acting_user(request))
    return redirect("metrics:check-up")


@access(write=Role.MANAGER)
@require_POST
def check_up_save(request: HttpRequest) -> HttpResponse:
    """What has been typed so far: by itself while one types, or by the button."""
    current = check_ups.open_round()
    if current is None:
        return _too_late(request)
    form = CheckUpForm(request.POST, check_up=current)
    is_valid = form.is_valid()
    try:
        check_ups.save(check_up=current, texts=form.texts, answers=form.answers)
    except check_ups.Finished:
        return _too_late(request)
    if request.headers.get("HX-Request"):
        context = {"saved_at": timezone.localtime(), "errors": form.errors}
        return render(request, "metrics/_check_up_saved.html", context)
    if not is_valid:
        return _page(request, current, form)
    messages.success(request, _("Saved. Go on whenever you like."))
    return redirect("metrics:check-up")


def _too_late(request: HttpRequest) -> HttpResponse:
    """Somebody has finished it; what is being typed stays on the page."""
    refusal = str(check_ups.Finished())
    if request.headers.get("HX-Request"):
        return render(request, "metrics/_check_up_saved.html", {"refusal": refusal})
    messages.info(request, refusal)
    return redirect("metrics:check-up")


@access(write=Role.MANAGER)
@require_POST
def check_up_finish(request: HttpRequest) -> HttpResponse:
    """What was typed last is kept first."""
    current = check_ups.open_round()
    if current is None:
        messages.info(request, str(check_ups.Finished()))
        return redirect("metrics:check-up")
    form = CheckUpForm(request.POST, check_up=current)
    if not form.is_valid():
        return _page(request, current, form)
    try:
        check_ups.save(check_up=current, texts=form.texts, answers=form.answers)
        finished = check_ups.finish(
            check_up=current,
            by=acting_user(request),
            now=timezone.now(),
            zone=_business(request).zone,
        )
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect("metrics:check-up")
    messages.success(
        request, _("The check-up is finished. Now choose what to reach until the next.")
    )
    return redirect("metrics:check-up-round", finished.pk)


@access(write=Role.MANAGER)
@require_POST
def check_up_discard(request: HttpRequest) -> HttpResponse:
    current = check_ups.open_round()
    page = reverse("metrics:check-up")
    if current:
        stroke = check_ups.discard(check_up=current, by=acting_user(request))
        undo = undo_tag("metrics:undo", stroke.pk, to=page)
        messages.success(request, _("The check-up is discarded."), extra_tags=undo)
    return redirect(page)


@access(read=Role.READ_ONLY)
@require_safe
def check_up_round(request: HttpRequest, pk: int) -> HttpResponse:
    """A finished round, as it was."""
    found = get_object_or_404(CheckUp.objects.exclude(finished_at=None).select_related("by"), pk=pk)
    earlier = CheckUp.objects.filter(finished_at__lt=found.finished_at).order_by("-finished_at")
    context = {
        "round": found,
        "texts": [(LABELS[name], getattr(found, name)) for name in check_ups.TEXTS],
        "answers": _answers(_business(request), found),
        "marks": check_ups.marks(list(found.answers.all())),
        "most": check_ups.MOST_MARKS,
        "earlier": earlier.first(),
    }
    return render(request, "metrics/check_up_round.html", context)


def _answers(
    business: Business, found: CheckUp
) -> list[tuple[CheckUpAnswer, list[evidence.Shown]]]:
    """In the order of the questions, with what was measured then."""
    rows = {row.question: row for row in found.answers.all()}
    return [
        (
            rows[question],
            evidence.shown(
                question, rows[question].measured.get("lines", []), business.currency, business.zone
            ),
        )
        for question in CheckUpAnswer.Question.values
        if question in rows
    ]


@access(read=Role.READ_ONLY)
@require_http_methods(["GET", "HEAD"])
def check_up_compare(request: HttpRequest) -> HttpResponse:
    """`?a=&b=`: two finished rounds side by side, in the order of time; the last two when nothing is
    chosen."""
    rounds = finished_rounds()
    both = [_chosen(request, rounds, name, at) for name, at in (("a", 1), ("b", 0))]
    chosen = [one for one in both if one]
    context: dict[str, Any] = {"rounds": rounds, "most": check_ups.MOST_MARKS}
    if len(chosen) == len(both):
        business = _business(request)
        earlier, later = sorted(chosen, key=rounds.index, reverse=True)
        sides = [_answers(business, one) for one in (earlier, later)]
        context |= {
            "earlier": earlier,
            "later": later,
            "earlier_marks": check_ups.marks(list(earlier.answers.all())),
            "later_marks": check_ups.marks(list(later.answers.all())),
            "pairs": [
                (*pair, (pair[1][0].mark or 0) - (pair[0][0].mark or 0))
                for pair in zip(*sides, strict=True)
            ],
            "texts": [
                (LABELS[name], getattr(earlier, name), getattr(later, name))
                for name in check_ups.TEXTS
            ],
        }
    return render(request, "metrics/check_up_compare.html", context)


def _chosen(request: HttpRequest, rounds: list[CheckUp], name: str, at: int) -> CheckUp | None:
    asked = request.GET.get(name, "")
    found = [one for one in rounds if str(one.pk) == asked]
    return found[0] if found else rounds[at] if len(rounds) > at else None
