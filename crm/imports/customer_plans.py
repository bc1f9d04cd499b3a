"""What a batch of customers' rows comes to, decided without writing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.folding import fold
from crm.imports.customer_found import EMAIL, PHONE, PLAIN, Found
from crm.imports.kinds import Entry, Values
from crm.imports.parsing import says_otherwise
from crm.imports.session import Session
from crm.models import ContactPoint, Customer
from staff.models import User

KINDS_OF_POINTS = tuple(ContactPoint.Kind.values)


@dataclass(slots=True)
class Match:
    """A row, the customer that it speaks of, and the contact through whom one reaches them."""

    entry: Entry
    # The columns of a customer who is there already; None: a new one.
    was: Values | None
    pk: int = 0
    # What becomes otherwise; of a new one, all that is given.
    changes: Values = field(default_factory=dict)
    # 0: none yet.
    contact: int = 0
    # Whether the contact served nobody and is taken over.
    adopts: bool = False
    # New points: (kind, value); points that are written over: (id, before, after).
    made: list[tuple[str, str]] = field(default_factory=list)
    moved: list[tuple[int, str, str]] = field(default_factory=list)
    # Points that were given up once and are good again: (id, since when not).
    revived: list[tuple[int, datetime]] = field(default_factory=list)
    # The tags that the customer shall have, folded → as written; None: the row does not say.
    tags: Mapping[str, str] | None = None
    begins_tenure: bool = False
    changed: bool = False

    @property
    def is_new(self) -> bool:
        return self.was is None

    def now(self, column: str) -> Any:
        """A column's value once the row is in; of a new customer, blank when not given."""
        if column in self.changes:
            return self.changes[column]
        return self.was[column] if self.was else ""


@dataclass
class Plan:
    """The rows that are taken, in their order."""

    matches: list[Match]
    # Rows of tags that the customers have: customer → tag id → (row id, folded, name).
    tagged: dict[int, dict[int, tuple[int, str, str]]]
    # Customers who had one contact, no more → the contact's name.
    only_contact: dict[int, str]
    # (contact, kind) → the points that are good, with the values that they are to have.
    points: Mapping[tuple[int, str], list[tuple[int, str]]]

    def tags_of(self, customer: int) -> list[str]:
        """As the customer had them, oldest first."""
        return [name for _row, _folded, name in sorted(self.tagged.get(customer, {}).values())]

    def points_of(self, contact: int) -> list[tuple[str, str]]:
        """(kind, value), oldest first."""
        found = [
            (pk, kind, value)
            for kind in KINDS_OF_POINTS
            for pk, value in self.points.get((contact, kind), ())
        ]
        return [(kind, value) for _pk, kind, value in sorted(found)]


