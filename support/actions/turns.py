"""Whose turn it is: new tickets of a queue go to its people one after another."""

from __future__ import annotations

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from staff.access import Role
from staff.models import User
from support.models import Queue, Ticket


def next_in_turn(queue: Queue) -> User | None:
    """The member with the fewest open tickets; of several, who was last given one longest ago.

    Holds the queue's row until the transaction ends, so that two tickets that come at once don't
    go to the same. None without anybody who may answer.
    """
    Queue.objects.select_for_update().get(pk=queue.pk)
    return _in_turn(queue).first()


def _in_turn(queue: Queue) -> QuerySet[User]:
    open_ones = Ticket.objects.open().filter(assignee=OuterRef("pk")).order_by().values("assignee")
    last = Ticket.objects.filter(assignee=OuterRef("pk"), queue=queue).order_by("-pk")
    return (
        User.objects.filter(queues=queue, is_active=True, role__gte=Role.AGENT)
        .annotate(
            load=Coalesce(Subquery(open_ones.annotate(n=Count("pk")).values("n")), 0),
            last=Coalesce(Subquery(last.values("pk")[:1]), 0),
        )
        .order_by("load", "last", "pk")
    )
