"""The import kind `interactions`: what passed elsewhere joins the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from crm.actions.interactions import bring_forward, summarised
from crm.among import Among
from crm.imports import facts
from crm.imports.facts import Applied
from crm.imports.kinds import Column, Entry, FactKind, Values
from crm.imports.parsing import Context, choice, instant, text
from crm.imports.session import Session
from crm.models import Interaction, InteractionBody
from crm.projections import rebuild_contact_dates
from staff.bulk import insert, save_rows
from staff.changes import record_created, record_updated
from staff.models import User

Kind = Interaction.Kind
LONGEST = 100_000


def interaction_fields(people: Mapping[str, int], values: Values, _context: Context) -> Values:
    fields: Values = {
        "kind": values["kind"],
        "direction": values.get("direction") or "",
        "channel": values.get("channel") or "",
        "occurred_at": values["occurred_at"],
        "summary": said(values)[0],
    }
    if by := values.get("by"):
        fields["by_id"] = people.get(by.casefold())
    return fields


def said(values: Values) -> tuple[str, str]:
    """Summary and what is behind it; a row that says nothing is told by its kind."""
    summary, behind = summarised(values.get("summary") or "", values.get("body") or "")
    return summary or str(Kind(values["kind"]).label), behind


@dataclass(frozen=True)
class InteractionKind(FactKind):
    """A FactKind whose rows have a long text beside them, and move the customers' last dates."""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        reading = replace(self, fields=partial(interaction_fields, _people(entries)))
        applied = facts.apply(reading, entries, session)
        bring_forward([row for _entry, row in applied.created])
        rebuild_contact_dates({row.customer_id for _entry, row in applied.updated})
        changed = _write_bodies(applied, session)
        # A row of which only the text changed was no unchanged one.
        others = len({row.pk for _entry, row in applied.unchanged} & changed)
        session.counts.unchanged -= others
        session.counts.updated += others


def _people(entries: Sequence[Entry]) -> dict[str, int]:
    found: dict[str, int] = {}
    if any(entry.values.get("by") for entry in entries):
        for pk, address, name in User.objects.order_by("-pk").values_list("pk", "email", "name"):
            found |= {name.casefold(): pk, address.casefold(): pk}
    return found


def _write_bodies(applied: Applied, session: Session) -> set[int]:
    """Keep the texts behind the summaries; the interactions whose text changed or came."""
    rows = [*applied.created, *applied.updated, *applied.unchanged]
    wanted = {row.pk: behind for entry, row in rows if (behind := said(entry.values)[1])}
    there = InteractionBody.objects.filter(Among("interaction_id", list(wanted)))
    before = dict(there.values_list("interaction_id", "text"))
    fresh = [
        InteractionBody(interaction_id=pk, text=behind)
        for pk, behind in wanted.items()
        if pk not in before
    ]
    insert(fresh)
    record_created(session.change_set, fresh)
    changed = [
        (pk, {"text": was}, {"text": wanted[pk]}) for pk, was in before.items() if was != wanted[pk]
    ]
    save_rows(InteractionBody, ["text"], [(pk, wanted[pk]) for pk, *_texts in changed])
    record_updated(session.change_set, InteractionBody, changed)
    return {body.pk for body in fresh} | {pk for pk, *_texts in changed}


INTERACTIONS = InteractionKind(
    name="interactions",
    model=Interaction,
    columns=(
        Column("external_id", text(190)),
        Column("customer", text(190), required=True),
        Column("kind", choice(Kind.values), required=True),
        Column("direction", choice(["in", "out"])),
        Column("channel", text(20)),
        Column("occurred_at", instant, required=True),
        Column("summary", text(LONGEST)),
        Column("body", text(LONGEST)),
        Column("by", text(254)),
    ),
    fields=partial(interaction_fields, {}),
    at=lambda values, _context: values["occurred_at"],
    natural_key=("customer", "kind", "occurred_at", "summary"),
)
