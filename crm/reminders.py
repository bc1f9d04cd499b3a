"""What people are reminded of by e-mail: their day, in the morning, and promises about to be due.

The morning mail comes only when the day brings something: nobody is told every day what was late
already yesterday. Both are found by a sweep (crm.tasks), so a lost message forgets nothing, and
each is marked in the transaction that queues it, so two sweeps send one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.actions.tasks import END_OF_DAY
from crm.models import Contract, MorningMail, Task
from crm.today import ending
from mail.actions import queue_email
from mail.drafts import Draft
from mail.letterhead import frame
from mail.models import OutgoingEmail
from staff.access import Role
from staff.formats import clock, date_long
from staff.mailing import in_words_of
from staff.models import Business, User

# A mail of the morning that comes in the evening helps nobody.
LATEST_HOUR = 18
# So many days before a contract ends: time to talk, and the last moment.
CONTRACT_DAYS = (30, 7)
# A promise that is due at an hour of the day is told of so long before.
AHEAD = timedelta(hours=2)
# More than anybody reads in a mail; the page has all of it.
MOST = 20


@dataclass(frozen=True)
class Morning:
    """What a day brings one person."""

    due: Sequence[Task]
    late: Sequence[Task]
    contracts: Sequence[Contract]
    # Whether there is anything that yesterday's mail did not say.
    is_news: bool


def morning_of(user: User, now: datetime) -> Morning:
    """Two queries; `now` counts in the business's time zone, which is the active one."""
    local = timezone.localtime(now)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow, yesterday = midnight + timedelta(days=1), midnight - timedelta(days=1)
    tasks = list(Task.objects.open().of(user).filter(due_at__lt=tomorrow).for_list()[:200])
    due = [task for task in tasks if task.due_at and task.due_at >= now]
    late = [task for task in tasks if task.due_at and task.due_at < now]
    days = [local.date() + timedelta(days=ahead) for ahead in CONTRACT_DAYS]
    contracts = list(ending(user).filter(ends_on__in=days)[:MOST])
    newly_late = any(task.due_at and task.due_at >= yesterday for task in late)
    return Morning(due, late, contracts, bool(due or contracts or newly_late))


def send_morning_mails(now: datetime) -> int:
    """Queue the mail of everybody whose hour has come and whose day brings something; how many."""
    business = Business.current()
    if business is None:
        return 0
    with timezone.override(business.zone):
        local = timezone.localtime(now)
        if local.hour >= LATEST_HOUR:
            return 0
        _give_everybody_a_row()
        waiting = MorningMail.objects.filter(
            Q(sent_on=None) | Q(sent_on__lt=local.date()),
            is_on=True,
            hour__lte=local.hour,
            user__is_active=True,
            user__role__gte=Role.AGENT,
        ).select_related("user")
        return sum(_send_morning(row, business, now) for row in waiting)


def _give_everybody_a_row() -> None:
    without = User.objects.filter(is_active=True, role__gte=Role.AGENT, morning_mail=None)
    MorningMail.objects.bulk_create(
        [MorningMail(user=user) for user in without], ignore_conflicts=True
    )


@transaction.atomic
def _send_morning(row: MorningMail, business: Business, now: datetime) -> bool:
    today = timezone.localtime(now).date()
    again = Q(sent_on=None) | Q(sent_on__lt=today)
    if not MorningMail.objects.filter(again, pk=row.pk).update(sent_on=today):
        return False
    morning = morning_of(row.user, now)
    if not morning.is_news:
        return False
    user = row.user
    with in_words_of(user, business):
        subject = _("Your day, %(day)s") % {"day": date_long(today)}
        context = {
            "due": morning.due[:MOST],
            "late": morning.late[:MOST],
            "contracts": morning.contracts,
        }
        draft = _draft(user, business, subject, context, once=f"crm.morning:{user.pk}:{today}")
    queue_email(draft)
    return True


def remind_of_promises(now: datetime) -> int:
    """Queue a mail for each promise that is due within AHEAD at an hour of the day; how many.

    Those that hold until the end of a day are in the morning's mail.
    """
    business = Business.current()
    if business is None:
        return 0
    soon = Task.objects.open().promised().select_related("customer", "owner")
    soon = soon.filter(
        due_at__gt=now,
        due_at__lte=now + AHEAD,
        reminded_at=None,
        owner__is_active=True,
        created_at__lt=now - AHEAD,
    ).exclude(owner__morning_mail__is_on=False)
    with timezone.override(business.zone):
        return sum(_remind(task, business, now) for task in soon.order_by("due_at")[:500])


@transaction.atomic
def _remind(task: Task, business: Business, now: datetime) -> bool:
    unreminded = Task.objects.filter(pk=task.pk, reminded_at=None, due_at=task.due_at, done_at=None)
    if not unreminded.update(reminded_at=now) or task.owner is None or task.due_at is None:
        return False
    if timezone.localtime(task.due_at).time() >= END_OF_DAY:
        return False
    with in_words_of(task.owner, business):
        subject = _("Promised until %(time)s: %(title)s") % {
            "time": clock(task.due_at),
            "title": task.title,
        }
        once = f"crm.task:{task.pk}:{task.due_at.isoformat()}"
        draft = _draft(task.owner, business, subject, {"due": [task]}, once=once)
    queue_email(draft)
    return True


def _draft(
    user: User, business: Business, subject: str, words: Mapping[str, object], *, once: str
) -> Draft:
    """In the active language."""
    language = translation.get_language() or business.language
    context = {
        **frame(business),
        **words,
        "base_url": settings.BASE_URL,
        "language": language,
        "subject": subject,
        "today_url": settings.BASE_URL + reverse("crm:today"),
        "choice_url": settings.BASE_URL + reverse("crm:calendar"),
    }
    return Draft(
        stream=OutgoingEmail.Stream.ACCOUNT,
        to_address=user.email,
        to_name=user.name,
        subject=subject,
        text=render_to_string("crm/mail/reminder.txt", context).strip() + "\n",
        html=render_to_string("crm/mail/reminder.html", context),
        language=language,
        is_automatic=True,
        once_key=once,
    )
