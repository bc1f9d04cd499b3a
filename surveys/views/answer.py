"""The page on which a customer answers: no login, no script, and no answer without a press."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from staff import limits
from staff.access import access
from staff.prepared import Prepared
from staff.tokens import hashed
from surveys import agents, texts, tokens
from surveys.actions import answering
from surveys.answer_page import form_context, thanks_context
from surveys.forms.answer import AnswerForm, FurtherForm
from surveys.models import Invitation, Response
from surveys.views import further
from surveys.views.further import private

COOKIE = "answer"
OF_TOKEN = Prepared(
    lambda token_hash: Invitation.objects.for_answering().filter(token_hash=token_hash)
)
PRESSED_OF_TOKEN = Prepared(
    lambda token_hash: Invitation.objects.for_pressing().filter(token_hash=token_hash)
)
# The link in a reminder has a token of its own.
OF_REMINDER = Prepared(
    lambda token_hash: Invitation.objects.for_answering().filter(reminder_hash=token_hash)
)


@access(public=True)
@csrf_exempt  # the form's own nonce proves as much, and needs no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """`/s/<token>/`: GET and HEAD only show; POST of the rendered form answers."""
    digest = hashed(token)
    is_press = request.method == "POST"
    found = (PRESSED_OF_TOKEN if is_press else OF_TOKEN).first(digest) or OF_REMINDER.first(digest)
    if found is None:
        return private(_unknown(request))
    with translation.override(found.language):
        response = private((_press if is_press else _look)(request, found))
        response["Content-Language"] = found.language
    return response


def _look(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    now = timezone.now()
    if invitation.state == Invitation.State.ANSWERED:
        return _answered(request, invitation, _given(invitation))
    if not answering.is_open(invitation, now):
        return render(request, "surveys/answer_closed.html", status=410)
    score = _asked_score(request, invitation)
    answering.record_click(invitation=invitation, agent=_agent(request), score=score)
    form = AnswerForm(survey=invitation.survey)
    return render(request, "surveys/answer.html", _context(request, invitation, form, score))


def _press(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if further.is_sent(request):
        return _say_more(request, invitation)
    given = _given(invitation)
    form = AnswerForm(request.POST, survey=invitation.survey)
    if not tokens.is_nonce_of(invitation, request.POST.get("nonce", "")):
        form.add_error(None, _("Please press the button once more."))
    if not form.is_valid():
        return _refused(request, invitation, form)
    said = answering.Confirmation(
        score=form.cleaned_data["score"],
        comment=form.cleaned_data["comment"],
        agent=_agent(request),
        hidden_field=bool(request.POST.get(AnswerForm.TRAP)),
        secret=request.COOKIES.get(COOKIE, ""),
    )
    try:
        outcome = answering.confirm(invitation=invitation, given=given, said=said)
    except (answering.InvitationClosed, answering.AlreadyAnswered):
        return redirect(request.path)  # which shows how things stand
    return _thank(request, invitation, outcome)


def _refused(request: HttpRequest, invitation: Invitation, form: AnswerForm) -> HttpResponse:
    """The same form, with what is the matter and what was typed; or how things stand."""
    given = _given(invitation)
    score = form.cleaned_data.get("score")
    if given is not None and _may_change(request, given):
        return _answered(request, invitation, given, form)
    is_answered = invitation.state == Invitation.State.ANSWERED
    if is_answered or not answering.is_open(invitation, timezone.now()):
        return redirect(request.path)
    return render(
        request, "surveys/answer.html", _context(request, invitation, form, score), status=422
    )


def _answered(
    request: HttpRequest,
    invitation: Invitation,
    given: Response | None,
    form: AnswerForm | None = None,
) -> HttpResponse:
    """The thanks; the browser that answered finds its answer open to change for a day.

    Without `given` the answer is anonymous: that there is one is all that is known here.
    """
    may_change = given is not None and _may_change(request, given)
    context = _thanks(request, invitation, given, is_theirs=may_change)
    if given is not None and may_change:
        unbound = AnswerForm(survey=invitation.survey, initial={"comment": given.comment})
        context |= _context(request, invitation, form or unbound, given.score)
        context["changeable_until"] = given.answered_at + answering.CHANGEABLE
    status = 422 if form else 200
    return render(request, "surveys/answer_thanks.html", context, status=status)


def _say_more(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """The further questions; the answer that they belong to is named by its proof."""

    def shown(response: Response, form: FurtherForm | None) -> HttpResponse:
        if response.invitation_id == invitation.pk and form is None:
            return redirect(request.path)
        context = _thanks(request, invitation, response, is_theirs=True, form=form)
        return render(request, "surveys/answer_thanks.html", context, status=422 if form else 200)

    return further.take(
        request, survey=invitation.survey, language=invitation.language, shown=shown
    )


def _thank(
    request: HttpRequest, invitation: Invitation, outcome: answering.Outcome
) -> HttpResponse:
    """What was held gets the same thanks: a person who was taken for a program loses nothing.

    Nothing leads from an anonymous answer's address to it, so its thanks are the reply itself.
    """
    is_held = outcome.response.validity == Response.Validity.HELD
    if is_held or outcome.response.is_anonymous:
        context = _thanks(request, invitation, outcome.response, is_theirs=not is_held)
        return render(request, "surveys/answer_thanks.html", context)
    response = redirect(request.path)
    if outcome.secret:
        response.set_cookie(
            COOKIE,
            outcome.secret,
            max_age=answering.CHANGEABLE,
            path=request.path,
            secure=settings.SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def _context(
    request: HttpRequest, invitation: Invitation, form: AnswerForm, score: int | None
) -> dict[str, Any]:
    return form_context(
        invitation.survey,
        _texts(request, invitation),
        form,
        score=score,
        nonce=tokens.new_nonce(invitation),
    )


def _texts(request: HttpRequest, invitation: Invitation) -> texts.Texts:
    own = texts.of_version(invitation.run.version, invitation.survey.kind, invitation.language)
    return own.named(request.business.name)  # type: ignore[attr-defined]


def _thanks(
    request: HttpRequest,
    invitation: Invitation,
    given: Response | None,
    *,
    is_theirs: bool,
    form: FurtherForm | None = None,
) -> dict[str, Any]:
    return thanks_context(
        invitation.survey,
        invitation.run.version,
        _texts(request, invitation),
        given,
        language=invitation.language,
        is_theirs=is_theirs,
        further=form,
    )


def _given(invitation: Invitation) -> Response | None:
    """The answer that counts."""
    if invitation.state != Invitation.State.ANSWERED:
        return None
    return invitation.responses.counted().first()


def _may_change(request: HttpRequest, given: Response) -> bool:
    return answering.may_change(given, request.COOKIES.get(COOKIE, ""), timezone.now())


def _agent(request: HttpRequest) -> str:
    return agents.classify(request.headers.get("User-Agent", ""))


def _asked_score(request: HttpRequest, invitation: Invitation) -> int | None:
    """The score of the link that was followed; anything else preselects nothing."""
    asked = request.GET.get("score", "")
    low, high = invitation.survey.scale
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 3):
        return None
    return int(asked) if low <= int(asked) <= high else None


def _unknown(request: HttpRequest) -> HttpResponse:
    if limits.misses_too_often(request):
        return render(request, "surveys/answer_unknown.html", {"often": True}, status=429)
    return render(request, "surveys/answer_unknown.html", status=404)
