"""Words that forms offer: cheap at any size, so never from a scan of all customers."""

from __future__ import annotations

from django.db.models import Count

from crm.models import Cost, Customer, Tag

RECENT = 2000
MOST = 200


def sources() -> list[str]:
    """How the most recent customers found us: what people will want to type again."""
    recent = Customer.objects.order_by("-created_at", "-pk").values("pk")[:RECENT]
    found = Customer.objects.filter(pk__in=recent).exclude(source="")
    return sorted(set(found.values_list("source", flat=True)))[:MOST]


def tag_names() -> list[str]:
    return list(Tag.objects.values_list("name", flat=True)[:MOST])


def categories() -> list[str]:
    """The offered categories of costs in the reader's language, then one's own."""
    own = (
        Cost.objects.exclude(category__in=Cost.CATEGORIES)
        .values_list("category", flat=True)
        .annotate(used=Count("pk"))
        .order_by("-used")
    )
    return [*map(str, Cost.CATEGORIES.values()), *own[:MOST]]
