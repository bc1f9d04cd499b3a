"""The page on which a ticket is worked on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from staff.access import Role, access, acting_user
from staff.pages import render_page
from staff.refusals import Refusal
from support import beginnings, beside, thread
from support.actions import changes, states
from support.forms.reply import NOTE, REPLY, ComposeForm
from support.forms.ticket import FactsForm, SubjectForm
from support.models import Message, Ticket

State = Ticket.State


def visible(request: HttpRequest, pk: int) -> Ticket:
    """The ticket, if it is there and this person may see it; else the answer is 404."""
    found = Ticket.objects.visible_to(acting_user(request))
    return get_object_or_404(found.select_related("customer", "contact", "queue"), pk=pk)


@access(read=Role.READ_ONLY)
@require_safe
def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    shown = beside.find(acting_user(request), pk)
    if shown.merged_into_id:
        return _to_the_winner(request, shown)
    context = page_context(request, shown)
    return render_page(request, "support/ticket.html", context, fragment="earlier")


def _to_the_winner(request: HttpRequest, merged: Ticket) -> HttpResponse:
    """A merged ticket's number still leads to what it says, if that may be seen."""
    winner = visible(request, merged.merged_into_id or 0)
    words = _("#%(loser)s was merged into this ticket.") % {"loser": merged.pk}
    may_undo = acting_user(request).has_role(Role.AGENT)
    undo = f"undo:{reverse('support:ticket-unmerge', args=[merged.pk])}"
    messages.info(request, words, extra_tags=undo if may_undo else "")
    return redirect("support:ticket", winner.pk)


def page_context(
    request: HttpRequest, shown: Ticket, form: ComposeForm | None = None
) -> dict[str, Any]:
    """What support/ticket.html shows; `form` is a refused one, with what was typed."""
    user = acting_user(request)
    read = thread.read(request, shown)
    may_write = user.has_role(Role.AGENT)
    return {
        "ticket": shown,
        "ticket_url": reverse("support:ticket", args=[shown.pk]),
        "thread": read,
        "beside": beside.read(request, shown),
        "income": beside.income(shown),
        "form": form or _first_form(request, shown, read.newest),
        "may_write": may_write,
        "moves": moves(shown) if may_write else [],
        "is_mine": shown.assignee_id == user.pk,
    }


def _first_form(request: HttpRequest, shown: Ticket, seen: int) -> ComposeForm:
    """Empty, or with what was taken back a moment ago, or what a reply to it begins with."""
    kind = NOTE if request.GET.get("write") == NOTE else REPLY
    draft = request.GET.get("draft", "")
    text = ""
    if draft.isdecimal() and len(draft) < 19:
        own = Message.objects.filter(
            pk=int(draft), ticket=shown, author=acting_user(request), withdrawn_at__isnull=False
        )
        text = own.values_list("text", flat=True).first() or ""
    elif kind == REPLY and acting_user(request).has_role(Role.AGENT):
        business = request.business  # type: ignore[attr-defined]
        text = beginnings.first_words(shown, user=acting_user(request), business=business)
    return ComposeForm.for_page(shown, seen=seen, text=text, kind=kind)


# How the menu calls each state that one can move a ticket to; its icon and its key.
MOVES = {
    State.SOLVED: (gettext_lazy("Solve"), "circle-check", "s"),
    State.OPEN: (gettext_lazy("Take it up"), "player-play", ""),
    State.WAITING: (gettext_lazy("Wait for the customer"), "player-pause", ""),
    State.ON_HOLD: (gettext_lazy("Put on hold"), "hand-stop", ""),
    State.CLOSED: (gettext_lazy("Close for good"), "lock", ""),
    State.SPAM: (gettext_lazy("Mark as spam"), "ban", ""),
}


def moves(shown: Ticket) -> list[dict[str, str]]:
    """What the menu offers to make of it, as far as its state lets it."""
    possible = states.moves(shown)
    found = []
    for to, (words, icon, key) in MOVES.items():
        if to in possible:
            again = to == State.OPEN and not shown.is_open
            said = _("Open it again") if again else str(words)
            url = reverse("support:ticket-move", args=[shown.pk, to.value])
            found.append({"url": url, "words": said, "icon": icon, "key": key})
    return found


# --- Facts, edited in place -----------------------------------------------------------------


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def ticket_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue, category, tags, priority, who."""
    edited = get_object_or_404(beside.for_page(acting_user(request)), pk=pk)
    form = FactsForm(request.POST or None, ticket=edited, user=acting_user(request))
    if request.method == "POST" and form.is_valid():
        try:
            _save_facts(request, edited, form)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return after_change(request, edited.pk)
    context = {"ticket": edited, "form": form}
    response = render_page(request, "support/ticket_edit.html", context, fragment="facts_form")
    if form.is_bound:
        response.status_code = 422
    return response


@transaction.atomic
def _save_facts(request: HttpRequest, edited: Ticket, form: FactsForm) -> None:
    """What was touched and nothing else, each by its own action; all of it or, when refused, nothing."""
    by, said = acting_user(request), form.cleaned_data
    for name in form.changed_data:
        FACTS[name](ticket=edited, by=by, **{name: said[name]})


FACTS: dict[str, Callable[..., Ticket]] = {
    "queue": changes.set_queue,
    "assignee": changes.assign,
    "priority": changes.set_priority,
    "category": changes.set_category,
    "tags": changes.set_tags,
}


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def ticket_subject(request: HttpRequest, pk: int) -> HttpResponse:
    edited = visible(request, pk)
    form = SubjectForm(request.POST or None, initial={"subject": edited.subject})
    if request.method == "POST" and form.is_valid():
        try:
            changes.set_subject(ticket=edited, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return after_change(request, edited.pk)
    context = {"ticket": edited, "form": form}
    response = render_page(request, "support/ticket_subject.html", context, fragment="subject_form")
    if form.is_bound:
        response.status_code = 422
    return response


def after_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to the ticket; htmx is told to go there, since more than one place of it has changed."""
    page = reverse("support:ticket", args=[pk])
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": page})
    return redirect(page)
