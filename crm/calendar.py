"""A person's tasks, promises and ending contracts as a calendar (RFC 5545), at a secret address.

Events and not to-dos: that is what the calendars of telephones show. What holds until the end of a
day is an event of that whole day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.tasks import END_OF_DAY
from crm.models import CalendarFeed, Contract, Task
from crm.today import CONTRACTS_AHEAD, ending
from staff.models import Business, User
from staff.tokens import hashed

if TYPE_CHECKING:
    from icalendar import Event

# A calendar that is asked for every few minutes by several devices stays small.
MOST = 500
LENGTH = timedelta(minutes=30)


def url_of(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('crm:calendar-feed', args=[token])}"


def feed_of(token: str) -> CalendarFeed | None:
    """Whose calendar this is, while they work here."""
    feeds = CalendarFeed.objects.select_related("user").filter(user__is_active=True)
    return feeds.filter(token_hash=hashed(token)).first()


def note_reading(feed: CalendarFeed) -> None:
    """So that its owner sees whether their calendar asks; to the hour, or each reading would write."""
    now = timezone.now()
    stale = Q(read_at=None) | Q(read_at__lt=now - timedelta(hours=1))
    CalendarFeed.objects.filter(stale, pk=feed.pk).update(read_at=now)


def calendar_of(user: User, business: Business) -> bytes:
    """Their open tasks that have a day, and contracts of their customers that end soon.

    In the active language and time zone.
    """
    from icalendar import Calendar  # late: megabytes that each process would hold

    calendar = Calendar()
    calendar.add("prodid", "-//Vinculo//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{business.name} · {user}")
    calendar.add("x-wr-timezone", business.time_zone)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    tasks = Task.objects.open().of(user).filter(due_at__isnull=False).for_list()
    for task in tasks[:MOST]:
        calendar.add_component(_task_event(task))
    for contract in _contracts(user):
        calendar.add_component(_contract_event(contract))
    return bytes(calendar.to_ical())


def _contracts(user: User) -> list[Contract]:
    today = timezone.localdate()
    soon = ending(user).filter(ends_on__gte=today, ends_on__lte=today + CONTRACTS_AHEAD)
    return list(soon[:MOST])


def _task_event(task: Task) -> Event:
    title = task.title
    if task.customer:
        title = f"{title} · {task.customer.name}"
    if task.is_promise:
        title = _("Promised: %(title)s") % {"title": title}
    due = timezone.localtime(task.due_at)
    page = _customer_page(task.customer_id) if task.customer_id else reverse("crm:today")
    event = _event(f"task-{task.pk}", title, task.created_at, page)
    if due.time() >= END_OF_DAY:
        _all_day(event, due.date())
    else:
        event.add("dtstart", due - LENGTH)
        event.add("dtend", due)
    return event


def _contract_event(contract: Contract) -> Event:
    title = _("Contract ends: %(name)s") % {"name": contract.customer.name}
    page = _customer_page(contract.customer_id)
    event = _event(f"contract-{contract.pk}", title, contract.created_at, page)
    if contract.ends_on:
        _all_day(event, contract.ends_on)
    return event


def _customer_page(customer_id: int) -> str:
    return reverse("crm:customer", args=[customer_id])


def _event(key: str, title: str, made_at: datetime, page: str) -> Event:
    from icalendar import Event

    event = Event()
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    event.add("uid", f"{key}@{host}")
    event.add("dtstamp", made_at)
    event.add("summary", title)
    event.add("url", settings.BASE_URL + page)
    return event


def _all_day(event: Event, day: date) -> None:
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")  # it blocks no appointment
