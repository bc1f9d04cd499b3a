"""What the public pages have in common: their headers, their language, their refusals."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation

from staff import limits
from staff.models import Business


def private(response: HttpResponseBase) -> HttpResponseBase:
    """No copy of the page anywhere, and its address told to nobody."""
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    response["Content-Language"] = translation.get_language() or ""
    return response


def language_of(*wanted: str) -> str:
    """The first of these that pages exist in, else the business's."""
    known = {code for code, _name in settings.LANGUAGES}
    business = Business.current()
    main = business.language if business else settings.LANGUAGE_CODE
    return next((code for code in wanted if code in known), main)


def refused(request: HttpRequest, what: str, *, most: int, seconds: int = 3600) -> bool:
    """Whether this visitor has done `what` too often of late, this time included."""
    return limits.too_often(request, f"public.{what}", most=most, seconds=seconds)


def closed(request: HttpRequest) -> HttpResponse:
    """A page that the business has switched off."""
    return render(request, "public/off.html", status=404)