class Planner:
    """Decides row by row, by all that was looked up for the batch."""

    def __init__(self, entries: Sequence[Entry], session: Session) -> None:
        self.session = session
        self.entries = [entry for entry in entries if not entry.refusal and self._has_keys(entry)]
        self.own_targets = [name for name in session.mapped if name.startswith("custom.")]
        self.found = Found(
            [entry.values for entry in self.entries], session.source, has_own=bool(self.own_targets)
        )

    def plan(self) -> Plan:
        matches = []
        for entry in self.entries:
            match = self._match(entry)
            if match is None or not self._set_values(match):
                continue
            self._set_points(match)
            self._set_tags(match)
            self._tell(match)
            matches.append(match)
        return Plan(matches, self.found.tagged, self.found.only_contact, self.found.points)

    def _has_keys(self, entry: Entry) -> bool:
        values = entry.values
        key, address = values.get("external_id"), values.get("email")
        if not (key or address or values.get("name")):
            entry.refuse(_("A customer needs a name, an e-mail or an external_id."))
            return False
        first_time = self.session.first_time
        if key and not first_time(f"external_id {key}", entry):
            return False
        return not address or first_time(f"email {address}", entry)

    # --- Deciding -----------------------------------------------------------------------------

    def _match(self, entry: Entry) -> Match | None:
        """The customer of this row; None when it is refused or left as it is."""
        key, address = entry.values.get("external_id") or "", entry.values.get("email")
        if key in self.found.merged:
            self._leave_merged(entry)
            return None
        holder = self.found.holder.get(address) if address else None
        if holder and address and address in self.session.given_up:
            holder = None  # an earlier row gave its contact another one
        served = (
            [self.found.by_pk[pk] for pk in self.found.serves.get(holder, ())] if holder else []
        )
        customer = self.found.by_key.get(key)
        if customer is None and served and served[0]["external_id"] in {"", key}:
            customer = served[0]
        if served and (customer is None or customer not in served):
            self._refuse_address(entry, served[0]["name"])
            return None
        match = Match(entry, customer)
        if customer:
            # Found by two ways, it would be written twice.
            said = customer["name"]
            if not self.session.first_row_of(customer["pk"], entry, said):
                return None
            match.pk = customer["pk"]
            match.contact = self.found.contact_of.get(match.pk, 0)
        if holder and not served:
            if match.contact not in {0, holder}:
                self._refuse_address(entry, _("a contact of nobody's"))
                return None
            match.contact, match.adopts = holder, True
        return match

    def _leave_merged(self, entry: Entry) -> None:
        """What was chosen when two were merged is not undone by the row of the one who is gone."""
        self.session.counts.unchanged += 1
        self.session.warnings.append(
            _("Line %(line)s: this customer became part of another one; left as it is.")
            % {"line": entry.line}
        )

    def _refuse_address(self, entry: Entry, name: str) -> None:
        entry.refuse(
            _("The e-mail %(email)s belongs to %(name)s already.")
            % {"email": entry.values["email"], "name": name}
        )

    def _set_values(self, match: Match) -> bool:
        """Find out what becomes otherwise; whether the row may be taken."""
        values, was = match.entry.values, match.was
        wanted: Values = {name: value for name in PLAIN if (value := values.get(name)) is not None}
        key = values.get("external_id")
        if key and not (was and (was["external_id"] or key == f"#{was['pk']}")):
            wanted["external_source"], wanted["external_id"] = self.session.source, key
        if owner := values.get("owner"):
            if owner not in self.found.owners:
                match.entry.refuse(
                    _("owner: nobody called “%(owner)s” works here.") % {"owner": owner}
                )
                return False
            wanted["owner_id"] = self.found.owners[owner]
        own = {
            name.removeprefix("custom."): value
            for name in self.own_targets
            if (value := values.get(name)) is not None
        }
        if own:
            wanted["custom"] = {**(was["custom"] if was else {}), **own}
        if not self._set_stage(match):
            return False
        if was is None:
            wanted.setdefault("name", values.get("email") or values.get("external_id"))
            # Who is a customer since then was known by then.
            wanted.setdefault("created_at", values.get("customer_since") or timezone.now())
            match.changes = wanted
        else:
            context = self.session.context
            match.changes = {
                name: new
                for name, new in wanted.items()
                if was[name] != new and says_otherwise(new, was[name], context)
            }
        folded = fold(match.now("name"))[:200]
        if was is None or was["name_folded"] != folded:
            match.changes["name_folded"] = folded
        match.changed = match.changed or bool(match.changes)
        return True

    def _set_stage(self, match: Match) -> bool:
        stage, was = match.entry.values.get("stage"), match.was
        before = was["stage"] if was else Customer.Stage.LEAD
        if stage == Customer.Stage.LOST and before != Customer.Stage.LOST:
            match.entry.refuse(
                _(
                    "stage: “lost” follows from dates. Import orders, contracts or tenures for "
                    "them, or leave the stage blank."
                )
            )
            return False
        became = stage == Customer.Stage.CUSTOMER and before != Customer.Stage.CUSTOMER
        # A lead with a date is a customer since that day; what is known of others knows better.
        is_dated = match.entry.values.get("customer_since") and before == Customer.Stage.LEAD
        if became or (is_dated and stage != Customer.Stage.LEAD):
            match.begins_tenure = match.changed = True
        return True

    def _set_points(self, match: Match) -> None:
        """The file's address replaces the one that the contact had; a telephone likewise."""
        values = match.entry.values
        if not match.contact and (values.get(EMAIL) or values.get(PHONE)):
            match.changed = True
        for kind in (EMAIL, PHONE):
            value = values.get(kind)
            if not value or (kind == EMAIL and self._has_already(match, value)):
                continue
            points = self.found.points.get((match.contact, kind), []) if match.contact else []
            if any(value == there for _pk, there in points):
                continue
            match.changed = True
            if retired := self.found.retired.get((match.contact, kind, value)):
                match.revived.append(retired)
                continue
            if not points:
                match.made.append((kind, value))
                continue
            pk, before = points[0]
            match.moved.append((pk, before, value))
            points[0] = (pk, value)
            if kind == EMAIL:
                self.session.given_up.first(before, match.entry.line)
        if match.adopts:
            match.changed = True

    def _has_already(self, match: Match, address: str) -> bool:
        """Whether it is another contact of this customer's who has the address."""
        holder = self.found.holder.get(address)
        return (
            bool(holder)
            and address not in self.session.given_up
            and match.pk in self.found.serves.get(holder or 0, ())
        )

    def _set_tags(self, match: Match) -> None:
        """A filled tags cell is the customer's whole set of tags."""
        written = match.entry.values.get("tags")
        if not written:
            return
        match.tags = {folded: tag for tag in written if (folded := fold(tag))}
        present = {folded for _pk, folded, _name in self.found.tagged.get(match.pk, {}).values()}
        if match.tags.keys() != present:
            match.changed = True

    # --- Telling ------------------------------------------------------------------------------

    def _tell(self, match: Match) -> None:
        """In a check: field by field, what this row would change."""
        was = match.was
        if not self.session.is_check or was is None:
            return
        told = [*self._columns(match, was), *self._reach(match)]
        if match.begins_tenure:
            told.append(("stage", was["stage"], Customer.Stage.CUSTOMER.value))
        present = {
            folded: name for _pk, folded, name in self.found.tagged.get(match.pk, {}).values()
        }
        if match.tags is not None and match.tags.keys() != present.keys():
            told.append(("tags", list(present.values()), list(match.tags.values())))
        for target, before, after in told:
            self.session.tell(match.entry, was["name"], target, before, after)

    def _columns(self, match: Match, was: Values) -> Iterator[tuple[str, Any, Any]]:
        for name, new in match.changes.items():
            if name == "custom":
                for key in new.keys() - {key for key in new if was[name].get(key) == new[key]}:
                    yield f"custom.{key}", was[name].get(key), new[key]
            elif name == "owner_id":
                yield "owner", self._people.get(was[name], ""), self._people.get(new, "")
            elif name not in {"name_folded", "external_source"}:
                yield name, was[name], new

    def _reach(self, match: Match) -> Iterator[tuple[str, Any, Any]]:
        moved = {after: before for _pk, before, after in match.moved}
        for kind in (EMAIL, PHONE):
            value = match.entry.values.get(kind)
            is_made = (kind, value) in match.made
            if value and (
                value in moved or is_made or (match.contact, kind, value) in self.found.retired
            ):
                yield kind, moved.get(value), value

    @cached_property
    def _people(self) -> dict[int | None, str]:
        return {person.pk: str(person) for person in User.objects.all()}
