"""What staff hear of by mail: mentions, tickets given to them, customers who wrote.

Each mail has its reader's own reply address. An answer to one about a customer's message goes to
the customer; an answer to a mention or an assignment stays a note. Nobody is told of a ticket that
they may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mail.actions import queue_emails
from mail.drafts import Draft
from mail.letterhead import frame
from mail.models import Mailbox, OutgoingEmail
from mail.parsing import marker_line, reply_text
from mail.showing import text_to_html
from staff.access import Role
from staff.formats import moment
from staff.mailing import in_words_of
from staff.models import Business, User
from support import reply_keys
from support.letters import A_WHILE, MOST_IN_A_WHILE
from support.models import Mention, Message, NoticeChoice, SlaTarget, Ticket, TicketEvent, Watcher
from support.reply_keys import Kind

# Of what nobody of ours did: so many notices to one person in A_WHILE, and of one ticket as many as
# letters.MOST_IN_A_WHILE. Two programs that answer each other, or a flood, fill nobody's mailbox.
MOST_NOTICES = 100
# What happened → what an answer to the mail becomes.
EFFECTS: dict[Kind, str | Promise] = {
    Kind.STAFF_REPLY: gettext_lazy(
        "If you answer this mail, the customer gets your answer. What you quote is left out."
    ),
    Kind.STAFF_NOTE: gettext_lazy(
        "If you answer this mail, your answer becomes a note. The customer does not see it."
    ),
}
MARKERS: dict[Kind, str | Promise] = {
    Kind.STAFF_REPLY: gettext_lazy("Above this line, write to the customer"),
    Kind.STAFF_NOTE: gettext_lazy("Above this line, write a note to your colleagues"),
}


@transaction.atomic
def tell_mentioned(message: Message) -> list[OutgoingEmail]:
    """Those who were named in a note; twice is once."""
    mentions = Mention.objects.filter(message=message).exclude(user=message.author_id)
    users = [mention.user for mention in mentions.select_related("user").order_by("pk")]
    by = str(message.author or "")
    return _tell(
        message.ticket,
        _who_want(users, message.ticket, "mentioned"),
        what=lambda: _("%(name)s mentioned you in a note.") % {"name": by},
        kind=Kind.STAFF_NOTE,
        once=f"support.message:{message.pk}:mentioned",
        text=message.text,
    )


def tell_of(ticket: Ticket, events: Sequence[TicketEvent]) -> list[OutgoingEmail]:
    """Whom these events concern: who was given the ticket, else who has or watches it."""
    told: list[OutgoingEmail] = []
    for event in events:
        if event.kind == TicketEvent.Kind.ASSIGNED:
            told += _tell_assigned(ticket, event)
    if any(event.kind == TicketEvent.Kind.OPENED for event in events):
        return told  # nobody watches it yet
    for event in events:
        if event.kind == TicketEvent.Kind.RECEIVED and event.message and not told:
            told += tell_of_customer(event.message)
    return told


def _tell_assigned(ticket: Ticket, event: TicketEvent) -> list[OutgoingEmail]:
    """Whoever was given a ticket by somebody else, or by turns."""
    user, by = ticket.assignee, event.by
    if user is None or user == by:
        return []
    users = _who_want([user], ticket, "assigned")
    return _tell(
        ticket,
        users if by else _not_flooded(users, ticket),
        what=lambda: (
            _("%(name)s gave you this ticket.") % {"name": by}
            if by
            else _("It is your turn to take this ticket.")
        ),
        kind=Kind.STAFF_NOTE,
        # The event has no key yet when a ticket opens; its version is one per change.
        once=f"support.ticket:{ticket.pk}:assigned:{event.version}",
    )


def tell_of_customer(message: Message) -> list[OutgoingEmail]:
    """The ticket's owner and its watchers, that the customer wrote; not of machines or mere thanks."""
    if message.kind != Message.Kind.RECEIVED or message.automatic or message.is_thanks:
        return []
    ticket = message.ticket
    owner = [ticket.assignee] if ticket.assignee else []
    watchers = Watcher.objects.filter(ticket=ticket).exclude(user=ticket.assignee_id)
    others = [watcher.user for watcher in watchers.select_related("user").order_by("pk")]
    if not owner and not others:
        return []
    users = [*_who_want(owner, ticket, "answered"), *_who_want(others, ticket, "watched")]
    new, _quoted = reply_text(message.text)
    return _tell(
        ticket,
        _not_flooded(users, ticket),
        what=lambda: _("The customer wrote."),
        kind=Kind.STAFF_REPLY,
        once=f"support.message:{message.pk}:told",
        text=new,
    )


