"""`/t/<token>/`: a participant reads their ticket, answers, and says whether it is solved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from mail.parsing import reply_text
from mail.showing import text_to_html
from staff import limits
from staff.access import access
from staff.downloads import download
from staff.pages import paginate
from staff.public.pages import language_of, private, refused
from staff.refusals import Refusal
from staff.tokens import hashed
from support import desk, links
from support.actions import following
from support.forms.public import AnswerForm
from support.models import Attachment, Message, Participant, Ticket, TicketAccess

if TYPE_CHECKING:
    from django.db.models import QuerySet

SIZE = 50
ANSWERS_AN_HOUR = 30
LONGEST_TEXT = 100_000  # as long as a reply of ours can be
_ADDRESS = re.compile(r"([A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64})@[A-Za-z0-9.-]{3,255}")


@access(public=True)
@csrf_exempt  # whoever knows the address of this page may write on it, and nobody else can guess it
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET and HEAD only show; POST answers, or says that it is solved or is not."""
    found = links.find(token)
    if found is None:
        return private(_no_such_link(request, token))
    participant = found.participant
    with translation.override(_language(participant)):
        act = _press if request.method == "POST" else _show
        return private(act(request, participant))


@access(public=True)
@require_safe
def follow_file(request: HttpRequest, token: str, pk: int) -> HttpResponseBase:
    """One file of a message that this participant may read."""
    found = links.find(token)
    if found is None:
        return private(_no_such_link(request, token))
    shown = shown_messages(found.participant.ticket)
    files = Attachment.objects.filter(message__in=shown.values("pk")).select_related("file")
    attachment = get_object_or_404(files, pk=pk)
    return download(attachment.file, attachment.name, attachment.content_type)


def _no_such_link(request: HttpRequest, token: str) -> HttpResponse:
    """It has ended, or it never was: the second is counted, so that nobody tries them out."""
    if TicketAccess.objects.filter(token_hash=hashed(token)).exists():
        context = {"has_feedback_page": desk.settings().has_feedback_page}
        return render(request, "support/public/follow_ended.html", context, status=410)
    often = limits.misses_too_often(request)
    status = 429 if often else 404
    return render(request, "support/public/follow_unknown.html", {"often": often}, status=status)


def _language(participant: Participant) -> str:
    contact = participant.contact
    return language_of(contact.language if contact else "", participant.ticket.language)


# --- Reading ------------------------------------------------------------------------------


def shown_messages(ticket: Ticket) -> QuerySet[Message]:
    """What passed between the customer and us: no notes, nothing that may still be taken back."""
    has_left = Q(leaves_at=None) | Q(leaves_at__lte=timezone.now())
    return Message.objects.filter(has_left, ticket=ticket, withdrawn_at=None).exclude(
        kind=Message.Kind.NOTE
    )


@dataclass(frozen=True)
class Entry:
    """A message as the customer sees it."""

    message: Message
    who: str
    is_ours: bool
    fresh: SafeString
    quoted: SafeString


def _show(
    request: HttpRequest, participant: Participant, form: AnswerForm | None = None
) -> HttpResponse:
    ticket = participant.ticket
    files = Prefetch("attachments", Attachment.objects.select_related("file"))
    shown = shown_messages(ticket).select_related("author").defer("html").prefetch_related(files)
    page = paginate(shown, request, key=("-created_at", "-pk"), size=SIZE)
    context = {
        "ticket": ticket,
        "state": state_in_words(ticket),
        "entries": [_entry(request, one, participant) for one in reversed(page.rows)],
        "earlier_url": page.next_url,
        "later_url": page.previous_url,
        "form": form or AnswerForm(),
        "can_say_solved": following.can_say_solved(ticket) and ticket.state != Ticket.State.NEW,
        "can_say_unsolved": following.can_say_unsolved(ticket),
        "path": request.path,
        "answered": "sent" in request.GET,
    }
    return render(request, "support/public/follow.html", context, status=422 if form else 200)


def _entry(request: HttpRequest, one: Message, participant: Participant) -> Entry:
    is_ours = one.kind != Message.Kind.RECEIVED
    is_own = not is_ours and one.from_address == participant.address
    # A page of the longest mails would keep the server busy for whoever sent them.
    shown = one.text if len(one.text) <= LONGEST_TEXT else f"{one.text[:LONGEST_TEXT]}…"
    text = shown if is_ours or is_own else without_addresses(shown)
    fresh, quoted = reply_text(text)
    return Entry(
        message=one,
        who=_who(request, one, is_ours=is_ours, is_own=is_own),
        is_ours=is_ours,
        fresh=text_to_html(fresh.strip()),
        quoted=text_to_html(quoted.strip("\n")),
    )


def _who(request: HttpRequest, one: Message, *, is_ours: bool, is_own: bool) -> str:
    """A name that is nobody's address."""
    business: str = request.business.name  # type: ignore[attr-defined]
    if is_ours:
        return (one.author.name if one.author else "") or business
    if is_own:
        return _("You")
    return without_addresses(one.from_name) or _("Somebody else who takes part")


def without_addresses(text: str) -> str:
    """What others wrote, with their addresses shortened to the part before the @."""
    return _ADDRESS.sub(r"\1@…", text)


def state_in_words(ticket: Ticket) -> str:
    """How things stand, said to the customer."""
    words = {
        Ticket.State.NEW: _("It has arrived. We will answer you."),
        Ticket.State.OPEN: _("We are working on it."),
        Ticket.State.WAITING: _("We are waiting for your answer."),
        Ticket.State.ON_HOLD: _("We are waiting for somebody else, and come back to you."),
        Ticket.State.SOLVED: _("It is solved, as far as we know."),
        Ticket.State.CLOSED: _("It is closed."),
    }
    return words[Ticket.State(ticket.state)]


# --- Writing ------------------------------------------------------------------------------


def _press(request: HttpRequest, participant: Participant) -> HttpResponse:
    asked = request.POST.get("do", "answer")
    if asked in {"solved", "unsolved"}:
        return _say(request, participant.ticket, asked)
    form = AnswerForm(request.POST, request.FILES)
    if form.is_valid() and refused(request, "answer", most=ANSWERS_AN_HOUR):
        form.add_error(None, _("That was a lot at once. Please try again in an hour."))
    if not form.is_valid():
        return _show(request, participant, form)
    message = following.answer(
        participant=participant,
        text=form.cleaned_data["text"],
        files=form.kept_files(),
        once_key=form.once_key,
    )
    return redirect(_where_it_goes_on(request, participant, message))


def _where_it_goes_on(request: HttpRequest, participant: Participant, message: Message) -> str:
    """This page, or that of the ticket which follows this one."""
    if message.ticket_id == participant.ticket_id:
        return f"{request.path}?sent=1#end"
    own = Participant.objects.filter(ticket=message.ticket_id, address=participant.address).first()
    return links.new_link(own) if own else f"{request.path}?sent=1#end"


def _say(request: HttpRequest, ticket: Ticket, asked: str) -> HttpResponse:
    say: Any = following.say_solved if asked == "solved" else following.say_unsolved
    try:
        say(ticket=ticket)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(request.path)
