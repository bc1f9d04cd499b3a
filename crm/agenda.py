"""What somebody has to do: late, today, the week ahead, and some day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.models import Task
from staff.models import User

# More would be no list to work from.
MOST = 200
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Section:
    name: str
    title: str | Promise
    tasks: Sequence[Task]


@dataclass(frozen=True)
class Agenda:
    sections: Sequence[Section]
    later: int
    late: int
    due_today: int


def read(user: User) -> Agenda:
    """One query: their open tasks, the most pressing first, those without a day last."""
    tasks = list(Task.objects.open().of(user).for_list()[:MOST])
    now = timezone.now()
    tomorrow = _midnight(now, days=1)
    week = _midnight(now, days=1 + AHEAD.days)
    late = [task for task in tasks if task.due_at and task.due_at < now]
    today = [task for task in tasks if task.due_at and now <= task.due_at < tomorrow]
    ahead = [task for task in tasks if task.due_at and tomorrow <= task.due_at < week]
    some_day = [task for task in tasks if task.due_at is None]
    sections = [
        Section("late", _("Late"), late),
        Section("today", _("Today"), today),
        Section("ahead", _("The next seven days"), ahead),
        Section("some-day", _("Some day"), some_day),
    ]
    later = sum(1 for task in tasks if task.due_at and task.due_at >= week)
    return Agenda([one for one in sections if one.tasks], later, len(late), len(today))


def _midnight(now: datetime, *, days: int) -> datetime:
    local = timezone.localtime(now) + timedelta(days=days)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
