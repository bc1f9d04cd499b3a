"""/hooks/mail/<provider>/: where providers bring mail, and /events/ below it, what became of ours.

The provider's own proof is the only key.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mail import webhooks
from mail.models import WebhookDelivery
from staff.access import access


@access(public=True)
@csrf_exempt  # a provider has no cookie; its signature or password is checked instead
@require_http_methods(["HEAD", "POST"])
def inbound(request: HttpRequest, provider: str) -> HttpResponse:
    """200 once the call is stored, also if it was stored before; 404 while it isn't set up."""
    return _received(request, provider, WebhookDelivery.Kind.INBOUND)


@access(public=True)
@csrf_exempt  # as above
@require_http_methods(["HEAD", "POST"])
def events(request: HttpRequest, provider: str) -> HttpResponse:
    """The same for what became of our own mail."""
    return _received(request, provider, WebhookDelivery.Kind.EVENTS)


def _received(request: HttpRequest, provider: str, kind: WebhookDelivery.Kind) -> HttpResponse:
    view = webhooks.view_of(provider, kind)
    if view is None:
        raise Http404
    if request.method == "HEAD":  # some look whether there is somebody before they send
        return HttpResponse()
    body = request.read(webhooks.BODY_LIMIT + 1)
    if len(body) > webhooks.BODY_LIMIT:
        return HttpResponse(status=413)
    if provider == "amazon_ses" and "Authorization" not in request.headers:
        # It sends its password only when asked.
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="mail"'})
    try:
        webhooks.receive(provider, view, request.META, body, kind)
    except webhooks.Forged:
        return HttpResponse(status=403)
    return HttpResponse()
