"""Which tickets: by state, by who may see them, by what is needed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Q, QuerySet
from django.utils import timezone

from staff.access import Role

if TYPE_CHECKING:
    from staff.models import User
    from support.models import Ticket

OPEN = ("new", "open", "waiting", "on_hold")


class TicketQuerySet(QuerySet["Ticket"]):
    def visible_to(self, user: User) -> Self:
        """All, but those of private queues only for their members and for managers.

        Every read on behalf of a person begins here: a ticket's number proves nothing.
        """
        if user.has_role(Role.MANAGER):
            return self
        # A subquery, not a join: rows never double, and the result can be updated.
        queues = self.model._meta.get_field("queue").related_model._default_manager
        theirs = queues.filter(Q(is_private=False) | Q(members=user))
        return self.filter(queue__in=theirs.values("pk"))

    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def counted(self) -> Self:
        """Those that any figure may count: neither spam nor merged into another."""
        return self.exclude(state__in=["spam", "merged"])

    def awake(self) -> Self:
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now()))

    def late(self) -> Self:
        return self.open().filter(next_due_at__lt=timezone.now())
