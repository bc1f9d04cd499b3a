"""Every request: the business and its clock; then, at each view, who may."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from staff.access import View, may, rule_for
from staff.models import OF_REQUEST, Business

# What answers before there is a business.
WITHOUT_BUSINESS = {"staff:setup", "set_language", "healthz", "readyz", "jsi18n"}


class BusinessMiddleware:
    """Puts the business on the request, its time zone and the person's language in force."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        business = Business.current()
        request.business = business  # type: ignore[attr-defined]
        of_request = OF_REQUEST.set(business)
        try:
            if business:
                timezone.activate(business.zone)
            # A person's own choice wins over the browser's, which LocaleMiddleware has found.
            is_asset = request.path.startswith("/static/")
            if not is_asset and request.user.is_authenticated and request.user.language:
                translation.activate(request.user.language)
                request.LANGUAGE_CODE = request.user.language
            return self.get_response(request)
        finally:
            OF_REQUEST.reset(of_request)
            timezone.deactivate()


class AccessMiddleware:
    """Asks staff.access before each view; strangers go to sign in, new installations to set-up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        if request.business is None and name not in WITHOUT_BUSINESS:  # type: ignore[attr-defined]
            return redirect("staff:setup")
        rule = rule_for(view, name)
        if rule is None:
            raise PermissionDenied(f"{name or view} has no access rule")
        if may(request, rule):
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        raise PermissionDenied