@transaction.atomic
def tell_due_soon(target: SlaTarget) -> list[OutgoingEmail]:
    """Whoever has the ticket, or while nobody has it everybody of its queue, in time to do it."""
    ticket = target.ticket
    users = [ticket.assignee] if ticket.assignee else ticket.queue.members.order_by("pk")

    def due() -> str:
        when = moment(target.due_at)
        return _("Due %(when)s: %(what)s.") % {"when": when, "what": target.get_kind_display()}

    return _tell(
        ticket,
        _who_want(users, ticket, "due"),
        what=due,
        kind=Kind.STAFF_NOTE,
        once=f"support.target:{target.pk}:{target.minutes}:due",
    )


def _who_want(users: Iterable[User], ticket: Ticket, choice: str) -> list[User]:
    """Those who work here, may see the ticket, and want to hear of such things."""
    active = {user.pk: user for user in users if user.has_role(Role.READ_ONLY)}
    if not active:
        return []
    unwanted = NoticeChoice.objects.filter(user__in=active, **{choice: False})
    silent = set(unwanted.values_list("user", flat=True))
    return [
        user
        for user in active.values()
        if user.pk not in silent and Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists()
    ]


def _not_flooded(users: Sequence[User], ticket: Ticket) -> list[User]:
    """Those who did not have their share of such notices of late."""
    if not users:
        return []
    recent = (
        OutgoingEmail.objects.filter(
            to_address__in=[user.email for user in users],
            created_at__gt=timezone.now() - A_WHILE,
            about_model="support.ticket",
        )
        .order_by()
        .values("to_address")
        .annotate(all=Count("pk"), here=Count("pk", filter=Q(about_id=ticket.pk)))
    )
    full = {
        told["to_address"]
        for told in recent
        if told["all"] >= MOST_NOTICES or told["here"] >= MOST_IN_A_WHILE
    }
    return [user for user in users if user.email not in full]


def _tell(
    ticket: Ticket,
    users: Sequence[User],
    *,
    what: Callable[[], str],
    kind: Kind,
    once: str,
    text: str = "",
) -> list[OutgoingEmail]:
    """One mail to each, in their language."""
    if not users:
        return []
    business = Business.objects.get(pk=1)
    mailbox = reply_keys.mailbox_of(ticket)
    drafts = []
    for user in users:
        with in_words_of(user, business) as language:
            context = {**frame(business), **_words(ticket, what(), kind, text.strip())}
            context["language"] = language
            drafts.append(
                _draft(
                    ticket=ticket,
                    user=user,
                    kind=kind,
                    mailbox=mailbox,
                    once=once,
                    context=context,
                )
            )
    return queue_emails(drafts)


def _words(ticket: Ticket, happened: str, kind: Kind, text: str) -> dict[str, object]:
    """What support/mail/notice.* show, in the active language."""
    return {
        "subject": f"[#{ticket.pk}] {happened} {ticket.subject}",
        "marker": marker_line(str(MARKERS[kind])),
        "what": happened,
        "ticket": ticket,
        "number": f"#{ticket.pk}",
        "text": text,
        "words": text_to_html(text) if text else "",
        "effect": EFFECTS[kind],
        "link": settings.BASE_URL + reverse("support:ticket", args=[ticket.pk]),
    }


def _draft(
    *,
    ticket: Ticket,
    user: User,
    kind: Kind,
    mailbox: Mailbox | None,
    once: str,
    context: dict[str, object],
) -> Draft:
    key = reply_keys.key_for(kind, ticket_id=ticket.pk, holder_id=user.pk, address=user.email)
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return Draft(
        stream=OutgoingEmail.Stream.ACCOUNT,
        to_address=user.email,
        to_name=user.name,
        subject=str(context["subject"]),
        text=render_to_string("support/mail/notice.txt", context).strip() + "\n",
        html=render_to_string("support/mail/notice.html", context),
        language=str(context["language"]),
        reply_to=reply_keys.reply_address(mailbox, key),
        thread_key=str(key),
        # One conversation per ticket in the reader's mail program.
        headers={"References": f"<ticket.{ticket.pk}@{host}>"},
        about=("support.ticket", ticket.pk),
        once_key=f"{once}:{user.pk}",
    )
