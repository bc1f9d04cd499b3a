"""The list of this room: who changed what."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from staff import audit, audit_words
from staff.access import Role
from staff.audit_words import ShownEntry
from staff.exports.lists import Column, ExportList, Look, column
from staff.exports.lists import register as offer
from staff.models import AuditEntry, User


def entries(query: QueryDict, _user: User | None) -> Any:
    from staff.forms import AuditFilterForm  # forms need models that are all there

    form, found = AuditFilterForm(query or None), AuditEntry.objects.all()
    return form.chosen(found) if form.is_valid() else found


def columns(_query: QueryDict, _user: User | None) -> list[Column]:
    return [
        column("at", _("When")),
        column("by", _("Who"), "by__name", "by__email", show=lambda by: by[0] or by[1]),
        column("action", _("What"), show=lambda action: capfirst(audit.description(action))),
        column("record", _("Of what"), "pk", look=_in_words(lambda shown: shown.target)),
        column("changes", _("From what to what"), "pk", look=_in_words(_changes)),
    ]


def _in_words(part: Callable[[ShownEntry], str]) -> Look:
    def look(keys: Collection[int], _user: User | None) -> dict[int, str]:
        found = audit_words.shown(AuditEntry.objects.filter(pk__in=keys))
        return {shown.entry.pk: part(shown) for shown in found}

    return look


def _changes(shown: ShownEntry) -> str:
    """A line for each field: "Name: Ada → Ada Lovelace"."""
    return "\n".join(
        f"{one.label}: {one.after or '—'}"
        if one.before is None
        else f"{one.label}: {one.before} → {one.after or '—'}"
        for one in shown.changes
    )


def register() -> None:
    """Called from StaffConfig.ready."""
    offer(
        ExportList(
            "audit",
            _("Changes"),
            entries,
            columns,
            key=lambda _query, _user: ("-at", "-pk"),
            role=Role.MANAGER,
        )
    )
