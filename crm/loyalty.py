"""Who is in which tier of loyalty: a projection of tenures and orders by rules of one's own.

A tier's rules must all be met: a customer without a break for at least so many days, income of the
last 365 days of at least so much (orders less refunds, in the business's currency). The highest
tier whose rules they meet is theirs; who is no customer now is in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from crm.batches import batches
from crm.models import Customer, LoyaltyTier, Order, Tenure
from staff.bulk import save_columns

YEAR = timedelta(days=365)
MICROS = 1_000_000
# Customers of one transaction of a walk through everyone.
BATCH = 1000


def tier_for(tiers: Sequence[LoyaltyTier], *, days: int | None, income: Decimal) -> int | None:
    """The key of the highest of `tiers` that somebody reaches; `days`: None is no customer now."""
    if days is None:
        return None
    reached = [
        tier
        for tier in tiers
        if (tier.min_tenure_days is None or days >= tier.min_tenure_days)
        and (tier.min_income is None or income >= tier.min_income)
    ]
    return max(reached, key=lambda tier: tier.rank).pk if reached else None


def follow(customer_ids: Iterable[int], now: datetime | None = None) -> int:
    """Put these customers into their tiers; how many changed. Three queries a batch, or four."""
    tiers = list(LoyaltyTier.objects.all())
    now = now or timezone.now()
    changed = 0
    for batch in batches(customer_ids, BATCH):
        with transaction.atomic():
            changed += _follow(batch, tiers, now)
    return changed


def follow_everyone(now: datetime | None = None) -> int:
    """The same of everybody, in constant memory; how many changed."""
    now, last, changed = now or timezone.now(), 0, 0
    while ids := list(
        Customer.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        changed += follow(ids, now)
        last = ids[-1]
    return changed


def _follow(ids: Sequence[int], tiers: Sequence[LoyaltyTier], now: datetime) -> int:
    customers = list(Customer.objects.filter(pk__in=ids).only("pk", "tier_id").order_by("pk"))
    active = Tenure.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=now), customer__in=ids, started_at__lte=now
    )
    since = dict(active.values_list("customer_id", "started_at")) if tiers else {}
    bought = (
        Order.objects.filter(customer__in=ids, ordered_at__gt=now - YEAR, ordered_at__lte=now)
        .order_by()
        .values_list("customer_id")
        .annotate(micros=Sum("total_micros"))
    )
    income = dict(bought) if since else {}
    moved = []
    for customer in customers:
        begun = since.get(customer.pk)
        tier = tier_for(
            tiers,
            days=(now - begun).days if begun else None,
            income=Decimal(income.get(customer.pk) or 0) / MICROS,
        )
        if tier != customer.tier_id:
            customer.tier_id = tier
            moved.append(customer)
    save_columns(moved, ["tier"])
    return len(moved)
