"""Which figures a refresh counts at once, and which wait for their turn.

What reads a day, a week or a month costs little after a change. A quarter, a year, or a figure that looks
back over months or counts customers, reads much more than what changed: such a figure is *far*.
A theme's far figures are counted at once as long as that takes no second. Beyond, they take turns, so
that all that a theme takes is at most a twentieth of the time; until its turn has come, what touched
them waits in rows of its own, kept in the transaction that deletes its marks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from metrics.definitions import STORED, Definition, Theme
from metrics.engine.touched import BUSINESS, Touched, merged
from metrics.models import Pace, Waiting
from metrics.periods import Period

BRIEF = 1.0  # seconds that a theme may take at every refresh
REST = 20  # times what it took: the time until the next turn

Spent = dict[Theme, float]  # seconds
Days = tuple[date, date | None]
FOR_EVER = date(9000, 1, 1)  # what ends later is as good as endless


@dataclass
class Turns:
    """What a refresh counts: everywhere what is near, and what is far of the themes whose turn it is."""

    near: Touched
    far: dict[Theme, Touched]  # with what waited for them

    def groups(self) -> dict[tuple[Period, ...], list[Definition]]:
        """Definitions by the periods that they need: what shares windows shares facts."""
        groups: dict[tuple[Period, ...], list[Definition]] = defaultdict(list)
        for definition in STORED:
            cells = self.near.cells(definition, definition.near_grains)
            if definition.theme in self.far:
                cells += self.far[definition.theme].cells(definition, definition.far_grains)
            if cells:
                groups[cells].append(definition)
        return groups

    def close(self, spent: Spent, now: datetime) -> None:
        """Remember what each theme took, forget what waited for it, and keep what goes on waiting.

        In the transaction that deletes the marks.
        """
        for theme in Theme:
            if theme not in self.far:
                _keep(theme, self.near)
                continue
            Waiting.objects.filter(theme=theme).delete()
            if theme in spent:
                seconds = spent[theme]
                rest = timedelta(seconds=seconds * REST if seconds > BRIEF else 0)
                Pace.objects.update_or_create(
                    theme=theme, defaults={"seconds": seconds, "next_at": now + rest}
                )


def turns(touched: Touched, now: datetime, *, everything: bool) -> Turns:
    """Share out what is touched; with `everything`, nothing waits. At most two queries."""
    resting = set() if everything else _resting(now)
    far = {theme: touched for theme in Theme if theme not in resting}
    for row in Waiting.objects.filter(theme__in=far):
        theme = Theme(row.theme)
        if far[theme] is touched:
            far[theme] = touched.copy()
        far[theme].ranges[row.fact].add((row.first_on, row.last_on))
    return Turns(touched, far)


def is_due(now: datetime, *, everything: bool) -> bool:
    """Whether something waits whose turn has come."""
    waiting = set(Waiting.objects.values_list("theme", flat=True).distinct())
    return bool(waiting if everything else waiting - _resting(now))


def last_turns() -> QuerySet[Pace, datetime]:
    """When all that waits will have its turn; nothing while nothing waits."""
    paces = Pace.objects.filter(theme__in=Waiting.objects.values("theme")).order_by("-next_at")
    return paces.values_list("next_at", flat=True)[:1]


def _resting(now: datetime) -> set[str]:
    return set(Pace.objects.filter(next_at__gt=now).values_list("theme", flat=True))


def _keep(theme: Theme, touched: Touched) -> None:
    """Add what is touched to what waits for a theme; days that meet become one row."""
    asked_for = {fact for one in STORED if one.theme == theme for fact in one.facts} | {BUSINESS}
    new = {fact: some for fact, some in touched.ranges.items() if some and fact in asked_for}
    if not new:
        return
    known: dict[str, set[Days]] = defaultdict(set)
    for row in Waiting.objects.filter(theme=theme, fact__in=new):
        known[row.fact].add((row.first_on, row.last_on))
    for fact, some in new.items():
        union = united(known[fact] | some)
        if set(union) != known[fact]:
            Waiting.objects.filter(theme=theme, fact=fact).delete()
            Waiting.objects.bulk_create(
                Waiting(theme=theme, fact=fact, first_on=first, last_on=last)
                for first, last in union
            )


def united(ranges: Iterable[Days]) -> list[Days]:
    """The union of ranges of days, of which some may have no end."""
    ends = [(first, None if last is None or last >= FOR_EVER else last) for first, last in ranges]
    endless = min((first for first, last in ends if last is None), default=None)
    union: list[Days] = [
        *merged(
            (first, last)
            for first, last in ends
            if last is not None and (endless is None or first < endless)
        )
    ]
    return union if endless is None else [*union, (endless, None)]
