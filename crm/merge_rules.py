"""How what this room (and the post room) knows of a customer, or of a contact, is merged."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.merging import (
    Merge,
    MergeRule,
    change,
    create,
    drop,
    move,
    moves,
    pair_moves,
    rebuilt,
    register,
    stays,
)
from crm.models import (
    Affiliation,
    ContactPoint,
    Customer,
    CustomerAlias,
    Duplicate,
    OutreachMessage,
    ReferralLink,
)

WRITTEN = OutreachMessage.State.QUEUED
WAITING = OutreachMessage.State.PENDING


def affiliations(merge: Merge) -> None:
    """Who serves both serves the winner once; the winner's first to ask stays the first."""
    ours = {one.contact_id: one for one in _current(customer=merge.winner)}
    has_first = any(one.is_primary for one in ours.values())
    surplus: list[Affiliation] = []
    twins: list[tuple[models.Model, dict[str, Any]]] = []
    demoted: list[tuple[models.Model, dict[str, Any]]] = []
    for one in _current(customer=merge.loser):
        leads = one.is_primary and not has_first
        twin = ours.get(one.contact_id)
        if twin is not None:
            surplus.append(one)
            twins += [(twin, known) for known in _unknown(twin, one, leads=leads)]
        elif one.is_primary and not leads:
            demoted.append((one, {"is_primary": False}))
        has_first = has_first or leads
    drop(merge, surplus)
    change(merge, demoted)
    change(merge, twins)
    move(merge, Affiliation.objects.filter(customer=merge.loser), "customer")


def _current(**of: int) -> list[Affiliation]:
    return list(Affiliation.objects.filter(until=None, **of).order_by("pk"))


def _unknown(twin: Affiliation, other: Affiliation, *, leads: bool) -> list[dict[str, Any]]:
    """What the loser's row knows and the winner's does not."""
    known: list[dict[str, Any]] = []
    if not twin.role and other.role:
        known.append({"role": other.role})
    if other.since and (twin.since is None or other.since < twin.since):
        known.append({"since": other.since})
    if leads:
        known.append({"is_primary": True})
    return known


def served(merge: Merge) -> None:
    """A customer whom both serve is served once; first to ask if either of them was."""
    ours = {one.customer_id: one for one in _current(contact=merge.winner)}
    surplus = [one for one in _current(contact=merge.loser) if one.customer_id in ours]
    drop(merge, surplus)
    for one in surplus:
        twin = ours[one.customer_id]
        change(merge, [(twin, known) for known in _unknown(twin, one, leads=one.is_primary)])
    move(merge, Affiliation.objects.filter(contact=merge.loser), "contact")


def points(merge: Merge) -> None:
    """An address or number of both is the winner's once, and in use if either of them used it."""
    ours = {(one.kind, one.value): one for one in _points(merge.winner)}
    surplus = [one for one in _points(merge.loser) if (one.kind, one.value) in ours]
    drop(merge, surplus)
    for one in surplus:
        twin = ours[one.kind, one.value]
        if one.retired_at is None and twin.retired_at is not None:
            change(merge, [(twin, {"retired_at": None})])
    move(merge, ContactPoint.objects.filter(contact=merge.loser), "contact")


def _points(contact_id: int) -> list[ContactPoint]:
    return list(ContactPoint.objects.filter(contact=contact_id).order_by("pk"))


def tags(merge: Merge) -> None:
    pairs = Customer.tags.through.objects
    ours = set(pairs.filter(customer=merge.winner).values_list("tag_id", flat=True))
    drop(merge, list(pairs.filter(customer=merge.loser, tag__in=ours).order_by("pk")))
    move(merge, pairs.filter(customer=merge.loser), "customer")


def referrals(merge: Merge) -> None:
    """Whom the loser brought the winner has brought, except the winner."""
    change(
        merge,
        [
            (one, {"referred_by_id": None})
            for one in Customer.objects.filter(pk=merge.winner, referred_by=merge.loser)
        ],
    )
    move(merge, Customer.objects.filter(referred_by=merge.loser), "referred_by")


def referral_link(merge: Merge) -> None:
    """A second link goes on leading to the winner, as an alias: it may be printed somewhere."""
    theirs = ReferralLink.objects.filter(customer=merge.loser)
    if not ReferralLink.objects.filter(customer=merge.winner).exists():
        move(merge, theirs, "customer")
        return
    links = list(theirs)
    drop(merge, links)
    create(
        merge,
        [
            CustomerAlias(customer_id=merge.winner, kind=CustomerAlias.Kind.REFERRAL, key=link.slug)
            for link in links
            if link.closed_at is None
        ],
    )


