"""What strangers sent, given out so that it can do nothing but be read or kept."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mail.showing import clean_html, framed
from mail.showing.framing import SANDBOX
from staff.access import Role, access, acting_user
from staff.downloads import download, file_of_token, signed_file_token
from support import thread
from support.models import Attachment, Message, Ticket
from support.views.ticket import visible


@access(read=Role.READ_ONLY)
@require_safe
def file(request: HttpRequest, token: str) -> HttpResponseBase:
    """One attachment by an address that was signed for this person, if they may still see its ticket."""
    user = acting_user(request)
    key = file_of_token(token, user.pk)
    if key is None:
        raise Http404
    found = Attachment.objects.filter(
        message__ticket__in=Ticket.objects.visible_to(user), message__withdrawn_at=None
    )
    attachment = get_object_or_404(found.select_related("file"), pk=key)
    return download(
        attachment.file,
        attachment.name,
        attachment.content_type,
        inline_image="inline" in request.GET,
    )


@access(read=Role.READ_ONLY)
@require_safe
def message(request: HttpRequest, pk: int, message_pk: int) -> HttpResponse:
    """One message in full, however long it is."""
    shown = _message(request, pk, message_pk)
    context = {"ticket": shown.ticket, "message": shown, "text": thread.readable(shown.text)}
    return render(request, "support/message.html", context)


@access(read=Role.READ_ONLY)
@require_safe
def message_html(request: HttpRequest, pk: int, message_pk: int) -> HttpResponse:
    """A mail as it was sent, on a page of its own around a frame; others' pictures only when asked for."""
    shown = _message(request, pk, message_pk)
    images = request.GET.get("images") == "on"
    clean = clean_html(shown.html, images=images, inline=_pictures(request, shown))
    if "frame" in request.GET:
        return framed(clean, language=shown.ticket.language)
    page = reverse("support:message-html", args=[pk, message_pk])
    context = {
        "ticket": shown.ticket,
        "message": shown,
        "page": page,
        "frame": f"{page}?frame=1&images=on" if images else f"{page}?frame=1",
        "blocked_images": clean.blocked_images,
        "was_cut": clean.was_cut,
        "images": images,
        "sandbox": SANDBOX,
    }
    template = "support/message_html.html"
    if request.htmx:  # type: ignore[attr-defined]
        template += "#as_sent"
    return render(request, template, context)


@access(read=Role.MANAGER)
@require_safe
def message_raw(request: HttpRequest, pk: int, message_pk: int) -> HttpResponseBase:
    """The mail byte by byte, for whoever has to find out what happened to it."""
    shown = _message(request, pk, message_pk)
    if shown.inbound is None:
        raise Http404
    name = _("mail-%(number)s.eml") % {"number": shown.pk}
    return download(shown.inbound.raw, name, "application/octet-stream")


def _message(request: HttpRequest, pk: int, message_pk: int) -> Message:
    ticket = visible(request, pk)
    found = Message.objects.filter(ticket=ticket, withdrawn_at=None)
    return get_object_or_404(found.select_related("ticket", "inbound__raw"), pk=message_pk)


def _pictures(request: HttpRequest, message: Message) -> dict[str, str]:
    """Our own address of each picture that came with the mail."""
    user = acting_user(request)
    return {
        one.content_id: reverse("support:file", args=[signed_file_token(user.pk, one.pk)])
        + "?inline=1"
        for one in message.attachments.exclude(content_id="")
    }
