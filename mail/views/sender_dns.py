"""What the DNS says of the sender, as a part of other pages: it may take seconds to ask."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mail import sender_dns
from mail.messages import current_sender
from staff.access import Role, access


@access(read=Role.AGENT)
@require_safe
def records(request: HttpRequest) -> HttpResponse:
    sender = current_sender()
    found = sender_dns.look_up(sender.address) if sender else []
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    template = "mail/_sender_dns.html" if is_part else "mail/sender_dns.html"
    return render(request, template, {"sender": sender, "records": found})
