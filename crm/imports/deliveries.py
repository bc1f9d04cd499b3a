"""The import kind `delivery_events`: what another mailer heard of addresses.

Who unsubscribed there, complained or has no such address is not written to from here either. The
events are the post room's, which knows nothing of imports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from crm.among import Among
from crm.imports import facts, words
from crm.imports.kinds import Column, Entry, FactKind, Values
from crm.imports.parsing import Context, choice, email, instant, text
from crm.imports.session import Session
from mail.models import DeliveryEvent, Scope, Suppression
from staff.bulk import insert
from staff.changes import record_created

Type = DeliveryEvent.Type
TYPES = (
    *(Type.UNSUBSCRIBE, Type.HARD_BOUNCE, Type.SOFT_BOUNCE),
    *(Type.COMPLAINT, Type.INACTIVE, Type.DELIVERED),
)
# What says that an address is not to be written to, and of what kind of mail that holds.
SUPPRESSES = {
    # Whatever they left there, news or surveys: they are asked for neither here.
    Type.UNSUBSCRIBE: (Scope.ALL, Suppression.Reason.UNSUBSCRIBE),
    Type.HARD_BOUNCE: (Scope.ALL, Suppression.Reason.HARD_BOUNCE),
    Type.COMPLAINT: (Scope.ALL, Suppression.Reason.COMPLAINT),
}


def event_fields(values: Values, _context: Context) -> Values:
    return {"address": values["email"], "type": values["type"], "at": values["at"]}


@dataclass(frozen=True)
class DeliveryKind(FactKind):
    """A FactKind about addresses instead of customers."""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        applied = facts.apply(self, entries, session)
        suppress([row for _entry, row in applied.created], session)


def suppress(events: Sequence[DeliveryEvent], session: Session) -> None:
    """Write no more to those whose latest of these events says so."""
    wanted: dict[tuple[str, str], tuple[datetime, str]] = {}
    for event in sorted(events, key=lambda one: one.at):
        if found := SUPPRESSES.get(Type(event.type)):
            scope, reason = found
            wanted.setdefault((event.address, scope.value), (event.at, reason.value))
    if not wanted:
        return
    standing = set(
        Suppression.objects.active()
        .filter(Among("address", sorted({address for address, _scope in wanted})))
        .values_list("address", "scope")
    )
    fresh = [
        Suppression(address=address, scope=scope, reason=reason, at=at)
        for (address, scope), (at, reason) in wanted.items()
        if (address, scope) not in standing
    ]
    insert(fresh)
    record_created(session.change_set, fresh)


DELIVERIES = DeliveryKind(
    name="delivery_events",
    model=DeliveryEvent,
    columns=(
        Column("external_id", text(190)),
        Column("email", email, required=True),
        Column("type", choice([one.value for one in TYPES]), required=True),
        Column("at", instant, required=True),
    ),
    fields=event_fields,
    natural_key=("email", "type", "at"),
)
WORDS = words.KindWords(
    label=_("What became of mails"),
    teaches=_("A row per bounce, complaint or unsubscription that another mailer told of."),
    place=90,
    targets={"external_id": _("Row number"), "type": _("What happened")},
    example=(
        {
            "external_id": "D-1",
            "email": "eva@example.com",
            "type": "unsubscribe",
            "at": "2026-03-02",
        },
    ),
)
