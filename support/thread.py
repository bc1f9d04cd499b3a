"""What was written in a ticket and what happened to it: oldest first, a page of messages, by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
)
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mail.parsing import AUTOMATIC, NOTES, reply_text
from mail.showing import text_to_html
from staff.access import Role, acting_user
from staff.downloads import signed_file_token
from staff.formats import clock, date_short, moment
from staff.pages import Page, paginate
from staff.prepared import Prepared
from staff.templatetags.vinculo import icon
from support import filing, happenings
from support.models import Attachment, Message, ReplyPromise, Ticket, TicketEvent

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from staff.models import User

SIZE = 50
NEWEST_FIRST = ("-created_at", "-pk")
MOST_EVENTS = 300
# A longer text is cut here, and read in full on a page of its own.
LONGEST_TEXT = 20_000
Kind = TicketEvent.Kind
# What was wrong with a mail, or odd about who sent it, by its code.
WARNINGS = NOTES | filing.NOTES
# The message itself stands there.
TOLD_BY_MESSAGES = (Kind.RECEIVED, Kind.REPLIED, Kind.NOTED, Kind.AUTOMATIC)


@dataclass(frozen=True)
class Day:
    """`entries` are texts ready to be shown, which a template finds fastest in a dict."""

    date: date
    entries: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Thread:
    days: Sequence[Day]
    # The newest message of all that are shown: what the poll compares with.
    newest: int
    # The reader's own reply that can still be taken back.
    leaving: Message | None
    earlier_url: str = ""
    later_url: str = ""
    shows_events: bool = True

    @property
    def leaves_in(self) -> int:
        """Seconds until it can't be taken back any more."""
        if self.leaving is None or self.leaving.leaves_at is None:
            return 0
        return max(0, int((self.leaving.leaves_at - timezone.now()).total_seconds()))


_FILES = Prefetch("attachments", Attachment.objects.select_related("file"), to_attr="files")


def shown_messages(ticket: Ticket | int) -> QuerySet[Message]:
    """What may be read of a ticket; the HTML, which may be large, stays behind."""
    promised = ReplyPromise.objects.filter(message=OuterRef("pk")).order_by("pk")
    return (
        Message.objects.filter(ticket=ticket, withdrawn_at=None)
        .select_related("author", "contact")
        .defer("html")
        .annotate(
            has_html=ExpressionWrapper(~Q(html=""), output_field=BooleanField()),
            promise_title=Subquery(promised.values("task__title")[:1]),
            promise_due_at=Subquery(promised.values("task__due_at")[:1]),
            promise_done_at=Subquery(promised.values("task__done_at")[:1]),
        )
        .prefetch_related(_FILES)
    )


_NEWEST = Prepared(lambda ticket: shown_messages(ticket).order_by(*NEWEST_FIRST)[: SIZE + 1], int)


def _newest(ticket: Ticket) -> list[Message]:
    """One more than a page of them, if there are so many, with their files."""
    found = _NEWEST.all(ticket.pk)
    # What _FILES would fetch, by a query composed once.
    files: dict[int, list[Attachment]] = defaultdict(list)
    if found:
        for file in _FILES_SINCE.all(ticket.pk, found[-1].created_at):
            files[file.message_id].append(file)
    for message in found:
        message.files = files[message.pk]  # type: ignore[attr-defined]
    return found


_FILES_SINCE = Prepared(
    lambda ticket, since: (
        Attachment.objects.filter(message__ticket=ticket, message__created_at__gte=since)
        .select_related("file")
        .order_by("pk")
    ),
    int,
    datetime,
)


