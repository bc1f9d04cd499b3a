"""Time zones, to choose from."""

from functools import lru_cache
from itertools import groupby
from zoneinfo import available_timezones

REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@lru_cache(maxsize=1)
def choices() -> list[tuple[str, str | list[tuple[str, str]]]]:
    """Grouped by region: ("Europe", [("Europe/Madrid", "Madrid"), …]), and UTC."""
    named = sorted(zone for zone in available_timezones() if zone.split("/")[0] in REGIONS)
    groups: list[tuple[str, str | list[tuple[str, str]]]] = [
        (region, [(zone, _place(zone)) for zone in zones])
        for region, zones in groupby(named, key=lambda zone: zone.split("/")[0])
    ]
    return [*groups, ("UTC", "UTC")]


def _place(zone: str) -> str:
    return zone.split("/", 1)[1].replace("_", " ").replace("/", " / ")
