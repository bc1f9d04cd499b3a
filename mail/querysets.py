"""Reads of the post room, and the claim on which sending once rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

if TYPE_CHECKING:
    from mail.models import OutgoingEmail, Suppression


class OutgoingEmailQuerySet(QuerySet["OutgoingEmail"]):
    pass


class SuppressionQuerySet(QuerySet["Suppression"]):
    pass
