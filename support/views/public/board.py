"""`/board/`: what others suggest, to be supported, discussed and followed."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mail.showing import text_to_html
from staff import limits
from staff.access import access
from staff.pages import paginate
from staff.public.forms import PublicForm
from staff.public.pages import closed, language_of, private, refused
from staff.tokens import hashed
from support import desk
from support.actions import board as actions
from support.forms.public import CommentForm, FollowForm, ProposalForm
from support.models import BoardComment, BoardVote, Suggestion

State = Suggestion.State
COOKIE, COOKIE_SALT, COOKIE_AGE = "voter", "support.board", 60 * 60 * 24 * 365
# What one visitor's address may do: votes of a household or an office, words of a person.
VOTES_AN_HOUR, VOTES_FOR_ONE, WORDS_AN_HOUR = 60, 10, 15
SIZE = 30
FILTERS = {
    "": (pgettext_lazy("suggestions", "Open"), (State.NEW, State.PLANNED, State.STARTED)),
    "planned": (pgettext_lazy("suggestions", "Planned"), (State.PLANNED,)),
    "started": (pgettext_lazy("suggestions", "Being worked on"), (State.STARTED,)),
    "done": (pgettext_lazy("suggestions", "Done"), (State.DONE,)),
    "declined": (pgettext_lazy("suggestions", "Not planned"), (State.DECLINED,)),
}


@access(public=True)
@require_safe
def board(request: HttpRequest) -> HttpResponseBase:
    if not desk.settings().has_board:
        return private(closed(request))
    chosen = request.GET.get("state", "")
    chosen = chosen if chosen in FILTERS else ""
    rows = Suggestion.objects.filter(state__in=FILTERS[chosen][1]).defer("once_key")
    page = paginate(rows, request, key=("-votes_count", "-pk"), size=SIZE)
    context = {
        "page": page,
        "filters": [(name, label) for name, (label, _states) in FILTERS.items()],
        "chosen": chosen,
        "voted": _voted(request, [one.pk for one in page]),
    }
    return private(render(request, "support/public/board.html", context))


@access(public=True)
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponseBase:
    if not desk.settings().has_board:
        return private(closed(request))
    form = ProposalForm(request.POST or None)
    if request.method != "POST" or not _may_write(request, form):
        status = 422 if form.is_bound else 200
        page = render(request, "support/public/board_propose.html", {"form": form}, status=status)
        return private(page)
    actions.propose(
        title=form.cleaned_data["title"],
        text=form.cleaned_data["text"],
        follower=form.cleaned_data["email"],
        language=get_language() or "",
        once_key=form.once_key,
        is_suspicious=form.is_programs,
    )
    messages.success(request, _("Thank you. We read your suggestion before others see it."))
    return private(redirect("support:public-board"))


@access(public=True)
@require_safe
def suggestion(request: HttpRequest, pk: int) -> HttpResponseBase:
    if not desk.settings().has_board:
        return private(closed(request))
    shown = get_object_or_404(Suggestion, pk=pk)
    if shown.state == State.MERGED and shown.merged_into_id:
        return private(redirect("support:public-suggestion", shown.merged_into_id))
    if not actions.is_published(shown):
        raise Http404
    return private(_page(request, shown))


@access(public=True)
@require_POST
def vote(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Support, or take it back; one per browser."""
    shown = _open(pk)
    response = redirect("support:public-suggestion", pk)
    voter = _voter(request)
    if "take_back" in request.POST:
        actions.unvote(suggestion=shown, voter=voter)
    elif refused(request, "vote", most=VOTES_AN_HOUR) or refused(
        request, f"vote.{pk}", most=VOTES_FOR_ONE, seconds=86_400
    ):
        messages.error(request, _("Too many votes came from your network. Try again tomorrow."))
    else:
        voter = voter or secrets.token_urlsafe(16)
        actions.vote(suggestion=shown, voter=voter)
        _remember(response, voter)
    return private(response)


@access(public=True)
@require_http_methods(["GET", "HEAD", "POST"])
def comment(request: HttpRequest, pk: int) -> HttpResponseBase:
    shown = _open(pk)
    if request.method != "POST":  # the page of a refused form, loaded again
        return private(_back(request, pk))
    form = CommentForm(request.POST, prefix="comment")
    if not _may_write(request, form):
        return private(_page(request, shown, comment=form))
    actions.comment(
        suggestion=shown,
        text=form.cleaned_data["text"],
        name=form.cleaned_data["name"],
        once_key=form.once_key,
        is_suspicious=form.is_programs,
    )
    messages.success(request, _("Thank you. We read your comment before others see it."))
    return private(redirect("support:public-suggestion", pk))


