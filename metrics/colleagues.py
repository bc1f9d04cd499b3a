"""Who may see whose figures: how a colleague does is between them and who leads them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm import segments
from crm.models import Segment
from staff.access import Role
from staff.models import User
from staff.refusals import Refusal


class NotTheirs(Refusal):
    message = _("Only managers see the figures of a colleague’s customers.")


def can_compare(reader: User) -> bool:
    """Whether they may hold colleagues against each other."""
    return reader.has_role(Role.MANAGER)


def can_see_of(reader: User, owner: object) -> bool:
    """Whether they may see what is a person's; what is nobody's ("none" in addresses), anybody may."""
    return not isinstance(owner, User) or owner == reader or can_compare(reader)


def can_see_segment(reader: User, segment: Segment) -> bool:
    """A saved segment may be of the customers whom one person looks after."""
    return can_compare(reader) or can_see_of(reader, owner_of(segment))


def owner_of(segment: Segment) -> object:
    return (
        segments.question(segment.query).chosen.get("owner") if "owner" in segment.query else None
    )
