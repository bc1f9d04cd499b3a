"""Two contacts who turned out to be the same human: merged, and taken apart again."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm import search
from crm.merging import CONTACT_KIND, Merge, change, rules_about
from crm.models import Affiliation, Contact
from crm.sides import Side
from staff import audit, changes
from staff.models import ChangeSet, User
from staff.refusals import Refusal

# What of a contact's own row a merge chooses between; all else that is known of them points to it.
FIELDS = ("name", "language")


class SameContact(Refusal):
    message = _("These are one contact already.")


class ContactMergedAlready(Refusal):
    message = _("One of the two was merged meanwhile.")


class ContactErased(Refusal):
    message = _("One of the two was erased.")


class ContactMergedFurther(Refusal):
    message = _("The contact was merged further, or erased. It can’t be taken back.")


class NoMergeOfContacts(Refusal):
    message = _("This is no merge of contacts.")


@transaction.atomic
def merge_contacts(
    *,
    winner: Contact,
    loser: Contact,
    by: User | None,
    values: Mapping[str, Side] | None = None,
) -> ChangeSet:
    """All that is known of `loser` is `winner`'s from now on; `loser` is gone.

    `values` says whose name and language stay: the winner's unless said otherwise, and whatever
    one of them lacks the other's. The set takes it back: `undo_contact_merge`. Raises
    SameContact, ContactMergedAlready or ContactErased.
    """
    winner, loser = _locked(winner.pk, loser.pk)
    change_set = changes.open_change_set(
        kind=CONTACT_KIND,
        label=f"{loser.name} → {winner.name}"[:250],
        by=by,
        facts={"winner": winner.pk, "loser": loser.pk},
    )
    merge = Merge(change_set, Contact, winner.pk, loser.pk)
    before = audit.values(winner, FIELDS)
    for rule in rules_about(Contact):
        rule.apply(merge)
    # Recorded after what pointed to it, so that an undo brings it back before that.
    changes.record_deleted(change_set, [loser])
    Contact.objects.filter(pk=loser.pk)._raw_delete(using=loser._state.db)
    _take(merge, winner, loser, values or {})
    _index(winner)
    said = audit.diff(before, winner, FIELDS)
    said["merged"] = [None, loser.name]
    audit.record(by=by, action="contact.merge", target=winner, changes=said, change_set=change_set)
    return change_set


def _locked(winner: int, loser: int) -> tuple[Contact, Contact]:
    """Both, the lower key first: two who merge the same pair take turns and don't wait forever."""
    if winner == loser:
        raise SameContact
    rows = Contact.objects.select_for_update().filter(pk__in=(winner, loser)).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) != 2:
        raise ContactMergedAlready
    if any(row.erased_at is not None for row in found.values()):
        raise ContactErased
    return found[winner], found[loser]


def _take(merge: Merge, winner: Contact, loser: Contact, values: Mapping[str, Side]) -> None:
    for name in FIELDS:
        ours, theirs = getattr(winner, name), getattr(loser, name)
        is_wanted = values.get(name) == Side.LOSER or not ours
        if theirs and theirs != ours and is_wanted:
            change(merge, [(winner, {name: theirs})])
    if loser.external_id and not winner.external_id:
        key = {"external_source": loser.external_source, "external_id": loser.external_id}
        change(merge, [(winner, key)])


@transaction.atomic
def undo_contact_merge(*, change_set: ChangeSet, by: User | None) -> changes.RevertOutcome:
    """Both are as they were; what came or changed since stays with the one.

    Raises NoMergeOfContacts, staff.changes.AlreadyReverted or ContactMergedFurther.
    """
    if change_set.kind != CONTACT_KIND:
        raise NoMergeOfContacts
    facts = change_set.facts
    living = Contact.objects.select_for_update().filter(erased_at=None)
    winner = living.filter(pk=facts["winner"]).first()
    if winner is None:
        raise ContactMergedFurther
    outcome = changes.revert(change_set=change_set, by=by)
    loser = living.filter(pk=facts["loser"]).first()
    if loser is None:
        raise ContactMergedFurther
    for one, other in ((winner, loser), (loser, winner)):
        _index(one)
        said: audit.Changes = {"merged": [other.name, None]}
        audit.record(
            by=by, action="contact.unmerge", target=one, changes=said, change_set=change_set
        )
    return outcome


def _index(contact: Contact) -> None:
    serves = Affiliation.objects.filter(contact=contact).values_list("customer_id", flat=True)
    customers = sorted(set(serves))
    if not search.index(customers):
        search.follow(customers)