@access(public=True)
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, pk: int) -> HttpResponseBase:
    shown = _open(pk)
    if request.method != "POST":  # the page of a refused form, loaded again
        return private(_back(request, pk))
    form = FollowForm(request.POST, prefix="follow")
    if not _may_write(request, form):
        return private(_page(request, shown, follow=form))
    if not form.is_programs:
        address = form.cleaned_data["email"]
        actions.follow(suggestion=shown, address=address, language=get_language() or "")
    messages.success(request, _("Look into your mail: one press there, and you will hear of it."))
    return private(redirect("support:public-suggestion", pk))


@access(public=True)
@csrf_exempt  # the token is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def following(request: HttpRequest, token: str) -> HttpResponseBase:
    """The page behind the link of the mail: GET shows two buttons and changes nothing."""
    follower = actions.follower_of(token)
    if follower is None:
        return private(_unknown(request))
    with translation.override(language_of(follower.language)):
        done = ""
        if request.method == "POST" and "stop" in request.POST:
            actions.unfollow(follower=follower)
            done = "stopped"
        elif request.method == "POST":
            follower = actions.confirm(follower=follower)
        context = {"follower": follower, "suggestion": follower.suggestion, "done": done}
        return private(render(request, "support/public/board_following.html", context))


def _back(request: HttpRequest, pk: int) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    return redirect(
        reverse("support:public-suggestion", args=[pk]) + (f"?{query}" if query else "")
    )


def _unknown(request: HttpRequest) -> HttpResponse:
    often = limits.misses_too_often(request)
    status = 429 if often else 404
    return render(request, "support/public/follow_unknown.html", {"often": often}, status=status)


# --- The page of one suggestion -------------------------------------------------------------


def _page(
    request: HttpRequest,
    shown: Suggestion,
    *,
    comment: CommentForm | None = None,
    follow: FollowForm | None = None,
) -> HttpResponse:
    said = BoardComment.objects.filter(suggestion=shown, state=BoardComment.State.PUBLISHED)
    page = paginate(said.select_related("author"), request, key=("created_at", "pk"), size=SIZE)
    context: dict[str, Any] = {
        "suggestion": shown,
        "words": text_to_html(shown.text),
        "answer": text_to_html(shown.answer),
        "page": page,
        "comments": [(one, _who(one), text_to_html(one.text)) for one in page],
        "comment_form": comment or CommentForm(prefix="comment"),
        "follow_form": follow or FollowForm(prefix="follow"),
        "has_voted": shown.pk in _voted(request, [shown.pk]),
        "can_follow": shown.state != State.DONE,
    }
    status = 422 if comment or follow else 200
    return render(request, "support/public/suggestion.html", context, status=status)


def _who(one: BoardComment) -> str:
    if one.author_id is None:
        return one.name or _("Somebody")
    return one.author.name if one.author and one.author.name else ""


def _open(pk: int) -> Suggestion:
    """The suggestion, if it is on the board and the board is in use."""
    if not desk.settings().has_board:
        raise Http404
    return get_object_or_404(_on_the_board(), pk=pk)


def _on_the_board() -> QuerySet[Suggestion]:
    return Suggestion.objects.filter(state__in=Suggestion.PUBLIC_STATES)


def _may_write(request: HttpRequest, form: PublicForm) -> bool:
    """Whether the form is right, and this visitor has not written too much."""
    if form.is_valid() and refused(request, "board", most=WORDS_AN_HOUR):
        form.add_error(None, _("That was a lot at once. Please try again in an hour."))
    return form.is_valid()


# --- Whose vote -------------------------------------------------------------------------------


def _voter(request: HttpRequest) -> str:
    """The browser, by its signed cookie; "" before its first vote."""
    return request.get_signed_cookie(COOKIE, default="", salt=COOKIE_SALT) or ""


def _remember(response: HttpResponse, voter: str) -> None:
    response.set_signed_cookie(
        COOKIE,
        voter,
        salt=COOKIE_SALT,
        max_age=COOKIE_AGE,
        path=reverse("support:public-board"),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def _voted(request: HttpRequest, keys: list[int]) -> set[int]:
    """Which of these this browser supports."""
    voter = _voter(request)
    if not voter:
        return set()
    votes = BoardVote.objects.filter(suggestion__in=keys, voter_hash=hashed(voter))
    return set(votes.values_list("suggestion_id", flat=True))
