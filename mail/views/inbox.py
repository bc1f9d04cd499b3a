"""What has arrived, and what became of it. Managers alone: a mail may be about anybody."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from mail import inbox as room
from mail import inbox_actions as actions
from mail.models import InboundEmail, WebhookDelivery
from mail.parsing import AUTOMATIC, NOTES
from mail.views.outbox import capped
from staff.access import Role, access, acting_user
from staff.downloads import download
from staff.pages import paginate, render_page
from staff.refusals import Refusal

State = InboundEmail.State

# The states as a person asks for them.
GROUPS = {
    "waiting": (gettext_lazy("Waiting"), [State.RECEIVED, State.WAITING]),
    "aside": (gettext_lazy("Set aside"), [State.QUARANTINED]),
    "filed": (pgettext_lazy("received mail", "Filed"), [State.FILED]),
    "reports": (gettext_lazy("Reports"), [State.NOTED]),
    "ignored": (pgettext_lazy("received mail", "Left alone"), [State.IGNORED]),
    "copies": (gettext_lazy("Copies"), [State.DUPLICATE]),
}


@access(read=Role.MANAGER)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    group, query = request.GET.get("state", ""), request.GET.get("q", "").strip()
    rows = InboundEmail.objects.for_list().from_address_beginning(query)
    if group in GROUPS:
        rows = rows.filter(state__in=GROUPS[group][1])
    counts = InboundEmail.objects.count_by_state()
    context = {
        "page": paginate(rows, request, key=("-received_at", "-pk")),
        "groups": [
            (name, label, capped(sum(counts[state] for state in states)))
            for name, (label, states) in GROUPS.items()
        ],
        "group": group if group in GROUPS else "",
        "query": query,
        "failed_calls": WebhookDelivery.objects.filter(state=WebhookDelivery.State.FAILED)[:20],
    }
    return render_page(request, "mail/inbox.html", context, fragment="results")


@access(read=Role.MANAGER)
@require_safe
def received(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail: what it says, where it came from, what became of it and why."""
    inbound = get_object_or_404(InboundEmail.objects.for_page(), pk=pk)
    context = {
        "inbound": inbound,
        "reason": room.reason_words(inbound.reason),
        "automatic": AUTOMATIC.get(inbound.automatic, inbound.automatic),
        "outcome": room.outcome(inbound.about_model),
        "outcome_url": room.outcome_url(inbound),
        "can_retry": actions.can_retry(inbound),
        "can_ignore": actions.can_ignore(inbound),
        **_contents(inbound),
    }
    return render_page(request, "mail/received.html", context, fragment="received")


def _contents(inbound: InboundEmail) -> dict[str, object]:
    try:
        mail = room.read(inbound)
    except OSError as error:
        return {"unreadable": str(error)}
    return {"mail": mail, "notes": [NOTES.get(note, note) for note in mail.notes]}


@access(read=Role.MANAGER)
@require_safe
def raw(request: HttpRequest, pk: int) -> FileResponse:
    """The mail as it came, as a file to be opened by a mail program."""
    inbound = get_object_or_404(InboundEmail.objects.select_related("raw"), pk=pk)
    return download(inbound.raw, f"{inbound.subject or inbound.pk}.eml", "message/rfc822")


@access(write=Role.MANAGER)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    inbound = get_object_or_404(InboundEmail, pk=pk)
    try:
        actions.retry(inbound=inbound, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The mail is looked at again within seconds."))
    return redirect("mail:received", pk)


@access(write=Role.MANAGER)
@require_POST
def ignore(request: HttpRequest, pk: int) -> HttpResponse:
    inbound = get_object_or_404(InboundEmail, pk=pk)
    try:
        actions.ignore(inbound=inbound, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The mail is left as it is."))
    return redirect("mail:received", pk)


@access(write=Role.MANAGER)
@require_POST
def retry_call(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(WebhookDelivery, pk=pk)
    try:
        actions.retry_call(delivery=delivery, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The call is read again within seconds."))
    return redirect("mail:inbox")
