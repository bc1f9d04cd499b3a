"""Where anybody may answer: the page behind a link or a QR code, the kiosk, the widget on another site."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from csp.constants import NONE
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from staff import limits
from staff.access import access
from surveys import agents, texts, tokens
from surveys.actions import answering, public
from surveys.actions.surveys import latest_version
from surveys.answer_page import form_context, thanks_context
from surveys.forms.answer import AnswerForm, FurtherForm
from surveys.models import Response, Survey, SurveyVersion
from surveys.views import further
from surveys.views.further import private

COOKIE = "answer"
# What the cookie says of an answer that nobody can be led to.
ANONYMOUS = "given"
METHODS = ["GET", "HEAD", "POST"]
# At an address that many share, so many an hour; past a part of it in ten minutes they are held.
MOST_AN_HOUR, CROWD, CROWD_SECONDS = 200, 30, 600


@dataclass(frozen=True)
class Place:
    """One of the places: how its pages look, and whether the browser is one person's own."""

    origin: str
    frame: str
    is_own: bool = True


PAGE = Place(Response.Origin.PUBLIC_LINK, "public_base.html")
KIOSK = Place(Response.Origin.KIOSK, "surveys/_kiosk_base.html", is_own=False)
WIDGET = Place(Response.Origin.WIDGET, "surveys/_widget_base.html")


@access(public=True)
@csrf_exempt  # the form's own nonce proves as much, and needs no cookie
@require_http_methods(METHODS)
def page(request: HttpRequest, slug: str) -> HttpResponse:
    return _serve(request, slug, PAGE)


@access(public=True)
@csrf_exempt
@require_http_methods(METHODS)
def kiosk(request: HttpRequest, slug: str) -> HttpResponse:
    """For a tablet on the counter: one person after the other, none sees what another one said."""
    return _serve(request, slug, KIOSK)


@access(public=True)
@csrf_exempt
@xframe_options_exempt  # the policy below says who may
@require_http_methods(METHODS)
def widget(request: HttpRequest, slug: str) -> HttpResponse:
    """What the widget's frame shows, on the sites that the survey names and nowhere else."""
    response = _serve(request, slug, WIDGET)
    found = Survey.objects.filter(slug=slug, is_public=True).values_list("embedded_on", flat=True)
    ancestors = [origin for origins in found for origin in origins] or [NONE]
    response._csp_replace = {"frame-ancestors": ancestors}  # type: ignore[attr-defined]
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@access(public=True)
@require_safe
def widget_script(request: HttpRequest, slug: str) -> HttpResponse:
    """The script that another site includes: it puts the frame where it stands."""
    if not Survey.objects.filter(slug=slug, is_public=True).exists():
        raise Http404
    title = _("Survey of %(business)s") % {"business": request.business.name}  # type: ignore[attr-defined]
    script = render_to_string("surveys/widget.js", {"title": json.dumps(title)})
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _serve(request: HttpRequest, slug: str, place: Place) -> HttpResponse:
    survey = Survey.objects.filter(slug=slug, is_public=True).first() if slug else None
    if survey is None:
        often = limits.misses_too_often(request)
        context = {"often": often, "frame": place.frame}
        found = render(
            request, "surveys/answer_unknown.html", context, status=429 if often else 404
        )
        return private(found)
    language = _language_for(request, place)
    with translation.override(language):
        visit = _Visit(request, survey, place, language)
        response = private(visit.press() if request.method == "POST" else visit.look())
        response["Content-Language"] = language
    return response


def _language_for(request: HttpRequest, place: Place) -> str:
    """As asked for, else the browser's; that of a kiosk speaks for nobody who stands before it."""
    wanted = [request.GET.get("language", "")]
    if place.is_own:
        wanted.append(translation.get_language() or "")
    business_language: str = request.business.language  # type: ignore[attr-defined]
    return next((code for code in wanted if code in texts.LANGUAGES), business_language)


