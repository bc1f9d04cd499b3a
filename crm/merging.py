"""Two rows that are one: by which rules all that points to the loser goes over to the winner.

Each room registers a rule for each of its fields that points to a customer or a contact, in its
AppConfig.ready; a field without one fails a test, and the merge itself if rows are left behind.
What a rule does it records in the merge's change set, so that it can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from crm.among import Among
from crm.models import Customer, CustomerAlias, MergedCustomer
from crm.registry import Registry
from staff.bulk import field_of, save_columns
from staff.changes import record_created, record_deleted, record_updated
from staff.columns import column_values
from staff.models import ChangeSet

# Of the change sets that merges of customers are.
KIND = "crm.merge"
# And of two contacts who are the same human.
CONTACT_KIND = "crm.contact_merge"


@dataclass(frozen=True)
class Merge:
    """One that is going on, inside its transaction: both rows of `model` are there, and locked."""

    change_set: ChangeSet
    model: type[models.Model]
    winner: int
    loser: int

    @property
    def label(self) -> str:
        return self.model._meta.label_lower


@dataclass(frozen=True)
class MergeRule:
    """What becomes of rows that point to the loser.

    `name` is their model's label and the field, "crm.order.customer"; of a plain pair the field
    that holds the key, "crm.task.about_id". `shown` names the rows to people. What follows from
    the customer's name alone is told by crm.search, of which see `followed_by`.
    """

    name: str
    apply: Callable[[Merge], None]
    shown: object = ""
    order: int = 50

    @property
    def model(self) -> Any:
        return apps.get_model(self.name.rpartition(".")[0])

    @property
    def field(self) -> str:
        return self.name.rpartition(".")[2]

    def is_about(self, model: type[models.Model]) -> bool:
        """Whether its rows can point to rows of this model; a plain pair can point to any."""
        field = field_of(self.model, self.field)
        return field.related_model is model if isinstance(field, models.ForeignKey) else True


MERGE_RULES: Registry[MergeRule] = Registry()


def register(rules: Iterable[MergeRule]) -> None:
    for rule in rules:
        MERGE_RULES.register(rule)


def rules_about(model: type[models.Model]) -> list[MergeRule]:
    return [rule for rule in MERGE_RULES.all() if rule.is_about(model)]


# --- Rules for most fields ----------------------------------------------------------------


def moves(name: str, shown: object = "") -> MergeRule:
    """All rows go over to the winner."""

    def apply(merge: Merge) -> None:
        move(merge, pointing(rule, merge.loser), rule.field)

    rule = MergeRule(name, apply, shown=shown)
    return rule


def rebuilt(name: str) -> MergeRule:
    """Rows of a projection go; whoever keeps it makes the winner's anew, and the loser's at an undo."""

    def apply(merge: Merge) -> None:
        doomed = pointing(rule, merge.loser)
        doomed._raw_delete(using=doomed.db)

    rule = MergeRule(name, apply)
    return rule


def stays(name: str) -> MergeRule:
    """History that goes on naming the one who was: nothing happens."""
    return MergeRule(name, lambda _merge: None)


def pair_moves(name: str, model_field: str, within: str = "") -> MergeRule:
    """Rows that name a record by its model's label and key tell of the winner from now on.

    `within`: a key of the customer that narrows them down, where no index finds them by the pair.
    """

    def apply(merge: Merge) -> None:
        rows = rule.model._base_manager.filter(
            **{model_field: merge.label, rule.field: merge.loser}
        )
        if within and merge.model is Customer:
            rows = rows.filter(**{within: merge.winner})
        move(merge, rows, rule.field)

    # After the fields, which have brought everything of the loser's to the winner.
    rule = MergeRule(name, apply, order=80)
    return rule


# --- What rules are made of --------------------------------------------------------------


def pointing(rule: MergeRule, pk: int) -> models.QuerySet[Any]:
    """The rows of a rule that point to this one."""
    rows: models.QuerySet[Any] = rule.model._base_manager.filter(
        **{field_of(rule.model, rule.field).attname: pk}
    )
    return rows


def move(merge: Merge, rows: models.QuerySet[Any], field: str) -> None:
    """Let these rows, which point to the loser by this field, point to the winner."""
    column = field_of(rows.model, field).attname
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    # Nobody can add to them meanwhile: the loser's row is locked, and they would point to it.
    rows.order_by().update(**{column: merge.winner})
    was, now = {column: merge.loser}, {column: merge.winner}
    record_updated(merge.change_set, rows.model, ((pk, was, now) for pk in ids))


def drop(merge: Merge, rows: Sequence[models.Model]) -> None:
    """Delete rows of one model that clash with the winner's own; an undo brings them back."""
    if not rows:
        return
    record_deleted(merge.change_set, rows)
    doomed = type(rows[0])._base_manager.filter(pk__in=[row.pk for row in rows])
    doomed._raw_delete(using=doomed.db)


def change(merge: Merge, rows: Sequence[tuple[models.Model, dict[str, Any]]]) -> None:
    """Set columns of rows of one model: (row, what becomes of it by attname).

    What stands in one dictionary is taken back together or, changed since, left alone together.
    """
    for row, values in rows:
        before = column_values(row, values)
        for column, value in values.items():
            setattr(row, column, value)
        save_columns([row], list(values))
        record_updated(merge.change_set, type(row), [(row.pk, before, values)])


def create(merge: Merge, rows: Sequence[models.Model]) -> None:
    """Save new rows of one model; an undo deletes them."""
    for row in rows:
        row.save(force_insert=True)
    record_created(merge.change_set, rows)


# --- Who is called otherwise now ----------------------------------------------------------


def went_to(ids: Collection[int]) -> dict[int, int]:
    """Of these keys of customers, those who were merged into another one: into whom."""
    return dict(MergedCustomer.objects.filter(old_id__in=ids).values_list("old_id", "customer_id"))


def known_as(source: str, external_ids: Collection[str]) -> dict[str, int]:
    """Customers' ids by an external_id that they took over from one merged into them."""
    aliases = CustomerAlias.objects.filter(
        Among("key", list(external_ids)), kind=CustomerAlias.Kind.EXTERNAL, source=source
    )
    return dict(aliases.values_list("key", "customer_id"))


def customer_of_referral_link(slug: str) -> Customer | None:
    """Whose link this was before they were merged; None when nobody's."""
    return Customer.objects.filter(
        aliases__kind=CustomerAlias.Kind.REFERRAL, aliases__source="", aliases__key=slug
    ).first()
