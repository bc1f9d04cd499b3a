"""Who else has a ticket open, and what has been written there meanwhile."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from staff.access import Role, access, acting_user
from support import beside, thread
from support.actions import mentions, people
from support.models import Message
from support.views.ticket import visible


@access(write=Role.READ_ONLY)
@require_POST
def presence(request: HttpRequest, pk: int) -> HttpResponse:
    """Says that this person is here, and perhaps typing; hears who else is, and what is new."""
    ticket, user = visible(request, pk), acting_user(request)
    people.be_present(ticket=ticket, by=user, is_typing=request.POST.get("typing") == "1")
    mentions.see_mentions(ticket=ticket, by=user)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("support:ticket", pk)
    seen = number(request.POST.get("seen", ""))
    new = Message.objects.filter(ticket=ticket, withdrawn_at=None, pk__gt=seen)
    present, count = beside.present(ticket, user), new.exclude(author=user).count()
    said = ",".join([*(f"{one.pk}{one.what}" for one in present), f"+{count}"])
    if request.POST.get("announced") == said:
        # Nothing has changed: nothing is read out again.
        return HttpResponse(status=204)
    context = {
        "present": present,
        "new_messages": count,
        "new_url": f"{reverse('support:ticket-new', args=[pk])}?seen={seen}",
        "ticket_url": reverse("support:ticket", args=[pk]),
        "announced": said,
    }
    return render(request, "support/_presence.html", context)


@access(read=Role.READ_ONLY)
@require_safe
def new_messages(request: HttpRequest, pk: int) -> HttpResponse:
    """What was written since, for the end of the thread; the composer knows then that it was seen."""
    ticket = visible(request, pk)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("support:ticket", pk)
    seen = number(request.GET.get("seen", ""))
    written = thread.written_since(acting_user(request), ticket, seen)
    context = {"ticket": ticket, "thread": written, "newest": max(seen, written.newest)}
    return render(request, "support/_new_messages.html", context)


def number(text: str) -> int:
    """A message's number as a page sends it; 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0