class _Visit:
    """One request to one of the places."""

    def __init__(self, request: HttpRequest, survey: Survey, place: Place, language: str) -> None:
        self.request, self.survey, self.place, self.language = request, survey, place, language
        self.secret, self.is_answered = "", False
        self.given: Response | None = None
        if place.is_own:
            self._remember(request.COOKIES.get(COOKIE, ""))

    def _remember(self, cookie: str) -> None:
        """What this browser has answered already."""
        number, _dot, self.secret = cookie.partition(".")
        self.is_answered = cookie == ANONYMOUS
        if number.isdecimal() and self.secret:
            found = Response.objects.filter(pk=int(number), survey=self.survey).first()
            if found is not None and tokens.matches(self.secret, found.edit_hash):
                self.given, self.is_answered = found, True

    def look(self) -> HttpResponse:
        if self.is_answered:
            return self._thanks(self.given)
        if not self.survey.is_active:
            return self._render("surveys/answer_closed.html", {}, status=410)
        return self._form(AnswerForm(survey=self.survey))

    def press(self) -> HttpResponse:
        if further.is_sent(self.request):
            return further.take(
                self.request, survey=self.survey, language=self.language, shown=self._said_more
            )
        posted = self.request.POST
        form = AnswerForm(posted, survey=self.survey)
        rendered = self._rendered(posted.get("nonce", ""))
        if rendered is None:
            form.add_error(None, _("Please press the button once more."))
        elif self._too_often("hour", MOST_AN_HOUR, 3600):
            form.add_error(None, _("Many answers came from here. Wait a while and send it again."))
        if not self.survey.is_active:
            return redirect(self._here)
        if not form.is_valid() or rendered is None:
            return self._refused(form)
        sent = public.Sent(
            said=answering.Confirmation(
                score=form.cleaned_data["score"],
                comment=form.cleaned_data["comment"],
                agent=agents.classify(self.request.headers.get("User-Agent", "")),
                hidden_field=bool(posted.get(AnswerForm.TRAP)),
                secret=self.secret,
            ),
            rendered=rendered,
            language=self.language,
            is_crowd=self._too_often("crowd", CROWD, CROWD_SECONDS),
        )
        return self._confirm(sent)

    def _confirm(self, sent: public.Sent) -> HttpResponse:
        if self.is_answered and self.given is None:
            return redirect(self._here)
        try:
            outcome = public.confirm_public(survey=self.survey, sent=sent, given=self.given)
        except (answering.AlreadyAnswered, public.AlreadySent):
            return redirect(self._here)
        response = outcome.response
        if response.validity == Response.Validity.HELD or not self.place.is_own:
            return self._thanks(response, is_theirs=response.validity == Response.Validity.VALID)
        if response.is_anonymous or (self.place is WIDGET and self.given is None):
            # Nothing leads back to the one; a frame may not keep what leads to the other.
            answered = self._thanks(response, is_theirs=True)
        else:
            answered = redirect(self._here)
        if outcome.secret or response.is_anonymous:
            value = f"{response.pk}.{outcome.secret}" if outcome.secret else ANONYMOUS
            self._keep_cookie(answered, value)
        return answered

    def _rendered(self, nonce: str) -> tokens.Rendered | None:
        """The form as it was shown here; None when it was another one, or too long ago."""
        rendered = tokens.read_public_nonce(nonce)
        if rendered is None or rendered.origin != self.place.origin:
            return None
        asked = SurveyVersion.objects.filter(pk=rendered.version_id, survey=self.survey)
        return rendered if asked.exists() else None

    def _too_often(self, what: str, most: int, seconds: int) -> bool:
        name = f"survey.{self.survey.pk}.{self.place.origin}.{what}"
        return limits.too_often(self.request, name, most=most, seconds=seconds)

    def _keep_cookie(self, response: HttpResponse, value: str) -> None:
        """For as long as nobody is asked twice; in a frame of another site only over https."""
        in_frame = self.place is WIDGET and settings.SECURE
        response.set_cookie(
            COOKIE,
            value,
            max_age=self.survey.throttle_days * 24 * 3600,
            path=self.request.path,
            secure=settings.SECURE,
            httponly=True,
            samesite="None" if in_frame else "Lax",
        )

    @property
    def _here(self) -> str:
        """This page in the language that was asked for."""
        asked = "language" in self.request.GET
        return f"{self.request.path}?language={self.language}" if asked else self.request.path

    # --- What is shown ---

    def _form(self, form: AnswerForm, *, status: int = 200) -> HttpResponse:
        version = latest_version(self.survey)
        nonce = tokens.new_public_nonce(version, self.place.origin)
        score = form.cleaned_data.get("score") if form.is_bound else None
        context = form_context(self.survey, self._texts(version), form, score=score, nonce=nonce)
        return self._render("surveys/answer.html", context, status=status)

    def _refused(self, form: AnswerForm) -> HttpResponse:
        if self.given is not None:
            return self._thanks(self.given, form=form)
        return self._form(form, status=422)

    def _said_more(self, response: Response, form: FurtherForm | None) -> HttpResponse:
        if form is None and self.given == response:
            return redirect(self._here)
        return self._thanks(response, is_theirs=form is not None, further=form)

    def _thanks(
        self,
        given: Response | None,
        *,
        is_theirs: bool = False,
        form: AnswerForm | None = None,
        further: FurtherForm | None = None,
    ) -> HttpResponse:
        version = (given.version if given else None) or latest_version(self.survey)
        own = self._texts(version)
        now = timezone.now()
        may_change = given is not None and answering.may_change(given, self.secret, now)
        context = thanks_context(
            self.survey,
            version,
            own,
            given,
            language=self.language,
            is_theirs=is_theirs or may_change,
            further=further,
        )
        if given is not None and may_change:
            unbound = AnswerForm(survey=self.survey, initial={"comment": given.comment})
            nonce = tokens.new_public_nonce(version, self.place.origin)
            context |= form_context(
                self.survey, own, form or unbound, score=given.score, nonce=nonce
            )
            context["changeable_until"] = given.answered_at + answering.CHANGEABLE
        status = 422 if form or further else 200
        return self._render("surveys/answer_thanks.html", context, status=status)

    def _texts(self, version: SurveyVersion) -> texts.Texts:
        own = texts.of_version(version, self.survey.kind, self.language)
        return own.named(self.request.business.name)  # type: ignore[attr-defined]

    def _render(self, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
        languages: list[str] = self.request.business.languages  # type: ignore[attr-defined]
        context |= {
            "survey": self.survey,
            "colour": self.survey.colour,
            "frame": self.place.frame,
            "is_public": True,
            "is_kiosk": self.place is KIOSK,
            "post_to": self._here,
            "language": self.language,
            "languages": languages if len(languages) > 1 else [],
        }
        return render(self.request, template, context, status=status)
