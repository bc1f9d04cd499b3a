"""Queries that depend on who asks, composed once for each kind of person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from staff.access import Role
from staff.models import User
from staff.prepared import Prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet

Row = TypeVar("Row")


def sees_all(user: User) -> bool:
    """Whether private queues are no secret to them; what `by_sight` tells people apart by."""
    return user.has_role(Role.MANAGER)


def by_sight(made: Callable[..., QuerySet[Any, Row]], *kinds: type) -> dict[bool, Prepared[Row]]:
    """`made(*values, user)` prepared for those who see every queue, and for those who don't."""

    def prepared(role: Role) -> Prepared[Row]:
        def of(*values: Any) -> QuerySet[Any, Row]:
            *others, user = values
            # Of whom nothing else is known while a query is composed.
            return made(*others, User(pk=user, role=role))

        return Prepared(of, *kinds, int)

    return {True: prepared(Role.MANAGER), False: prepared(Role.AGENT)}
