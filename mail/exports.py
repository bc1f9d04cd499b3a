"""The outbox as a file: what was sent to whom, and what came of it; not what stood in it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from mail.models import OutgoingEmail
from mail.privacy import hide_subjects
from staff.exports import Column, ExportList, column, register
from staff.models import User


def messages(query: QueryDict, _user: User | None) -> Any:
    from mail.views.outbox import GROUPS, asked  # views need every model

    group, stream, address = asked(query)
    rows = OutgoingEmail.objects.narrowed(stream=stream, address=address)
    return rows.filter(state__in=GROUPS[group][1]) if group else rows


def columns(_query: QueryDict, _user: User | None) -> list[Column]:
    states = {value: capfirst(str(label)) for value, label in OutgoingEmail.State.choices}
    return [
        column("created_at", _("Written")),
        column("to_address", _("To")),
        column("subject", _("Subject"), "pk", look=subjects),
        column("state", _("State"), show=lambda state: states.get(state, state)),
        column("sent_at", _("Sent")),
        column("detail", _("Detail")),
    ]


def subjects(keys: Collection[int], user: User | None) -> dict[int, str]:
    """The subjects that this person may see."""
    found = list(OutgoingEmail.objects.for_list().filter(pk__in=keys))
    if user is not None:
        hide_subjects(user, found)
    return {message.pk: message.subject for message in found}


def register_all() -> None:
    """Called from MailConfig.ready."""
    register(
        ExportList(
            "outbox",
            _("outbox"),
            messages,
            columns,
            key=lambda _query, _user: ("-created_at", "-pk"),
        )
    )
