"""The tiers of loyalty and their rules; customers follow within minutes (crm.tasks)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from crm.models import LoyaltyTier
from staff import audit
from staff.models import User
from staff.refusals import Refusal

FIELDS = ("name", "min_tenure_days", "min_income")


class TierNameMissing(Refusal):
    message = _("A tier needs a name.")


class TierNameTaken(Refusal):
    message = _("Another tier has this name.")


class TierNeedsRule(Refusal):
    message = _("Say how long, or how much, at least: one of the two or both.")


@transaction.atomic
def create_tier(
    *,
    name: str,
    by: User | None,
    min_tenure_days: int | None = None,
    min_income: Decimal | None = None,
) -> LoyaltyTier:
    """A tier above all others. Raises TierNameMissing, TierNameTaken or TierNeedsRule."""
    highest = LoyaltyTier.objects.aggregate(rank=Max("rank"))["rank"] or 0
    tier = LoyaltyTier(rank=highest + 1)
    _set(tier, {"name": name, "min_tenure_days": min_tenure_days, "min_income": min_income})
    changes = audit.diff({}, tier, FIELDS)
    audit.record(by=by, action="tier.create", target=tier, changes=changes)
    _look_again()
    return tier


@transaction.atomic
def update_tier(*, tier: LoyaltyTier, by: User | None, **values: Any) -> LoyaltyTier:
    """Change what is given of FIELDS. Raises what `create_tier` does."""
    current = LoyaltyTier.objects.select_for_update().get(pk=tier.pk)
    before = audit.values(current, FIELDS)
    _set(current, before | values)
    if changes := audit.diff(before, current, FIELDS):
        audit.record(by=by, action="tier.update", target=current, changes=changes)
        _look_again()
    return current


@transaction.atomic
def raise_tier(*, tier: LoyaltyTier, by: User | None) -> LoyaltyTier:
    """Change places with the next higher tier; the highest stays."""
    tiers = LoyaltyTier.objects.select_for_update()
    current = tiers.get(pk=tier.pk)
    above = tiers.filter(rank__gt=current.rank).order_by("rank").first()
    if above is None:
        return current
    low, high = current.rank, above.rank
    free = (LoyaltyTier.objects.aggregate(rank=Max("rank"))["rank"] or 0) + 1
    # A rank is one tier's alone at any moment.
    for row, rank in ((above, free), (current, high), (above, low)):
        row.rank = rank
        row.save(update_fields=["rank"])
    audit.record(by=by, action="tier.update", target=current, changes={"rank": [low, high]})
    _look_again()
    return current


@transaction.atomic
def delete_tier(*, tier: LoyaltyTier, by: User | None) -> None:
    """Those who were in it fall to the next one whose rules they meet."""
    before = audit.diff({}, tier, FIELDS)
    changes = {name: [was, None] for name, (_none, was) in before.items()}
    audit.record(by=by, action="tier.delete", target=tier, changes=changes)
    tier.delete()
    _look_again()


def _set(tier: LoyaltyTier, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(tier, name, value.strip() if isinstance(value, str) else value)
    if not tier.name:
        raise TierNameMissing
    if tier.min_tenure_days is None and tier.min_income is None:
        raise TierNeedsRule
    try:
        with transaction.atomic():
            tier.save()
    except IntegrityError:
        raise TierNameTaken from None


def _look_again() -> None:
    """Have the sweep look at everybody by the rules as they are now."""
    LoyaltyTier.objects.update(applied_at=None)
