"""The look of every mail that a person reads: what templates/mail/_letter.html needs."""

from __future__ import annotations

from staff import colour
from staff.models import Business


def frame(business: Business) -> dict[str, object]:
    """Name, address and colour of the business, the colour fit to be read by day and by night."""
    return {
        "business": business,
        "on_light": colour.readable_on(colour.PAPER, business.colour),
        "on_dark": colour.readable_on(colour.NIGHT, business.colour),
    }