def read(request: HttpRequest, ticket: Ticket) -> Thread:
    """The page that the address names, the last one if none: messages, their files, events."""
    # Composed only for a page that is not the last one; that one has its own.
    elsewhere = "after" in request.GET or "before" in request.GET
    rows = shown_messages(ticket) if elsewhere else Message.objects.none()
    page = paginate(rows, request, key=NEWEST_FIRST, size=SIZE, first=lambda: _newest(ticket))
    messages = list(reversed(page.rows))
    shows_events = request.GET.get("events") != "off"
    events = _events(ticket, page, messages) if shows_events else []
    laid_out = _lay_out(acting_user(request), ticket, messages, events)
    return replace(
        laid_out,
        # Of an earlier page, too: what comes later is not new.
        newest=newest_message(ticket) if page.previous_url else laid_out.newest,
        earlier_url=page.next_url,
        later_url=page.previous_url,
        shows_events=shows_events,
    )


def _lay_out(
    user: User, ticket: Ticket, messages: Sequence[Message], events: Sequence[TicketEvent]
) -> Thread:
    show = _Showing(user_id=user.pk, ticket=ticket, may_see_raw=user.has_role(Role.MANAGER))
    entries = sorted(
        [
            *((one.created_at, 0, one.pk, show.message(one)) for one in messages),
            *((one.at, _place(one), one.pk, show.event(one)) for one in events),
        ],
        key=lambda entry: entry[:3],
    )
    by_day = groupby(entries, key=lambda entry: timezone.localtime(entry[0]).date())
    return Thread(
        days=[Day(day, [entry[3] for entry in group]) for day, group in by_day],
        newest=max((one.pk for one in messages), default=0),
        leaving=next((one for one in reversed(messages) if can_still_leave(one, user.pk)), None),
    )


def _place(one: TicketEvent) -> int:
    """Before or after a message of the very same moment."""
    return -1 if one.kind == Kind.OPENED else 1


def can_still_leave(message: Message, user_id: int) -> bool:
    """Whether this is the person's own reply and its mails have not left yet."""
    waits = message.leaves_at is not None and message.leaves_at > timezone.now()
    return waits and message.author_id == user_id


def _events(ticket: Ticket, page: Page[Message], messages: list[Message]) -> list[TicketEvent]:
    """What happened between this page's messages: from its oldest to the next page's oldest."""
    if page.is_only:
        return _without_repetition(_EVENTS.all(ticket.pk))
    found = _told(ticket)
    if messages and page.next_url:
        found = found.filter(at__gte=messages[0].created_at)
    if messages and page.previous_url:
        last = messages[-1]
        later = shown_messages(ticket).filter(
            Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, pk__gt=last.pk)
        )
        times = later.order_by("created_at", "pk").values_list("created_at", flat=True)
        if until := times.first():
            found = found.filter(at__lt=until)
    return _without_repetition(_newest_events(found))


def _told(ticket: Ticket | int) -> QuerySet[TicketEvent]:
    return TicketEvent.objects.filter(ticket=ticket).exclude(kind__in=TOLD_BY_MESSAGES)


def _newest_events(found: QuerySet[TicketEvent]) -> QuerySet[TicketEvent]:
    return found.select_related("by").order_by("-at", "-pk")[:MOST_EVENTS]


_EVENTS = Prepared(lambda ticket: _newest_events(_told(ticket)), int)


def _without_repetition(newest_first: Iterable[TicketEvent]) -> list[TicketEvent]:
    """What is told twice within a moment is told once, as the last of it left it."""
    kept: list[TicketEvent] = []
    for one in newest_first:
        if kept and kept[-1].kind == one.kind == Kind.DUE_CHANGED:
            continue
        kept.append(one)
    return kept


