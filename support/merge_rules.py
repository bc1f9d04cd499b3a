"""How what this room knows of a customer is merged."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from crm.merging import Merge, moves, register
from support import search


def _index(_merge: Merge, ticket_ids: Sequence[int]) -> None:
    """They are found by the winner's name from now on."""
    search.index(ticket_ids)


def register_rules() -> None:
    """Called from SupportConfig.ready."""
    register([moves("support.ticket.customer", _("tickets"), finish=_index)])
