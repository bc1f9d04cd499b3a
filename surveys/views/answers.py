"""All answers, to be read: found by their words, told apart by what they are about."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from crm.segments import visible_to
from crm.views.going_back import back
from staff.access import Role, access, acting_user
from staff.pages import capped_count, paginate, render_page
from staff.refusals import Refusal
from surveys.actions import tags as actions
from surveys.answer_filter import AnswerFilter, readable
from surveys.models import CommentTag, Response, Tagging

SIZE = 25
FIELDS = ("survey", "group", "tag", "sounds", "period")
MORE_FIELDS = ("origin", "segment")


def shown(rows: QuerySet[Response]) -> QuerySet[Response]:
    """With what templates/surveys/_answer.html shows of each; two queries for any number."""
    standing = Tagging.objects.filter(removed_at=None).select_related("tag").order_by("tag__name")
    return rows.select_related("survey", "customer", "version").prefetch_related(
        Prefetch("taggings", standing, to_attr="standing")
    )


@access(read=Role.READ_ONLY)
@require_safe
def answer_list(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    chosen = AnswerFilter(request.GET, segments=visible_to(user), queryset=readable())
    context = {
        "filter": chosen,
        "fields": [chosen.form[name] for name in FIELDS],
        "more_fields": [chosen.form[name] for name in MORE_FIELDS],
        "page": paginate(shown(chosen.qs), request, key=chosen.key, size=SIZE),
        "count": capped_count(chosen.qs),
        "tags": chosen.tags.values(),
        "may_tag": actions.can_tag(user),
        "may_edit_tags": actions.can_edit_tags(user),
    }
    return render_page(request, "surveys/answers.html", context, fragment="answers")


@access(write=Role.AGENT)
@require_POST
def tag_put_on(request: HttpRequest, response_id: int) -> HttpResponse:
    response = get_object_or_404(Response, pk=response_id)
    try:
        actions.put_on(
            response=response, name=request.POST.get("name", ""), by=acting_user(request)
        )
    except Refusal as refusal:
        return _answer(request, response, str(refusal))
    return _answer(request, response)


@access(write=Role.AGENT)
@require_POST
def tag_take_off(request: HttpRequest, response_id: int, tag_id: int) -> HttpResponse:
    response = get_object_or_404(Response, pk=response_id)
    tag = get_object_or_404(CommentTag, pk=tag_id)
    actions.take_off(response=response, tag=tag, by=acting_user(request))
    return _answer(request, response)


@access(write=Role.AGENT)
@require_POST
def sentiment_set(request: HttpRequest, response_id: int) -> HttpResponse:
    """`sounds` blank leaves it to the tags."""
    response = get_object_or_404(Response, pk=response_id)
    sounds = request.POST.get("sounds", "")
    if sounds in {"", *Response.Sentiment.values}:
        actions.set_sentiment(response=response, sentiment=sounds, by=acting_user(request))
    return _answer(request, response)


def _answer(request: HttpRequest, response: Response, trouble: str = "") -> HttpResponse:
    """The one answer anew for htmx; otherwise the page that the person came from."""
    if not request.htmx:  # type: ignore[attr-defined]
        if trouble:
            messages.error(request, trouble)
        return back(request, "surveys:response-list")
    [row] = shown(Response.objects.filter(pk=response.pk))
    context = {"response": row, "may_tag": True, "trouble": trouble}
    return render(request, "surveys/_answer.html", context, status=422 if trouble else 200)
