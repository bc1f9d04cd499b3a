"""What comes after the score, on whichever page it was given: further questions, and who may answer them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from surveys import tokens
from surveys.actions import answering
from surveys.answer_page import further_form
from surveys.forms.answer import FurtherForm
from surveys.models import Response, Survey
from surveys.questions import read

# Given the answer and, when something is wrong with what was sent, the form that says so.
Shown = Callable[[Response, FurtherForm | None], HttpResponse]


def is_sent(request: HttpRequest) -> bool:
    return "proof" in request.POST


def take(request: HttpRequest, *, survey: Survey, language: str, shown: Shown) -> HttpResponse:
    """Keep what was answered; without a proof that still holds, only show how things stand."""
    response = tokens.proven(request.POST["proof"])
    if response is None or response.survey_id != survey.pk:
        return redirect(request.path)
    questions = read(response.version.questions) if response.version else []
    form = further_form(questions, language, given=response.further, data=request.POST)
    if form is None:
        return redirect(request.path)
    if not form.is_valid():
        return shown(response, form)
    return shown(answering.say_more(response=response, further=form.answers), None)


def private(response: HttpResponse) -> HttpResponse:
    """No copy of the page anywhere, and its address told to nobody."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
