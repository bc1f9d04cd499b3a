"""What has left, what waits, and why.

Who works with customers sees what was sent to whom; what stands in a message is for managers,
because its links act in the recipient's name. Account mail, whose links open accounts, is for owners.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from mail import actions, log, senders
from mail import messages as building
from mail.delivery import hold
from mail.explaining import why
from mail.models import OutgoingEmail
from mail.privacy import hide_subjects
from mail.querysets import CAP
from staff.access import Role, access, acting_user
from staff.formats import number
from staff.models import User
from staff.pages import Count, paginate, render_page
from staff.refusals import Refusal

State = OutgoingEmail.State

# The states as a person asks for them.
GROUPS = {
    "waiting": (gettext_lazy("Waiting"), [State.QUEUED, State.SENDING]),
    "sent": (gettext_lazy("Sent"), [State.SENT, State.DELIVERED]),
    "failed": (gettext_lazy("Failed"), [State.FAILED, State.BOUNCED, State.COMPLAINED]),
    "unknown": (gettext_lazy("Unknown"), [State.UNKNOWN]),
    "left-out": (gettext_lazy("Not sent"), [State.CANCELLED, State.SUPPRESSED]),
}

# The frame shows what somebody may have written: no scripts, nobody else's pictures, no forms.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@access(read=Role.AGENT)
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    group, stream, query = asked(request.GET)
    rows = OutgoingEmail.objects.for_list().narrowed(stream=stream, address=query)
    if group:
        rows = rows.filter(state__in=GROUPS[group][1])
    counts = OutgoingEmail.objects.count_by_state()
    page = paginate(rows, request, key=("-created_at", "-pk"))
    hide_subjects(acting_user(request), page)
    held = hold()
    may_act = acting_user(request).has_role(Role.MANAGER)
    context = {
        "page": page,
        "groups": [
            (name, label, capped(sum(counts[state] for state in states)))
            for name, (label, states) in GROUPS.items()
        ],
        "group": group,
        "stream": stream,
        "streams": OutgoingEmail.Stream.choices,
        "query": query,
        "hold": held,
        "sender": senders.shown(counts[State.QUEUED], is_held=bool(held)),
        "may_act": may_act,
        "to_retry": retryable(stream, query) if may_act and group == "failed" else 0,
    }
    return render_page(request, "mail/outbox.html", context, fragment="results")


def asked(told: QueryDict) -> tuple[str, str, str]:
    """The group of states, the stream and the beginning of an address that are asked for."""
    group, stream = told.get("state", ""), told.get("stream", "")
    return (
        group if group in GROUPS else "",
        stream if stream in OutgoingEmail.Stream.values else "",
        told.get("q", "").strip(),
    )


def retryable(stream: str, query: str) -> int:
    """How many messages one press sends again."""
    failed = OutgoingEmail.objects.worth_retrying().narrowed(stream=stream, address=query)
    return failed[: actions.MOST_RETRIED].count()


@access(write=Role.MANAGER)
@require_POST
def retry_failed(request: HttpRequest) -> HttpResponse:
    _group, stream, query = asked(request.POST)
    count = actions.retry_failed(stream=stream, address=query, by=acting_user(request))
    words = ngettext(
        "%(count)s message is in the queue again.",
        "%(count)s messages are in the queue again.",
        count,
    )
    messages.success(request, words % {"count": number(count)})
    return redirect("mail:outbox")


@access(read=Role.AGENT)
@require_safe
def address(request: HttpRequest, pk: int) -> HttpResponse:
    """All mail to the address of one message, with what became of each: nobody's name in the URL."""
    outgoing = get_object_or_404(OutgoingEmail.objects.for_list(), pk=pk)
    context = log.of(request, [outgoing.to_address]) | {"outgoing": outgoing}
    return render_page(request, "mail/address.html", context, fragment="log")


@access(read=Role.AGENT)
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    outgoing = get_object_or_404(OutgoingEmail.objects.with_files(), pk=pk)
    hide_subjects(acting_user(request), [outgoing])
    held = hold()
    may_act = acting_user(request).has_role(Role.MANAGER)
    context = {
        "outgoing": outgoing,
        "why": why(outgoing, held),
        "hold": held,
        "events": outgoing.events.order_by("-at", "-pk"),
        "may_read": may_read(acting_user(request), outgoing),
        "source": source(outgoing) if may_read(acting_user(request), outgoing) else "",
        "can_cancel": may_act and actions.can_cancel(outgoing),
        "can_retry": may_act and actions.can_retry(outgoing),
    }
    return render_page(request, "mail/message.html", context, fragment="message")


@access(read=Role.MANAGER)
@require_safe
@xframe_options_sameorigin
def html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML of a message, for the frame on its page; its links open in new tabs."""
    outgoing = get_object_or_404(OutgoingEmail, pk=pk)
    if not outgoing.html or not may_read(acting_user(request), outgoing):
        raise Http404
    response = HttpResponse(f'<base target="_blank">{building.with_pictures(outgoing)}')
    response["Content-Security-Policy"] = FRAME_POLICY
    response["Cache-Control"] = "no-store"
    return response


@access(write=Role.MANAGER)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    outgoing = get_object_or_404(OutgoingEmail, pk=pk)
    try:
        actions.cancel(outgoing=outgoing, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The message will not be sent."))
    return redirect("mail:message", pk)


@access(write=Role.MANAGER)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    outgoing = get_object_or_404(OutgoingEmail, pk=pk)
    accepted = "may_arrive_twice" in request.POST
    try:
        actions.retry(outgoing=outgoing, may_arrive_twice=accepted, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The message is in the queue again."))
    return redirect("mail:message", pk)


def capped(number: int) -> Count:
    return Count(CAP, is_capped=True) if number > CAP else Count(number)


def may_read(user: User, outgoing: OutgoingEmail) -> bool:
    """Whether this person may see what the message says."""
    is_account = outgoing.stream == OutgoingEmail.Stream.ACCOUNT
    return user.has_role(Role.OWNER if is_account else Role.MANAGER)


def source(outgoing: OutgoingEmail) -> str:
    """The message as it travels; before it has left, as it would now, without its Message-ID.

    What files hold is left out.
    """
    if not outgoing.from_address and (sender := building.current_sender()):
        outgoing.from_address, outgoing.from_name = sender.address, sender.name
    if not outgoing.from_address:
        return ""
    return building.build(outgoing, with_files=False).decode()
