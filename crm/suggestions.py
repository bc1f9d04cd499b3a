"""Words that forms offer: cheap at any size, so never from a scan of all customers."""

from __future__ import annotations

from django.db.models import Count

from crm.models import Cost, Customer, Tag

RECENT = 2000
MOST = 200


def sources() -> list[str]:
    """How the most recent customers found us: what people will want to type again."""
    return recent_words("source")["source"]


def recent_words(*columns: str) -> dict[str, list[str]]:
    """What stands in these columns of the most recent customers, in one query."""
    recent = Customer.objects.order_by("-created_at", "-pk").values_list(*columns)[:RECENT]
    found = zip(columns, zip(*recent, strict=True), strict=False)
    words = {column: list[str]() for column in columns}
    return words | {column: sorted(set(values) - {""})[:MOST] for column, values in found}


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
