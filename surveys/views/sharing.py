"""How a survey reaches those who get no mail: its link, a code to print, a kiosk, a widget."""

from __future__ import annotations

from io import BytesIO

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from staff.access import Role, access, acting_user
from surveys import texts
from surveys.actions import sharing
from surveys.actions.surveys import can_edit, latest_version
from surveys.forms.sharing import SharingForm
from surveys.models import Survey

# kind: (content type, pixels to a module of the code)
IMAGES = {"svg": ("image/svg+xml", 4), "png": ("image/png", 16)}


@access(read=Role.READ_ONLY, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, survey_id: int) -> HttpResponse:
    survey = get_object_or_404(Survey, pk=survey_id)
    instance = Survey.objects.get(pk=survey_id)
    initial = {"slug": survey.slug or sharing.suggested_slug(survey)}
    form = SharingForm(request.POST or None, instance=instance, initial=initial)
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            sharing.share_survey(
                survey=survey,
                slug=chosen["slug"],
                is_public=chosen["is_public"],
                embedded_on=chosen["sites"],
                by=acting_user(request),
            )
        except sharing.SlugTaken as refusal:
            form.add_error("slug", str(refusal))
        else:
            messages.success(request, _("It is saved."))
            return redirect("surveys:survey-share", survey.pk)
    context = {
        "survey": survey,
        "form": form,
        "may_edit": can_edit(acting_user(request)),
        "link": _address("public", survey) if survey.is_public else "",
        "kiosk": _address("public-kiosk", survey) if survey.is_public else "",
        "script": _address("public-widget-script", survey) if survey.is_public else "",
    }
    return render(request, "surveys/share.html", context, status=422 if form.is_bound else 200)


@access(read=Role.READ_ONLY)
@require_safe
def code(request: HttpRequest, survey_id: int, kind: str) -> HttpResponse:
    """The QR code of the public page, as a drawing or as a picture."""
    import segno  # late: megabytes that each process would hold

    survey = get_object_or_404(Survey, pk=survey_id, is_public=True)
    content_type, scale = IMAGES[kind]
    image = BytesIO()
    drawn = segno.make(_address("public", survey), error="m", micro=False)
    drawn.save(image, kind=kind, scale=scale, border=4)
    response = HttpResponse(image.getvalue(), content_type=content_type)
    response["Content-Disposition"] = f'inline; filename="{survey.slug}.{kind}"'
    return response


@access(read=Role.READ_ONLY)
@require_safe
def poster(request: HttpRequest, survey_id: int, language: str) -> HttpResponse:
    """A page to print and put up: the question, the code, the address."""
    survey = get_object_or_404(Survey, pk=survey_id, is_public=True)
    if language not in texts.LANGUAGES:
        raise Http404
    own = texts.of_version(latest_version(survey), survey.kind, language)
    context = {
        "survey": survey,
        "colour": survey.colour,
        "words": own.named(request.business.name),  # type: ignore[attr-defined]
        "spoken": language,
        "scan": texts.SCAN[language],
        "link": _address("public", survey),
    }
    return render(request, "surveys/poster.html", context)


def _address(name: str, survey: Survey) -> str:
    return str(settings.BASE_URL) + reverse(f"surveys:{name}", args=[survey.slug])
