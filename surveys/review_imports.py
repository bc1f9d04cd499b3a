"""Reviews on other sites: the import kind `reviews`."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.imports import kinds, words
from crm.imports.kinds import Column, FactKind, Values
from crm.imports.parsing import BadCell, Context, instant, text, whole
from crm.imports.standard import EXTERNAL_ID, at
from surveys.models import Review

LOW, HIGH = 1, 5


def rating(cell: str, context: Context) -> int:
    """Stars: 4, 4/5 or ★★★★."""
    are_drawn = cell.strip("★☆") == ""
    number = cell.count("★") if are_drawn else whole(cell.removesuffix("/5").strip(), context)
    if not LOW <= number <= HIGH:
        raise BadCell(_("“%(text)s” is not between 1 and 5.") % {"text": cell})
    return number


def review_fields(values: Values, _context: Context) -> Values:
    return {
        "site": values["site"],
        "rating": values["rating"],
        "text": values.get("text") or "",
        "at": values["at"],
    }


REVIEWS = FactKind(
    name="reviews",
    model=Review,
    columns=(
        EXTERNAL_ID,
        Column("customer", text(190)),
        Column("site", text(60), required=True),
        Column("rating", rating, required=True),
        Column("text", text(20_000)),
        Column("at", instant, required=True),
    ),
    fields=review_fields,
    customer="optional",
    at=at("at"),
    natural_key=("site", "at", "text"),
)
WORDS = words.KindWords(
    label=gettext_lazy("Reviews"),
    teaches=gettext_lazy("A row per review on another site: where, how many stars, what was said."),
    place=220,
    targets={
        "external_id": gettext_lazy("Review number"),
        "site": gettext_lazy("Site"),
        "rating": gettext_lazy("Stars"),
        "text": gettext_lazy("Text"),
    },
    example=(
        {
            "external_id": "G-1",
            "site": "Google",
            "rating": "5",
            "text": "Warm bread and a kind word",
            "at": "2026-03-02",
        },
    ),
)


def register() -> None:
    """Called where the room registers its kinds."""
    kinds.register(REVIEWS)
    words.describe(REVIEWS.name, WORDS)
