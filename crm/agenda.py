"""What somebody has to do: late, today, the week ahead, and some day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.models import Task
from staff.models import User
from staff.prepared import Prepared

# More would be no list to work from.
MOST = 200
# Of one section, unless the whole of it is asked for.
SHOWN = 25
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Section:
    name: str
    title: str | Promise
    tasks: Sequence[Task]
    is_whole: bool = False

    @property
    def shown(self) -> Sequence[Task]:
        return self.tasks if self.is_whole else self.tasks[:SHOWN]

    @property
    def is_cut(self) -> bool:
        return len(self.shown) < len(self.tasks)


@dataclass(frozen=True)
class Agenda:
    sections: Sequence[Section]
    later: int
    late: int
    due_today: int


def read(user: User, *, whole: str = "") -> Agenda:
    """One query: their open tasks, the most pressing first, those without a day last; of the section
    named `whole` all are shown."""
    tasks = OPEN.all(user.pk)
    now = timezone.now()
    tomorrow = _midnight(now, days=1)
    week = _midnight(now, days=1 + AHEAD.days)
    late = [task for task in tasks if task.due_at and task.due_at < now]
    today = [task for task in tasks if task.due_at and now <= task.due_at < tomorrow]
    ahead = [task for task in tasks if task.due_at and tomorrow <= task.due_at < week]
    some_day = [task for task in tasks if task.due_at is None]
    sections = [
        Section(name, title, found, is_whole=name == whole)
        for name, title, found in (
            ("late", _("Late"), late),
            ("today", _("Today"), today),
            ("ahead", _("The next seven days"), ahead),
            ("some-day", _("Some day"), some_day),
        )
        if found
    ]
    later = sum(1 for task in tasks if task.due_at and task.due_at >= week)
    return Agenda(sections, later, len(late), len(today))


def _open(user: int) -> QuerySet[Task]:
    """No more of each than its line shows."""
    line = ("title", "customer__name", "owner_id", "due_at", "is_promise", "done_at")
    own = Task.objects.open().filter(owner=user).select_related("customer")
    return own.only(*line).order_by("due_at", "pk")[:MOST]


OPEN = Prepared(_open, int)


def _midnight(now: datetime, *, days: int) -> datetime:
    local = timezone.localtime(now) + timedelta(days=days)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
