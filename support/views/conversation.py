"""Writing in a ticket: replies, notes, canned replies, taking a reply back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.forms.interactions import end_of
from staff.access import Role, access, acting_user
from staff.models import User
from staff.refusals import Refusal
from staff.uploads import accept_all
from support import beside, canned, thread
from support.actions import conversation
from support.actions.mentions import see_mentions
from support.files import FileDraft
from support.forms.reply import NOTE, ComposeForm, SeveralOfThatName, mentioned
from support.forms.ticket import colleagues
from support.models import Message, Ticket
from support.views.ticket import page_context, visible


@access(write=Role.AGENT)
@require_POST
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """A reply or a note; refused, the page comes back with what was typed."""
    ticket = get_object_or_404(beside.for_page(acting_user(request)), pk=pk)
    form = ComposeForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            message = _written(request, ticket, form)
        except conversation.StaleTicket as refusal:
            return _look_again(request, ticket, refusal)
        except SeveralOfThatName as several:
            words = _("“@%(name)s” fits several people: %(names)s. Write more of the name.")
            form.add_error("text", words % dict(zip(("name", "names"), several.args, strict=True)))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(f"{reverse('support:ticket', args=[pk])}#message-{message.pk}")
    return _refused(request, ticket, form)


@transaction.atomic
def _written(request: HttpRequest, ticket: Ticket, form: ComposeForm) -> Message:
    said, by = form.cleaned_data, acting_user(request)
    see_mentions(ticket=ticket, by=by)
    common = {
        "ticket": ticket,
        "text": said["text"],
        "by": by,
        "files": drafts(said["attachments"]),
        "once_key": said["once_key"],
    }
    if said["kind"] == NOTE:
        named = mentioned(said["text"], readers(ticket))
        return conversation.add_note(**common, mentioned=named)
    return conversation.reply(
        **common, then=said["then"], version=said["version"], promise=_promise(said)
    )


def drafts(uploads: list[Any]) -> list[FileDraft]:
    """The files that were chosen, taken in."""
    return [
        FileDraft(name=one.name, content_type=one.content_type, stored=one.stored)
        for one in accept_all(uploads)
    ]


def _promise(said: dict[str, Any]) -> Any:
    if not said["promise"]:
        return None
    return conversation.PromiseDraft(title=said["promise"], due_at=end_of(said["promise_until"]))


def readers(ticket: Ticket) -> list[User]:
    """Colleagues who may see the ticket, and so may be told of it."""
    found = colleagues()
    if not ticket.queue.is_private:
        return list(found)
    members = set(ticket.queue.members.values_list("pk", flat=True))
    return [one for one in found if one.pk in members or one.has_role(Role.MANAGER)]


def _refused(request: HttpRequest, ticket: Ticket, form: ComposeForm) -> HttpResponse:
    context = page_context(request, ticket, form) | {"files_lost": bool(request.FILES)}
    return render(request, "support/ticket.html", context, status=422)


def _look_again(
    request: HttpRequest, ticket: Ticket, refusal: conversation.StaleTicket
) -> HttpResponse:
    """Somebody was faster: the page as it is now, what is new, and the text as it was."""
    ticket = get_object_or_404(beside.for_page(acting_user(request)), pk=ticket.pk)
    data = request.POST.copy()
    data["version"], data["seen"] = str(ticket.version), str(thread.newest_message(ticket))
    form = ComposeForm(data)
    form.add_error(None, str(refusal))
    context = page_context(request, ticket, form)
    context |= {"files_lost": bool(request.FILES), "since": refusal.since}
    return render(request, "support/ticket.html", context, status=409)


@access(write=Role.AGENT)
@require_POST
def compose(request: HttpRequest, pk: int) -> HttpResponse:
    """Without scripts: the page again, with the canned reply that was chosen in the text."""
    ticket = get_object_or_404(beside.for_page(acting_user(request)), pk=pk)
    user, business = acting_user(request), request.business  # type: ignore[attr-defined]
    data = request.POST.copy()
    text = canned.expanded(data.get("text", ""), ticket=ticket, user=user, business=business)
    chosen = data.get("canned", "")
    if chosen.isdecimal() and len(chosen) < 19:
        reply = canned.theirs(user).filter(pk=int(chosen)).first()
        if reply:
            said = canned.text_for(reply, ticket=ticket, user=user, business=business)
            text = f"{text.rstrip()}\n\n{said}".strip()
    form = ComposeForm(
        initial={name: data.get(name) for name in ComposeForm.base_fields if name != "attachments"}
        | {"text": text}
    )
    context = page_context(request, ticket, form)
    context["canned_replies"] = canned.theirs(user)
    context["files_lost"] = bool(request.FILES)
    return render(request, "support/ticket.html", context)


@access(read=Role.AGENT)
@require_safe
def canned_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The choice of canned replies, once somebody opens it."""
    ticket = visible(request, pk)
    context = {"ticket": ticket, "canned_replies": canned.theirs(acting_user(request))}
    return render(request, "support/_canned_list.html", context)


@access(read=Role.AGENT)
@require_safe
def canned_text(request: HttpRequest, pk: int) -> HttpResponse:
    """One canned reply in this ticket's words, by its number or its shortcut, as plain text."""
    ticket, user = visible(request, pk), acting_user(request)
    number = request.GET.get("reply", "")
    if number.isdecimal() and len(number) < 19:
        reply = canned.theirs(user).filter(pk=int(number)).first()
    else:
        reply = canned.by_shortcut(user, request.GET.get("shortcut", ""))
    if reply is None:
        raise Http404
    text = canned.text_for(
        reply,
        ticket=ticket,
        user=user,
        business=request.business,  # type: ignore[attr-defined]
    )
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@access(read=Role.AGENT)
@require_safe
def colleague_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom a note can mention."""
    people = readers(visible(request, pk))
    return render(request, "support/_colleague_list.html", {"people": people})


@access(write=Role.AGENT)
@require_POST
def take_back(request: HttpRequest, pk: int, message_pk: int) -> HttpResponse:
    """One's own reply, before it leaves; its text goes into the composer again."""
    ticket = visible(request, pk)
    message = get_object_or_404(
        Message, pk=message_pk, ticket=ticket, author=acting_user(request), withdrawn_at=None
    )
    page = reverse("support:ticket", args=[pk])
    try:
        conversation.withdraw_reply(message=message, by=acting_user(request))
    except Refusal as refusal:
        messages.warning(request, str(refusal))
        return redirect(page)
    messages.success(request, _("Taken back. Nothing has left."))
    return redirect(f"{page}?draft={message.pk}#compose")
