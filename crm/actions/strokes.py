"""What one stroke does to a batch of customers, recorded so that it can be taken back.

`values` of a "change" has what is to become of each, in JSON's own types; what is not named stays:
"owner" (a person's key, or None for nobody), "source", "language", "custom" ({key: kept value, None
empties}), "add_tags" and "remove_tags" (names). "archive" and "restore" have none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy, ngettext

from crm import search
from crm.actions.customers import tags_named
from crm.models import Customer, Tag
from staff import audit, changes
from staff.bulk import save_columns
from staff.formats import number
from staff.models import ChangeSet, User
from staff.refusals import Refusal

BATCH = 1000
COLUMNS = ("archived_at", "owner_id", "source", "language", "custom")
ACTIONS = ("archive", "restore", "change")


class OwnerGone(Refusal):
    message = gettext_lazy("The person who was to look after them is not there any more.")


@dataclass
class Stroke:
    """Begun with a change set of its own, or gone on with; `change` batches, then `finish`.

    All within the caller's transactions. The queries of a batch do not grow with its customers.
    """

    action: str
    values: Mapping[str, Any]
    by: User | None
    at: datetime = field(default_factory=timezone.now)
    change_set: ChangeSet | None = None

    def __post_init__(self) -> None:
        owner = self.values.get("owner")
        if owner is not None and not User.objects.filter(pk=owner).exists():
            raise OwnerGone

    @cached_property
    def adds(self) -> list[Tag]:
        return tags_named(self.values.get("add_tags", ()))

    @cached_property
    def removes(self) -> list[Tag]:
        return tags_named(self.values.get("remove_tags", ()))

    def change(self, ids: Collection[int]) -> int:
        """Do it to these customers, locked in the order of their keys; how many it changed."""
        rows = list(
            Customer.objects.select_for_update(of=("self",))
            .filter(pk__in=ids)
            .order_by("pk")
            .only("pk", *COLUMNS)
        )
        before = {row.pk: audit.values(row, COLUMNS) for row in rows}
        for row in rows:
            self._set(row)
        changed = {
            row.pk: [name for name in COLUMNS if before[row.pk][name] != getattr(row, name)]
            for row in rows
        }
        touched = [row for row in rows if changed[row.pk]]
        if touched:
            columns = sorted({name for names in changed.values() for name in names})
            save_columns(touched, columns)
            changes.record_updated(
                self._opened(),
                Customer,
                (
                    (row.pk, {n: before[row.pk][n] for n in names}, audit.values(row, names))
                    for row in touched
                    for names in [changed[row.pk]]
                ),
            )
        retagged = self._retag([row.pk for row in rows])
        return len({row.pk for row in touched} | retagged)

    def _set(self, row: Customer) -> None:
        values = self.values
        if self.action == "archive":
            row.archived_at = row.archived_at or self.at
        elif self.action == "restore":
            row.archived_at = None
        if "owner" in values:
            row.owner_id = values["owner"]
        if "source" in values:
            row.source = values["source"]
        if "language" in values:
            row.language = values["language"]
        if custom := values.get("custom"):
            has = {**row.custom, **custom}
            row.custom = {key: value for key, value in has.items() if value is not None}

    def _retag(self, ids: Sequence[int]) -> set[int]:
        """Tie and untie tags; those whom that concerned, with their search rows brought along."""
        if not (self.adds or self.removes):
            return set()
        through: Any = Customer.tags.through
        ties = through._default_manager.filter(customer__in=ids)
        removed = {tag.pk for tag in self.removes}
        gone = list(ties.filter(tag__in=removed).order_by("pk")) if removed else []
        adds = [tag for tag in self.adds if tag.pk not in removed]
        had = set(ties.filter(tag__in=adds).values_list("customer_id", "tag_id")) if adds else set()
        new = [
            through(customer_id=pk, tag_id=tag.pk)
            for pk in ids
            for tag in adds
            if (pk, tag.pk) not in had
        ]
        if gone:
            changes.record_deleted(self._opened(), gone)
            through._default_manager.filter(pk__in=[tie.pk for tie in gone]).delete()
        if new:
            changes.record_created(self._opened(), through._default_manager.bulk_create(new))
        touched = {tie.customer_id for tie in (*gone, *new)}
        search.index(touched)
        return touched

    # --- The stroke as a whole ----------------------------------------------------------------

    def _opened(self) -> ChangeSet:
        if self.change_set is None:
            kind = f"crm.{self.action}"
            self.change_set = changes.open_change_set(kind=kind, label="", by=self.by)
        return self.change_set

    def finish(self, changed: int) -> ChangeSet | None:
        """Name it and note it in the trail; None when it changed nobody."""
        if self.change_set is None or not changed:
            return None
        self.change_set.label = label(self.action, changed)
        self.change_set.facts = {"customers": changed}
        self.change_set.save(update_fields=["label", "facts"])
        audit.record(
            by=self.by,
            action=f"customer.{self.action}_many",
            target=self.change_set,
            changes={"customers": [None, changed], **self._in_the_trail()},
            change_set=self.change_set,
        )
        return self.change_set

    def _in_the_trail(self) -> audit.Changes:
        said: audit.Changes = {
            name: [None, self.values[name]]
            for name in ("source", "language", "custom")
            if self.values.get(name)
        }
        if "owner" in self.values:
            owner = User.objects.filter(pk=self.values["owner"]).first()
            said["owner"] = [None, str(owner or "")]
        if self.adds or self.removes:
            said["tags"] = [[tag.name for tag in self.removes], [tag.name for tag in self.adds]]
        return said


def label(action: str, count: int) -> str:
    if action == "archive":
        words = ngettext("%(count)s customer archived", "%(count)s customers archived", count)
    elif action == "restore":
        words = ngettext(
            "%(count)s customer taken out of the archive",
            "%(count)s customers taken out of the archive",
            count,
        )
    else:
        words = ngettext("%(count)s customer changed", "%(count)s customers changed", count)
    return words % {"count": number(count)}
