"""Whose turn it is: new tickets of a queue go to its people one after another."""

from __future__ import annotations

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from staff.access import Role
from staff.models import User
from support.models import Queue, Ticket


class Rota:
    """Who gets the next tickets of a queue: one query, then none however many are handed out.

    The one with the fewest open tickets; of several, who was given one of this queue longest ago.
    Holds the queue's row until the transaction ends, so that two tickets that come at once don't
    go to the same.
    """

    def __init__(self, queue: Queue) -> None:
        Queue.objects.select_for_update().get(pk=queue.pk)
        self._waiting = [
            [user.load, user.last, user.pk, user]  # type: ignore[attr-defined]
            for user in _members(queue)
        ]
        self._given = max((last for _load, last, *_rest in self._waiting), default=0)

    def next(self) -> User | None:
        """None without anybody who may answer."""
        if not self._waiting:
            return None
        first = min(self._waiting, key=lambda entry: entry[:3])
        self._given += 1
        first[0], first[1] = first[0] + 1, self._given
        user: User = first[3]
        return user


def next_in_turn(queue: Queue) -> User | None:
    return Rota(queue).next()


def _members(queue: Queue) -> QuerySet[User]:
    open_ones = Ticket.objects.open().filter(assignee=OuterRef("pk")).order_by().values("assignee")
    last = Ticket.objects.filter(assignee=OuterRef("pk"), queue=queue).order_by("-pk")
    return User.objects.filter(queues=queue, is_active=True, role__gte=Role.AGENT).annotate(
        load=Coalesce(Subquery(open_ones.annotate(n=Count("pk")).values("n")), 0),
        last=Coalesce(Subquery(last.values("pk")[:1]), 0),
    )
