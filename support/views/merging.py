"""Tickets that belong together: merged into one, split in two, linked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from staff.access import Role, access, acting_user
from staff.refusals import Refusal
from support import beside, thread
from support.actions import merging
from support.forms.ticket import LinkForm, MergeForm, SplitForm
from support.models import Ticket, TicketLink
from support.views.ticket import visible
from support.views.ticket_changes import home

NEAR = 8


def _others(request: HttpRequest, ticket: Ticket) -> Any:
    """Tickets that this one could go with: only such as this person may see."""
    among = Ticket.objects.visible_to(acting_user(request)).counted().exclude(pk=ticket.pk)
    return among.select_related("customer", "queue")


def _near(request: HttpRequest, ticket: Ticket) -> list[Ticket]:
    """The same customer's, the newest first: most often it is one of those."""
    same = _others(request, ticket).filter(customer=ticket.customer_id)
    return list(same.order_by("-opened_at", "-pk")[:NEAR])


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the ticket that stays, look at what would happen, do it."""
    ticket = visible(request, pk)
    given = request.POST if request.method == "POST" else request.GET
    form = MergeForm(given if "into" in given else None, among=_others(request, ticket))
    into: Ticket | None = form.cleaned_data["into"] if form.is_valid() else None
    if request.method == "POST" and into:
        try:
            merging.merge(
                ticket=ticket,
                into=into,
                by=acting_user(request),
                across_customers="across" in request.POST,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            words = _("#%(loser)s is part of this ticket now.") % {"loser": pk}
            undo = f"undo:{reverse('support:ticket-unmerge', args=[pk])}"
            messages.success(request, words, extra_tags=undo)
            return redirect(home(into.pk))
    context = {
        "ticket": ticket,
        "form": form,
        "near": _near(request, ticket),
        "into": into,
        "other_customer": into is not None and into.customer_id != ticket.customer_id,
        "last": thread.last_messages(into) if into else [],
        "moving": thread.last_messages(ticket) if into else [],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "support/ticket_merge.html", context, status=status)


@access(write=Role.AGENT)
@require_POST
def unmerge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back: the ticket is what it was, with what has been its own."""
    ticket = visible(request, pk)
    change_set = merging.merge_of(ticket)
    if change_set is None:
        raise Http404
    try:
        outcome = merging.undo_merge(change_set=change_set, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect(home(pk))
    messages.success(request, _("Taken back: #%(number)s stands alone again.") % {"number": pk})
    if kept := outcome.left_alone_count:
        words = ngettext(
            "%(count)s record stayed where it was: it has changed since.",
            "%(count)s records stayed where they were: they have changed since.",
            kept,
        )
        messages.warning(request, words % {"count": kept})
    return redirect(home(pk))


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """Some of the messages become a ticket of their own."""
    ticket = visible(request, pk)
    shown = thread.shown_messages(ticket)
    form = SplitForm(request.POST or None, among=shown, initial={"subject": ticket.subject})
    if request.method == "POST" and form.is_valid():
        chosen = list(form.cleaned_data["messages"])
        try:
            made = merging.split(
                ticket=ticket,
                messages=chosen,
                subject=form.cleaned_data["subject"],
                by=acting_user(request),
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            words = ngettext(
                "#%(number)s has %(count)s message of #%(from)s.",
                "#%(number)s has %(count)s messages of #%(from)s.",
                len(chosen),
            )
            said = {"number": made.pk, "count": len(chosen), "from": pk}
            messages.success(request, words % said)
            return redirect(home(made.pk))
    ticked = set(request.POST.getlist("messages")) if form.is_bound else set()
    context = {
        "ticket": ticket,
        "form": form,
        "rows": [(one, str(one.pk) in ticked) for one in thread.last_messages(ticket, most=200)],
    }
    return render(
        request, "support/ticket_split.html", context, status=422 if form.is_bound else 200
    )


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Belongs together with another; what is linked already can be taken apart here."""
    ticket, user = visible(request, pk), acting_user(request)
    first = {"other": request.GET.get("other", "")}
    form = LinkForm(request.POST or None, among=_others(request, ticket), initial=first)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            merging.link(ticket=ticket, other=said["other"], kind=said["kind"], by=user)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            words = _("Linked with #%(number)s.") % {"number": said["other"].pk}
            messages.success(request, words)
            return redirect(home(pk))
    context = {
        "ticket": ticket,
        "form": form,
        "links": beside.links(ticket, user),
        "near": _near(request, ticket),
    }
    return render(
        request, "support/ticket_link.html", context, status=422 if form.is_bound else 200
    )


@access(write=Role.AGENT)
@require_POST
def unlink(request: HttpRequest, pk: int, link_pk: int) -> HttpResponse:
    ticket, user = visible(request, pk), acting_user(request)
    found = get_object_or_404(
        TicketLink, pk__in=beside.links(ticket, user).values("pk"), pk=link_pk
    )
    try:
        merging.unlink(link=found, by=user)
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("No longer linked."))
    return redirect("support:ticket-link", pk)
