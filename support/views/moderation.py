"""`/board/moderation/`: what was suggested and said, before and after others see it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mail.showing import text_to_html
from staff.access import Role, access, acting_user
from staff.pages import capped_count, paginate, render_page
from staff.refusals import Refusal
from support import desk
from support.actions import moderation as actions
from support.forms.board import JoinForm, SayForm, SuggestionForm
from support.models import BoardComment, Suggestion, Ticket

State = Suggestion.State
GROUPS = {
    "": (pgettext_lazy("suggestions", "To be looked at"), (State.PROPOSED,)),
    "published": (pgettext_lazy("suggestions", "On the board"), Suggestion.PUBLIC_STATES),
    "left-out": (pgettext_lazy("suggestions", "Not on it"), (State.REJECTED, State.MERGED)),
}
# Comments that wait are few, or the oldest of many.
MOST_COMMENTS = 50


@access(read=Role.READ_ONLY)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    group = request.GET.get("show", "")
    group = group if group in GROUPS else ""
    rows = Suggestion.objects.filter(state__in=GROUPS[group][1]).select_related("merged_into")
    waiting = BoardComment.objects.filter(state=BoardComment.State.PROPOSED)
    context = {
        "page": paginate(rows, request, key=("-created_at", "-pk")),
        "groups": [(name, label) for name, (label, _states) in GROUPS.items()],
        "group": group,
        "waiting": capped_count(Suggestion.objects.filter(state=State.PROPOSED)),
        "comments": waiting.select_related("suggestion").order_by("created_at", "pk")[
            :MOST_COMMENTS
        ]
        if not group
        else [],
        "has_board": desk.settings().has_board,
    }
    return render_page(request, "support/board/board.html", context, fragment="results")


@access(read=Role.READ_ONLY, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def suggestion(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(
        Suggestion.objects.select_related("merged_into", "answered_by"), pk=pk
    )
    if request.method != "POST":
        return _page(request, shown)
    form = SuggestionForm(request.POST)
    if not form.is_valid():
        return _page(request, shown, form=form)
    by = acting_user(request)
    try:
        changed = actions.change_suggestion(suggestion=shown, **form.cleaned_data, by=by)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved: %(title)s") % {"title": changed.title})
    return redirect("support:suggestion", pk)


@access(write=Role.AGENT)
@require_POST
def join(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Suggestion, pk=pk)
    form = JoinForm(request.POST, suggestion=shown)
    if not form.is_valid():
        return _page(request, shown, join=form)
    try:
        into = form.cleaned_data["into"]
        into = actions.join(suggestion=shown, into=into, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("support:suggestion", pk)
    messages.success(request, _("Joined with: %(title)s") % {"title": into.title})
    return redirect("support:suggestion", into.pk)


@access(write=Role.AGENT)
@require_POST
def say(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Suggestion, pk=pk)
    form = SayForm(request.POST, prefix="say")
    if not form.is_valid():
        return _page(request, shown, say=form)
    text, by = form.cleaned_data["text"], acting_user(request)
    actions.say(suggestion=shown, text=text, by=by, once_key=form.once_key)
    messages.success(request, _("The comment is on the board."))
    return redirect("support:suggestion", pk)


@access(write=Role.AGENT)
@require_POST
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish a comment, or take it off."""
    said = get_object_or_404(BoardComment, pk=pk)
    publish = "publish" in request.POST
    actions.judge_comment(comment=said, publish=publish, by=acting_user(request))
    words = _("The comment is on the board.") if publish else _("The comment is not shown.")
    messages.success(request, words)
    if request.POST.get("back") == "suggestion":
        return redirect("support:suggestion", said.suggestion_id)
    return redirect("support:board")


def _page(
    request: HttpRequest,
    shown: Suggestion,
    *,
    form: SuggestionForm | None = None,
    join: JoinForm | None = None,
    say: SayForm | None = None,
) -> HttpResponse:
    said = BoardComment.objects.filter(suggestion=shown).select_related("author")
    page = paginate(said, request, key=("created_at", "pk"))
    context: dict[str, Any] = {
        "suggestion": shown,
        "can_change": actions.can_change(shown),
        "is_public": shown.state in Suggestion.PUBLIC_STATES,
        "ticket": _ticket(request, shown),
        "form": form or SuggestionForm(initial=SuggestionForm.values_of(shown)),
        "join_form": join or JoinForm(suggestion=shown),
        "say_form": say or SayForm(prefix="say"),
        "page": page,
        "comments": [(one, text_to_html(one.text)) for one in page],
        "followers": capped_count(shown.followers.filter(confirmed_at__isnull=False)),
    }
    status = 422 if form or join or say else 200
    return render(request, "support/board/suggestion.html", context, status=status)


def _ticket(request: HttpRequest, shown: Suggestion) -> Ticket | None:
    """The ticket in which it came, if this person may see it."""
    if shown.ticket_id is None:
        return None
    return Ticket.objects.visible_to(acting_user(request)).filter(pk=shown.ticket_id).first()
