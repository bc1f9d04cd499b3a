"""What taking a change set back means for tickets: their events, and what follows from these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from crm import merging as customers_merging
from crm.models import Interaction
from staff.changes import Reverted, current_revert, derived_columns, derived_model, on_revert
from staff.models import ChangeSet, User
from support import projection, search, targets
from support.actions import merging, selections
from support.events import Kind, changing
from support.models import Ticket, TicketEvent
from support.telling import retell

State = Ticket.State


def tickets_are_back(rows: Sequence[Reverted]) -> None:
    """Of a merge that was taken back the history tells. A stroke on a list was a slip: it leaves
    no event, only the audit trail."""
    current = current_revert()
    if current is None:
        return
    back = [(row.was, row.now) for row in rows if row.now is not None]
    if current.change_set.kind == merging.KIND:
        for was, now in back:
            if isinstance(was, Ticket) and isinstance(now, Ticket) and was.state == State.MERGED:
                _tell_unmerged(was, now, current.by)
    elif current.change_set.kind == selections.KIND:
        _forget(current.change_set, [row.id for row in rows])
    elif current.change_set.kind == customers_merging.KIND:
        # Nothing happened to them: they are with the customer again with whom they were.
        search.index([row.id for row in rows])
    else:
        ids = [now.pk for _was, now in back]
        projection.rebuild(ids)
        search.index(ids)


def _tell_unmerged(was: Ticket, now: Ticket, by: User | None) -> None:
    with changing(now, by=by) as change:
        change.note(Kind.UNMERGED, before=was.state, after=now.state)
    told = [change.ticket]
    if was.merged_into is not None:
        with changing(was.merged_into, by=by, at=change.at) as other:
            other.note(Kind.LINKED, before=f"#{now.pk}")
        told.append(other.ticket)
    retell(told)


def _forget(change_set: ChangeSet, ids: Collection[int]) -> None:
    """The events and the solutions that this stroke told of, in these tickets."""
    at = datetime.fromisoformat(change_set.facts["at"])
    own = TicketEvent.objects.filter(ticket__in=ids, at=at, kind__in=selections.TOLD)
    own.delete()
    Interaction.objects.filter(
        about_model=Ticket._meta.label_lower, about_id__in=list(ids), occurred_at=at
    ).delete()
    _in_line(ids)
    retell(Ticket.objects.filter(pk__in=ids).select_related("queue"))


def tags_are_back(rows: Sequence[Reverted]) -> None:
    current = current_revert()
    if current is not None and current.change_set.kind == selections.KIND:
        at = datetime.fromisoformat(current.change_set.facts["at"])
        ids = _tickets_of(rows)
        TicketEvent.objects.filter(ticket__in=ids, at=at, kind=Kind.TAGS).delete()
        Ticket.objects.filter(pk__in=ids).update(version=F("version") + 1)


def events_are_back(rows: Sequence[Reverted]) -> None:
    """What was said is told where it was told before, or an import's event is gone."""
    _in_line(_tickets_of(rows))


def _in_line(ids: Iterable[int]) -> None:
    """Everything that follows from the events of these tickets, and one more version."""
    found = Ticket.objects.filter(pk__in=list(ids))
    found.update(version=F("version") + 1)
    projection.rebuild(found.values_list("pk", flat=True))
    targets.refresh(list(found.order_by("pk")), at=timezone.now(), tells=False)


def words_are_back(rows: Sequence[Reverted]) -> None:
    search.index(_tickets_of(rows))


def _tickets_of(rows: Sequence[Reverted]) -> set[int]:
    sides = [side for row in rows for side in (row.was, row.now) if side is not None]
    return {side.ticket_id for side in sides}  # type: ignore[attr-defined]


def register() -> None:
    """Called from SupportConfig.ready."""
    on_revert("support.ticket", tickets_are_back)
    on_revert("support.ticket_tags", tags_are_back)
    on_revert("support.ticketevent", events_are_back)
    on_revert("support.participant", words_are_back)
    on_revert("support.message", words_are_back)
    derived_columns("support.ticket", "version", "next_due_at", *projection.COLUMNS)
    for label in ("openspan", "slatarget", "ticketsearch", "ticketpresence"):
        derived_model(f"support.{label}")
