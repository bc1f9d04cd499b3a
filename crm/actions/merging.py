"""Customers who turned out to be one: merged, taken apart again, or said to be two."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import duplicates, projections, search, sides, tenures
from crm.actions.customers import leads_back
from crm.folding import fold
from crm.merging import KIND, Merge, change, create, rules_about
from crm.models import Customer, CustomerAlias, Duplicate, MergedCustomer
from staff import audit, changes
from staff.models import ChangeSet, User
from staff.refusals import Refusal


class SameCustomer(Refusal):
    message = _("These are one customer already.")


class MergedAlready(Refusal):
    message = _("One of the two was merged meanwhile.")


class ArchivedCustomer(Refusal):
    message = _("One of the two is in the archive. Take it out first.")


class MergedFurther(Refusal):
    message = _("The customer was merged further. Take that back first.")


class CannotComeBack(Refusal):
    message = _("Another customer has the old one’s key by now, so it can’t come back.")


class NoMerge(Refusal):
    message = _("This is no merge of customers.")


class AlreadyTwo(Refusal):
    message = _("It was said already that these are two.")


class NotSaid(Refusal):
    message = _("Nobody said that these are two.")


# --- Two become one ------------------------------------------------------------------------


def why_not(winner: Customer, loser: Customer) -> Refusal | None:
    """The refusal that merging them would meet; None: they can be merged."""
    if winner.pk == loser.pk:
        return SameCustomer()
    archived = winner.archived_at is not None or loser.archived_at is not None
    return ArchivedCustomer() if archived else None


@transaction.atomic
def merge_customers(
    *, winner: Customer, loser: Customer, by: User | None, values: sides.Choices | None = None
) -> ChangeSet:
    """All that is known of `loser` is `winner`'s from now on; `loser` is gone, its address leads on.

    `values` says whose value of a differing field stays (crm.sides); what it leaves out is
    settled as suggested there. The set takes it back: `undo_merge`. Raises SameCustomer,
    MergedAlready or ArchivedCustomer.
    """
    if winner.pk == loser.pk:
        raise SameCustomer
    winner, loser = _locked(winner.pk, loser.pk)
    if refusal := why_not(winner, loser):
        raise refusal
    change_set = changes.open_change_set(
        kind=KIND,
        label=f"{loser.name} → {winner.name}"[:250],
        by=by,
        facts={"winner": winner.pk, "loser": loser.pk},
    )
    merge = Merge(change_set, Customer, winner.pk, loser.pk)
    before = audit.values(winner, (*sides.FIELDS, "custom"))
    wanted = sides.chosen(winner, loser, values or {})
    for rule in rules_about(Customer):
        rule.apply(merge)
    winner.refresh_from_db()
    # Recorded after what pointed to it, so that an undo brings it back before that.
    changes.record_deleted(change_set, [loser])
    Customer.objects.filter(pk=loser.pk)._raw_delete(using=loser._state.db)
    _take(merge, winner, loser, wanted)
    _lead_on(merge, loser)
    _follow(winner)
    winner.refresh_from_db()
    said = audit.diff(before, winner, (*sides.FIELDS, "custom"))
    said["merged"] = [None, loser.name]
    audit.record(by=by, action="customer.merge", target=winner, changes=said, change_set=change_set)
    return change_set


def _locked(winner: int, loser: int) -> tuple[Customer, Customer]:
    """Both, the lower key first: two who merge the same pair take turns and don't wait forever."""
    rows = Customer.objects.select_for_update().filter(pk__in=(winner, loser)).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) != 2:
        raise MergedAlready
    return found[winner], found[loser]


def _follow(winner: Customer) -> None:
    """What is derived of the winner, and of what came to it."""
    tenures.rebuild([winner.pk])
    projections.rebuild_contact_dates([winner.pk])
    if not search.index([winner.pk]):
        search.follow([winner.pk])


def _take(merge: Merge, winner: Customer, loser: Customer, wanted: dict[str, object]) -> None:
    """What was chosen of the loser's, and what it is called elsewhere."""
    for column, value in wanted.items():
        together = {column: value}
        if column == "name":
            together["name_folded"] = fold(str(value))[:200]
        change(merge, [(winner, together)])
    if winner.referred_by_id and leads_back(winner):
        change(merge, [(winner, {"referred_by_id": None})])
    if not loser.external_id:
        return
    if winner.external_id:
        known_as = CustomerAlias(
            customer=winner,
            kind=CustomerAlias.Kind.EXTERNAL,
            source=loser.external_source,
            key=loser.external_id,
        )
        create(merge, [known_as])
    else:
        key = {"external_source": loser.external_source, "external_id": loser.external_id}
        change(merge, [(winner, key)])


def _lead_on(merge: Merge, loser: Customer) -> None:
    gone = MergedCustomer(
        old_id=merge.loser,
        customer_id=merge.winner,
        name=loser.name,
        change_set=merge.change_set,
    )
    create(merge, [gone])


# --- One becomes two again -----------------------------------------------------------------


@transaction.atomic
def undo_merge(*, change_set: ChangeSet, by: User | None) -> changes.RevertOutcome:
    """Both are as they were, the loser at its old address; what came or changed since stays.

    Raises NoMerge, staff.changes.AlreadyReverted, MergedFurther or CannotComeBack.
    """
    if change_set.kind != KIND:
        raise NoMerge
    if not changes.can_revert(change_set):
        raise changes.AlreadyReverted
    facts = change_set.facts
    winner = Customer.objects.select_for_update().filter(pk=facts["winner"]).first()
    if winner is None:
        raise MergedFurther
    outcome = changes.revert(change_set=change_set, by=by)
    loser = Customer.objects.filter(pk=facts["loser"]).first()
    if loser is None:
        raise CannotComeBack
    both = [winner.pk, loser.pk]
    projections.rebuild(both)
    duplicates.look_again(both)
    for one, other in ((winner, loser), (loser, winner)):
        said: audit.Changes = {"merged": [other.name, None]}
        audit.record(
            by=by, action="customer.unmerge", target=one, changes=said, change_set=change_set
        )
    return outcome


# --- They are two ------------------------------------------------------------------------


@transaction.atomic
def dismiss_duplicate(*, pair: Duplicate, by: User | None) -> Duplicate:
    """ "These are two": the pair is never offered again. Raises AlreadyTwo."""
    return _say(pair, two=True, by=by)


@transaction.atomic
def restore_duplicate(*, pair: Duplicate, by: User | None) -> Duplicate:
    """Takes that back. Raises NotSaid."""
    return _say(pair, two=False, by=by)


def _say(pair: Duplicate, *, two: bool, by: User | None) -> Duplicate:
    now = timezone.now() if two else None
    rows = Duplicate.objects.filter(pk=pair.pk, dismissed_at__isnull=two)
    if not rows.update(dismissed_at=now, dismissed_by=by if two else None):
        raise AlreadyTwo if two else NotSaid
    pair.refresh_from_db()
    audit.record(
        by=by,
        action="duplicate.dismiss" if two else "duplicate.restore",
        target=pair.first,
        changes={"other": [None, pair.second.name]},
    )
    return pair