def outreach(merge: Merge) -> None:
    """Nobody is written to twice for one occasion: what waits gives way to what is there.

    Two messages that were both dealt with stay two; the loser's gets an occasion of its own.
    """
    theirs = list(OutreachMessage.objects.filter(customer=merge.loser).order_by("pk"))
    same = OutreachMessage.objects.filter(
        customer=merge.winner, outreach__in={one.outreach_id for one in theirs}
    )
    ours = {(one.outreach_id, one.occasion): one for one in same}
    surplus: list[OutreachMessage] = []
    renamed: list[tuple[models.Model, dict[str, Any]]] = []
    for one in theirs:
        twin = ours.get((one.outreach_id, one.occasion))
        if twin is None:
            continue
        if one.state == WAITING:
            surplus.append(one)
        elif twin.state == WAITING and one.state == WRITTEN:
            surplus.append(twin)
        else:
            renamed.append((one, {"occasion": f"{one.occasion[:18]}~{merge.loser}"}))
    drop(merge, surplus)
    change(merge, renamed)
    move(merge, OutreachMessage.objects.filter(customer=merge.loser), "customer")


def duplicates(side: str, other: str, merge: Merge) -> None:
    """Pairs are found again; that two are two was said by a person, and holds for the winner too."""
    for pair in Duplicate.objects.filter(**{side: merge.loser}).order_by("pk"):
        them = getattr(pair, other)
        if pair.dismissed_at is not None:
            drop(merge, [pair])
            if them != merge.winner:
                _say_that_they_are_two(merge, them, pair)
    Duplicate.objects.filter(**{side: merge.loser}).delete()


def _say_that_they_are_two(merge: Merge, them: int, said: Duplicate) -> None:
    first, second = sorted((merge.winner, them))
    pair = Duplicate.objects.filter(first=first, second=second).first()
    values = {"dismissed_at": said.dismissed_at, "dismissed_by_id": said.dismissed_by_id}
    if pair is None:
        copy = {"reasons": said.reasons, "score": said.score, "found_at": said.found_at}
        create(merge, [Duplicate(first_id=first, second_id=second, **copy, **values)])
    elif pair.dismissed_at is None:
        change(merge, [(pair, values)])


def register_rules() -> None:
    """Called from CrmConfig.ready."""
    register(
        [
            moves("crm.interaction.customer", _("interactions")),
            moves("crm.order.customer", _("orders")),
            moves("crm.contract.customer", _("contracts")),
            moves("crm.cost.customer", _("costs")),
            moves("crm.deal.customer", _("deals")),
            moves("crm.task.customer", _("tasks and promises")),
            moves("crm.customerfile.customer", _("files")),
            moves("crm.tenurespan.customer"),
            moves("crm.loss.customer"),
            moves("crm.mergedcustomer.customer"),
            moves("crm.customeralias.customer"),
            MergeRule("crm.affiliation.customer", affiliations, shown=_("contacts")),
            MergeRule("crm.customer_tags.customer", tags),
            MergeRule(
                "crm.customer.referred_by", referrals, shown=_("customers whom they brought")
            ),
            MergeRule("crm.referrallink.customer", referral_link),
            MergeRule("crm.outreachmessage.customer", outreach, shown=_("messages of ours")),
            MergeRule("crm.duplicate.first", partial(duplicates, "first_id", "second_id")),
            MergeRule("crm.duplicate.second", partial(duplicates, "second_id", "first_id")),
            rebuilt("crm.tenure.customer"),
            rebuilt("crm.customersearch.customer"),
            rebuilt("crm.duplicatekey.customer"),
            rebuilt("crm.tocompare.customer"),
            pair_moves("crm.interaction.about_id", "about_model", within="customer_id"),
            pair_moves("crm.task.about_id", "about_model", within="customer_id"),
            pair_moves("mail.outgoingemail.about_id", "about_model"),
            pair_moves("mail.inboundemail.about_id", "about_model"),
            MergeRule("crm.affiliation.contact", served),
            MergeRule("crm.contactpoint.contact", points),
            moves("crm.consent.contact", _("consents")),
            moves("crm.interaction.contact", _("interactions")),
            moves("crm.deal.contact", _("deals")),
            moves("crm.outreachmessage.contact", _("messages of ours")),
            # What was done to the one who was is told under their own name.
            stays("crm.privacyact.contact_id"),
            stays("staff.auditentry.target_id"),
        ]
    )