@dataclass(frozen=True)
class _Showing:
    """Puts messages and events into words for one reader."""

    user_id: int
    ticket: Ticket
    may_see_raw: bool

    def message(self, one: Message) -> dict[str, Any]:
        has_html = bool(one.has_html)  # type: ignore[attr-defined]
        files: list[Attachment] = one.files  # type: ignore[attr-defined]
        args = [self.ticket.pk, one.pk]
        return {
            "is_message": True,
            "pk": str(one.pk),
            "kind": one.kind,
            "kind_label": capfirst(Message.Kind(one.kind).label),
            "who": _who(one, self.ticket),
            "address": one.from_address,
            "chips": _chips(one),
            "notes": [WARNINGS[code] for code in one.notes if code in WARNINGS],
            "text": readable(one.text[:LONGEST_TEXT]),
            "full_url": reverse("support:message", args=args)
            if len(one.text) > LONGEST_TEXT
            else "",
            "html_url": reverse("support:message-html", args=args) if has_html else "",
            "raw_url": reverse("support:message-raw", args=args)
            if self.may_see_raw and one.inbound_id
            else "",
            "files": [self._file(file) for file in files],
            "promise": _promise(one),
            "at": one.created_at.isoformat(),
            "clock": clock(one.created_at),
            "moment": moment(one.created_at),
        }

    def _file(self, file: Attachment) -> dict[str, str]:
        token = signed_file_token(self.user_id, file.pk)
        return {
            "name": file.name,
            "size": filesizeformat(file.file.size),
            "url": reverse("support:file", args=[token]),
        }

    def event(self, one: TicketEvent) -> dict[str, Any]:
        return {
            "is_message": False,
            "kind": one.kind,
            "icon": icon(happenings.ICONS.get(one.kind, "point")),
            "words": happenings.words(one),
            "detail": happenings.detail(one),
            "who": happenings.who(one),
            "at": one.at.isoformat(),
            "clock": clock(one.at),
            "moment": moment(one.at),
        }


def _who(one: Message, ticket: Ticket) -> str:
    if one.kind in {Message.Kind.REPLY, Message.Kind.NOTE}:
        # Without an author: the program, which opens a ticket again after a low answer.
        return str(one.author) if one.author else "Vínculo"
    if one.kind == Message.Kind.AUTOMATIC:
        return _("Sent by itself")
    written = one.contact.name if one.contact else ""
    return written or one.from_name or one.from_address or ticket.customer.name


def _chips(one: Message) -> list[str]:
    """Quiet marks beside a name."""
    if one.kind != Message.Kind.RECEIVED:
        return []
    found = []
    if one.from_address and not one.is_proven:
        found.append(pgettext("sender of a message", "not proven"))
    if one.automatic:
        found.append(str(AUTOMATIC.get(one.automatic, AUTOMATIC["auto-submitted"])))
    if one.is_thanks:
        found.append(_("thanks alone"))
    return found


def readable(text: str) -> tuple[SafeString, SafeString]:
    """(what was written, what it quotes from before): the quotation is folded, never left out."""
    fresh, quoted = reply_text(text)
    return text_to_html(fresh.strip()), text_to_html(quoted.strip("\n"))


def _promise(one: Message) -> dict[str, Any] | None:
    title, due = one.promise_title, one.promise_due_at  # type: ignore[attr-defined]
    if not title:
        return None
    done: datetime | None = one.promise_done_at  # type: ignore[attr-defined]
    return {
        "title": title,
        "until": date_short(due),
        "is_done": done is not None,
        "is_late": done is None and due < timezone.now(),
    }


# --- What is new --------------------------------------------------------------------------


def newest_message(ticket: Ticket) -> int:
    """The number of its newest message; 0 without any."""
    found = Message.objects.filter(ticket=ticket, withdrawn_at=None).order_by("-pk")
    return found.values_list("pk", flat=True).first() or 0


def written_since(user: User, ticket: Ticket, seen: int) -> Thread:
    """What was written after the message that somebody has seen, without the events: two queries."""
    new = shown_messages(ticket).filter(pk__gt=seen).order_by("created_at", "pk")
    messages = list(new[:SIZE])
    return _lay_out(user, ticket, messages, [])


def last_messages(ticket: Ticket, most: int = 3) -> list[Message]:
    """The newest few, the oldest of them first."""
    return list(reversed(shown_messages(ticket).order_by("-created_at", "-pk")[:most]))
