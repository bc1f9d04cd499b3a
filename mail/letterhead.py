"""The look of every mail that a person reads: what templates/mail/_letter.html needs."""

from __future__ import annotations

from staff import colour
from staff.models import Business


def frame(business: Business, accent: str = "") -> dict[str, object]:
    """Name and address of the business; its colour, or `accent`, fit to be read by day and by night."""
    own = accent or business.colour
    return {
        "business": business,
        "on_light": colour.readable_on(colour.PAPER, own),
        "on_dark": colour.readable_on(colour.NIGHT, own),
    }
