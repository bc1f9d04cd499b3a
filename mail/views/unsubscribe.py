"""The page behind each unsubscribe link (RFC 8058): no cookie, no sign-in, no redirect."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mail import actions
from mail.drafts import SCOPES
from mail.models import OutgoingEmail, Scope, Suppression
from staff.access import access
from staff.tokens import hashed


@access(public=True)
@csrf_exempt  # the token is the proof; mail clients post without cookies
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button and changes nothing; POST acts, any number of times, and answers 200."""
    # Looked up by hash: how long that takes tells nothing about the token.
    outgoing = OutgoingEmail.objects.filter(unsubscribe_hash=hashed(token)).first()
    if outgoing is None:
        return private(render(request, "mail/unsubscribe_unknown.html", status=404))
    if request.method == "POST":
        act(request, outgoing)
    with translation.override(outgoing.language or translation.get_language()):
        response = render(request, "mail/unsubscribe.html", page(outgoing))
        response["Content-Language"] = translation.get_language() or ""
    return private(response)


def act(request: HttpRequest, outgoing: OutgoingEmail) -> None:
    """What the form, or a mail client's one click, asks for; anything unclear leaves the stream."""
    if "resume" in request.POST:
        actions.resubscribe(outgoing=outgoing)
        return
    everything = request.POST.get("scope") == Scope.ALL
    actions.unsubscribe(outgoing=outgoing, scope=Scope.ALL if everything else None)


def page(outgoing: OutgoingEmail) -> dict[str, object]:
    scope = SCOPES[OutgoingEmail.Stream(outgoing.stream)]
    standing = list(Suppression.objects.blocking(scope).filter(address=outgoing.to_address))
    return {
        "address": outgoing.to_address,
        "scope": scope,
        "left": bool(standing),
        "left_all": any(suppression.scope == Scope.ALL for suppression in standing),
        "can_resume": bool(standing)
        and all(s.reason == Suppression.Reason.UNSUBSCRIBE for s in standing),
    }


def private(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
