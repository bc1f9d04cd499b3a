"""How many tickets wait in each view of the desk and in each queue."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.utils import timezone

from staff.models import User
from staff.pages import Count, capped_counts
from support.filters import COUNTED, VIEWS
from support.models import Queue, Ticket
from support.querysets import OPEN, TicketQuerySet

CAP = 10_000
# So many open tickets are walked through at most; of more, what has not come to CAP is counted alone.
MOST = 5 * CAP

# What each of COUNTED asks of an open ticket, in the words of both databases: VIEWS says it to the
# rest. All that is open is awake or snoozed, so that one of them needs no asking.
AWAKE = "(snoozed_until IS NULL OR snoozed_until <= %(now)s)"
CONDITIONS = {
    "mine": f"assignee_id = %(user)s AND {AWAKE}",
    "unassigned": f"assignee_id IS NULL AND {AWAKE}",
    "late": f"next_due_at < %(now)s AND {AWAKE}",
    "waiting": f"state = 'waiting' AND {AWAKE}",
    "snoozed": "snoozed_until > %(now)s",
}
COUNTS = ", ".join(f"COUNT(*) FILTER (WHERE {asked})" for asked in CONDITIONS.values())
# One walk along the index support_open_queue, which has all of this. The states are spelled out, so
# that SQLite, too, sees that it may use it.
WALK = f"""
SELECT queue_id, COUNT(*), {COUNTS}
FROM (
    SELECT queue_id, assignee_id, state, next_due_at, snoozed_until
    FROM {Ticket._meta.db_table}
    WHERE state IN ({", ".join(f"'{state}'" for state in OPEN)})
    ORDER BY queue_id
    LIMIT %(most)s
) AS waiting
GROUP BY queue_id
"""  # noqa: S608


def of_queue(queue: Queue) -> str:
    """What the count of a queue goes by."""
    return f"queue {queue.pk}"


def tally(user: User, queues: Collection[Queue]) -> dict[str, Count]:
    """The number of each view in COUNTED and `of_queue` each of `queues`, which are all that the
    person may see: exact up to CAP. One query, two if more than MOST are open.
    """
    numbers = dict.fromkeys([*COUNTED, *map(of_queue, queues)], 0)
    names = {queue.pk: of_queue(queue) for queue in queues}
    walked = 0
    for queue, length, *counted in _walk(user):
        walked += length
        if queue not in names:
            continue
        found = dict(zip(CONDITIONS, counted, strict=True))
        found["open"] = numbers[names[queue]] = length - found["snoozed"]
        for name, number in found.items():
            numbers[name] += number
    counts = {
        name: Count(min(number, CAP), is_capped=number > CAP) for name, number in numbers.items()
    }
    if walked < MOST:
        return counts
    unsure = {name: one for name, one in _each(user, queues).items() if not counts[name].is_capped}
    return counts | capped_counts(unsure, CAP)


def _walk(user: User) -> list[tuple[int, ...]]:
    """(queue, how many are open in it, how many of those belong to each of CONDITIONS)."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(WALK, {"now": now, "user": user.pk, "most": MOST})
        found: list[tuple[int, ...]] = cursor.fetchall()
    return found


def _each(user: User, queues: Collection[Queue]) -> dict[str, TicketQuerySet]:
    tickets = Ticket.objects.visible_to(user)
    is_open = VIEWS["open"][1](tickets, user)
    views = {name: VIEWS[name][1](tickets, user) for name in COUNTED}
    return views | {of_queue(queue): is_open.filter(queue=queue) for queue in queues}
