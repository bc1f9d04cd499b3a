"""Many tickets in one stroke, which can be taken back as one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from crm.views.going_back import back, own_stroke, take_back, undo_tag
from staff.access import Role, access, acting_user
from staff.refusals import Refusal
from support.actions import merging, selections
from support.filters import TicketFilter
from support.forms.selection import ChangeForm, MergeForm
from support.models import Ticket
from support.querysets import TicketQuerySet

# A stroke is one transaction: more of them at once would keep others waiting.
MOST = 10_000
MOST_MERGED = 50


def selected(request: HttpRequest, data: QueryDict) -> TicketQuerySet:
    """The chosen tickets among those that the person may see: by number, or all that a list shows."""
    user = acting_user(request)
    visible = Ticket.objects.visible_to(user)
    if data.get("everything"):
        found = TicketFilter(QueryDict(data.get("query", "")), queryset=visible, user=user).qs
        return visible.filter(pk__in=found.order_by("-pk").values("pk")[:MOST])
    numbers = [int(pk) for pk in data.getlist("ticket") if pk.isdecimal() and len(pk) < 19]
    return visible.filter(pk__in=numbers)


@access(write=Role.AGENT)
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """What the bar under the list offers; what needs an answer first leads to a page."""
    do = request.POST.get("do", "")
    if do in {"change", "merge"}:
        names = ("ticket", "everything", "query", "next")
        chosen = [(name, value) for name in names for value in request.POST.getlist(name)]
        return redirect(f"{reverse(f'support:tickets-{do}')}?{urlencode(chosen)}")
    strokes: dict[str, dict[str, Any]] = {
        "take": {"assignee": acting_user(request)},
        "solve": {"state": Ticket.State.SOLVED},
        "spam": {"state": Ticket.State.SPAM},
        "not-spam": {"spam": False},
    }
    if do in strokes:
        _change(request, **strokes[do])
    return back(request, "support:ticket-list")


def _change(request: HttpRequest, **changes: Any) -> bool:
    """Do it and say so, with the way back; False when it was refused."""
    tickets = selected(request, request.POST)
    try:
        change_set = selections.change_many(tickets=tickets, by=acting_user(request), **changes)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return False
    if change_set is None:
        messages.info(request, _("No ticket was selected that this would change."))
        return True
    for why, times in change_set.facts["refused"].items():
        words = ngettext(
            "%(count)s ticket was left as it is: %(why)s.",
            "%(count)s tickets were left as they are: %(why)s.",
            times,
        )
        messages.warning(request, words % {"count": times, "why": selections.REFUSED[why]})
    count = change_set.facts["tickets"]
    words = ngettext("%(count)s ticket changed.", "%(count)s tickets changed.", count)
    tag = undo_tag("support:tickets-undo", change_set.pk, to=_home(request).url)
    messages.success(request, words % {"count": count}, extra_tags=tag)
    return True


def _home(request: HttpRequest) -> HttpResponseRedirect:
    return back(request, "support:ticket-list")


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Choose what is to change about the chosen tickets."""
    given = request.POST if request.method == "POST" else request.GET
    form = ChangeForm(request.POST or None, user=acting_user(request))
    if request.method == "POST" and form.is_valid() and _change(request, **form.changes()):
        return _home(request)
    count = selected(request, given).count()
    if not count:
        messages.info(request, _("No ticket was selected."))
        return _home(request)
    context = {"form": form, "count": count, "carried": _carried(given), "home": _home(request).url}
    status = 422 if form.is_bound else 200
    return render(request, "support/tickets_change.html", context, status=status)


def _carried(data: QueryDict) -> list[tuple[str, str]]:
    """The selection, for the next page's form."""
    names = ("ticket", "everything", "query", "next")
    return [(name, value) for name in names for value in data.getlist(name)]


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """Choose which of the chosen tickets the others become part of."""
    given = request.POST if request.method == "POST" else request.GET
    tickets = selected(request, given).counted().select_related("customer")
    shown = list(tickets.order_by("opened_at", "pk")[: MOST_MERGED + 1])
    if not 2 <= len(shown) <= MOST_MERGED:
        words = _("Select from 2 to %(most)s tickets to merge them.") % {"most": MOST_MERGED}
        messages.info(request, words)
        return _home(request)
    among = Ticket.objects.filter(pk__in=[ticket.pk for ticket in shown])
    form = MergeForm(request.POST or None, tickets=among)
    if request.method == "POST" and form.is_valid():
        try:
            return _merge(request, shown, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    context = {
        "form": form,
        "tickets": shown,
        "several_customers": len({ticket.customer_id for ticket in shown}) > 1,
        "carried": _carried(given),
        "home": _home(request).url,
    }
    status = 422 if form.is_bound else 200
    return render(request, "support/tickets_merge.html", context, status=status)


def _merge(
    request: HttpRequest, tickets: list[Ticket], into: Ticket, **options: Any
) -> HttpResponse:
    losers = [ticket for ticket in tickets if ticket.pk != into.pk]
    with transaction.atomic():  # all of them or none
        # Locked in the order of their numbers, as all do that lock several.
        keys = [ticket.pk for ticket in tickets]
        list(Ticket.objects.select_for_update().filter(pk__in=keys).order_by("pk").only("pk"))
        for ticket in losers:
            merging.merge(ticket=ticket, into=into, by=acting_user(request), **options)
    words = ngettext(
        "%(count)s ticket is part of #%(number)s now.",
        "%(count)s tickets are part of #%(number)s now.",
        len(losers),
    )
    where = [("ticket", ticket.pk) for ticket in losers] + [("next", _home(request).url)]
    undo = f"undo:{reverse('support:tickets-unmerge')}?{urlencode(where)}"
    said = {"count": len(losers), "number": into.pk}
    messages.success(request, words % said, extra_tags=undo)
    return _home(request)


@access(write=Role.AGENT)
@require_POST
def unmerge(request: HttpRequest) -> HttpResponse:
    """Take the merging of these tickets back."""
    undone = 0
    for ticket in selected(request, request.GET)[:MOST_MERGED]:
        change_set = merging.merge_of(ticket)
        if change_set is None:
            continue
        try:
            merging.undo_merge(change_set=change_set, by=acting_user(request))
        except Refusal as refusal:
            messages.info(request, f"#{ticket.pk}: {refusal}")
        else:
            undone += 1
    if undone:
        messages.success(request, _("Taken back."))
    return _home(request)


@access(write=Role.AGENT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one stroke made on this list: one's own, or as a manager anybody's."""
    take_back(request, own_stroke(request, pk=pk, kind="support.change"))
    return _home(request)
