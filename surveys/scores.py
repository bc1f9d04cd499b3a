"""Scales and groups of the kinds of survey, without any row."""

from __future__ import annotations

LOW, MIDDLE, HIGH = "low", "middle", "high"

# The lowest score of the middle group and of the upper one: detractor, passive, promoter of an
# NPS, and their like elsewhere.
GROUPS = {"nps": (7, 9), "csat": (3, 4), "ces": (4, 5)}
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


def group_of(kind: str, score: int | None) -> str:
    """ "low", "middle", "high", or "" without a score."""
    if score is None:
        return ""
    middle, high = GROUPS[kind]
    return HIGH if score >= high else MIDDLE if score >= middle else LOW


def bounds(kind: str, group: str) -> tuple[int, int]:
    """Lowest and highest score of a group."""
    lowest, highest = SCALES[kind]
    middle, high = GROUPS[kind]
    return {LOW: (lowest, middle - 1), MIDDLE: (middle, high - 1), HIGH: (high, highest)}[group]
