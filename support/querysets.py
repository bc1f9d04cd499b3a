"""Which tickets: by state, by who may see them, by what is needed of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Q, QuerySet
from django.utils import timezone

from staff.access import Role

if TYPE_CHECKING:
    from staff.models import User
    from support.models import Queue, SavedView, Ticket

OPEN = ("new", "open", "waiting", "on_hold")


class QueueQuerySet(QuerySet["Queue"]):
    def active(self) -> Self:
        return self.filter(archived_at=None)

    def visible_to(self, user: User) -> Self:
        """All, but private ones only for their members and for managers."""
        if user.has_role(Role.MANAGER):
            return self
        theirs = self.model.members.through.objects.filter(user=user).values("queue")
        return self.filter(Q(is_private=False) | Q(pk__in=theirs))


class SavedViewQuerySet(QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        """One's own, and those for everybody."""
        return self.filter(Q(owner=None) | Q(owner=user))


class TicketQuerySet(QuerySet["Ticket"]):
    def visible_to(self, user: User) -> Self:
        """All, but those of private queues only for their members and for managers.

        Every read on behalf of a person begins here: a ticket's number proves nothing.
        """
        if user.has_role(Role.MANAGER):
            return self
        from support.models import Queue  # they import this module

        # A subquery, not a join: rows never double, and the result can be updated.
        return self.filter(queue__in=Queue.objects.visible_to(user).order_by().values("pk"))

    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def counted(self) -> Self:
        """Those that any figure may count: neither spam nor merged into another."""
        return self.exclude(state__in=["spam", "merged"])

    def awake(self, now: datetime | None = None) -> Self:
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now or timezone.now()))

    def late(self) -> Self:
        return self.open().filter(next_due_at__lt=timezone.now())

    def snoozed(self) -> Self:
        """Open, but out of sight for now."""
        return self.open().filter(snoozed_until__gt=timezone.now())

    def search(self, text: str) -> Self:
        """By "#12", 12, or the beginnings of words in subject, names and first message."""
        from support import search  # it imports the models, which import this module

        return self.filter(search.matching(text))

    def for_list(self) -> Self:
        """Exactly what a row of the list shows, but its tags."""
        related = self.select_related("customer", "contact", "assignee", "category")
        return related.only(
            *LISTED,
            "customer__name",
            "contact__name",
            "assignee__name",
            "assignee__email",
            "category__name",
        )


# The columns of a ticket that its row of a list shows or is sorted by.
LISTED = (
    "subject",
    "state",
    "priority",
    "channel",
    "opened_at",
    "snoozed_until",
    "last_activity_at",
    "next_due_at",
    "customer_id",
    "contact_id",
    "assignee_id",
    "category_id",
    "queue_id",
)
