"""The clock of a ticket: what was promised, by when, and whether it was kept. No database here.

A ticket's history goes in, its targets come out, always the same ones for the same history:

- The clock runs while the ticket is new, open or on hold, and stands still otherwise: while we
  wait for the customer, and once it is solved. What the customer writes while we wait starts it.
- First reply: from the opening, by whoever opened it, to the first public message of a human.
- Next reply: from the customer's first message after that which nobody has answered yet, to the
  next public message of a human.
- Solution: from the opening until the ticket is solved. A ticket that is reopened gets a new
  target from then on; the one before it stays met or missed.
- A target is missed at its due time. What is done at that very instant is in time; what is done
  later leaves it missed, and only ends that it is owed.
- Another priority or policy gives running targets another length, counted from their beginning.
  A target that is too old for it already is due at once, never earlier. One that was met or
  missed stays as it is.
- Closing a ticket, or finding that it is spam or another one's double, cancels what runs. Should
  it come back to life, what is still owed then starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from support.hours import WorkingHours

RUNNING = frozenset({"new", "open", "on_hold"})
LIVING = RUNNING | {"waiting"}
CANCELLING = frozenset({"closed", "spam", "merged"})


class Kind(StrEnum):
    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    SOLUTION = "solution"


REPLIES = (Kind.FIRST_REPLY, Kind.NEXT_REPLY)
# {"urgent": {Kind.SOLUTION: timedelta(hours=4)}}: what is missing has no target.
Goals = Mapping[str, Mapping[Kind, timedelta]]


@dataclass(frozen=True)
class Terms:
    """What is promised, and in which working hours: one version of a policy and of a calendar."""

    goals: Goals
    hours: WorkingHours
    # Whoever is responsible is warned when so many percent of the time have passed.
    warns_at_percent: int = 75
    # The keys of the versions.
    policy: int = 0
    calendar: int = 0


@dataclass(frozen=True)
class Opening:
    at: datetime
    terms: Terms
    priority: str
    state: str = "new"


@dataclass(frozen=True)
class Moved:
    """From then on the ticket is in this state."""

    at: datetime
    state: str


@dataclass(frozen=True)
class CustomerWrote:
    """A message that wants an answer; a mere "thank you" is none."""

    at: datetime


@dataclass(frozen=True)
class HumanReplied:
    """A public message by someone of the business; notes, automatic mail and bots are none."""

    at: datetime


@dataclass(frozen=True)
class Prioritised:
    at: datetime
    priority: str


@dataclass(frozen=True)
class TermsChanged:
    at: datetime
    terms: Terms


Event = Moved | CustomerWrote | HumanReplied | Prioritised | TermsChanged


@dataclass(frozen=True)
class Target:
    """One promise. Without `met_at`, `missed_at` and `cancelled_at` it runs, or is paused.

    At most one of `met_at` and `cancelled_at` is set. A missed target may have either besides:
    since then it is no longer owed. `due_at` and `warn_at` are None while it is paused, and when
    working hours never come.
    """

    kind: Kind
    number: int  # 1 for the first of its kind on this ticket
    started_at: datetime
    goal: timedelta  # working time
    terms: Terms  # by which it was measured last
    due_at: datetime | None
    warn_at: datetime | None
    # The last one has no end while the target is paused.
    paused: tuple[tuple[datetime, datetime | None], ...] = ()
    met_at: datetime | None = None
    missed_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self.is_owed and self.missed_at is None

    @property
    def is_owed(self) -> bool:
        """Nobody has done it yet, nor has it become needless."""
        return self.met_at is self.cancelled_at is None

    @property
    def is_paused(self) -> bool:
        return self.is_running and bool(self.paused) and self.paused[-1][1] is None


def targets(opening: Opening, events: Iterable[Event], *, until: datetime) -> list[Target]:
    """The targets as they stand at `until`, by start; events after it are yet to come.

    Events of one instant count in the order given; one before the opening counts as at it.
    """
    clock = _Clock(opening)
    for event in sorted(events, key=lambda event: event.at):
        if event.at <= until:
            clock.apply(event, max(event.at, opening.at))
    clock.miss_overdue(until)
    found = [_as_target(made, goal) for made in clock.all if (goal := made.goal) is not None]
    return sorted(found, key=lambda target: target.started_at)


@dataclass
class _Running:
    """A target in the making; without a goal it has no due time, but may get one."""

    kind: Kind
    number: int
    started_at: datetime
    goal: timedelta | None
    terms: Terms
    # Since when working time is to be added to `used`; None while paused.
    since: datetime | None = None
    used: timedelta = timedelta()
    due_at: datetime | None = None
    warn_at: datetime | None = None
    paused: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    met_at: datetime | None = None
    missed_at: datetime | None = None
    cancelled_at: datetime | None = None

    def run(self, at: datetime) -> None:
        """Start or go on, and find the due time."""
        self._count(at)
        if self.is_paused:
            self._end_pause(at)
        self.since = at
        self._find_due(at)

    def pause(self, at: datetime) -> None:
        if self.is_paused:
            return
        self._count(at)
        self.since = self.due_at = self.warn_at = None
        self.paused.append((at, None))

    def measure_by(self, terms: Terms, priority: str, at: datetime) -> None:
        """From now on by these terms; the time until now was counted by the hours before."""
        self._count(at)
        self.terms, self.goal = terms, terms.goals.get(priority, {}).get(self.kind)
        if not self.is_paused:
            self.since = at
            self._find_due(at)

    def meet(self, at: datetime) -> None:
        self.met_at = at
        if self.is_paused:  # due when it would have been, had the clock run again
            self._find_due(at)
            self._end_pause(at)

    def cancel(self, at: datetime) -> None:
        self.cancelled_at = at
        if self.is_paused:
            self._end_pause(at)

    @property
    def is_paused(self) -> bool:
        return bool(self.paused) and self.paused[-1][1] is None

    def _count(self, at: datetime) -> None:
        if self.since is not None:
            self.used += self.terms.hours.between(self.since, at)

    def _find_due(self, at: datetime) -> None:
        self.due_at = self.warn_at = None
        if self.goal is not None:
            hours, warned_after = self.terms.hours, self.goal * self.terms.warns_at_percent / 100
            self.due_at = hours.after(at, self.goal - self.used)
            self.warn_at = hours.after(at, warned_after - self.used)

    def _end_pause(self, at: datetime) -> None:
        start, _open = self.paused.pop()
        if start < at:
            self.paused.append((start, at))


class _Clock:
    def __init__(self, opening: Opening) -> None:
        self.all: list[_Running] = []
        self.running: dict[Kind, _Running] = {}
        # Missed, and not done since.
        self.late: dict[Kind, _Running] = {}
        # What starts once the ticket lives again.
        self.owed: set[Kind] = set()
        self.terms = opening.terms
        self.priority, self.state = opening.priority, opening.state
        self.is_replied_to = self.is_unanswered = False
        for kind in (Kind.FIRST_REPLY, Kind.SOLUTION):
            self._start(kind, opening.at)
        self._enter(opening.at)

    def apply(self, event: Event, at: datetime) -> None:
        self.miss_overdue(at)
        match event:
            case Moved(state=state):
                self._move(at, state)
            case CustomerWrote():
                self._hear(at)
            case HumanReplied():
                self._reply(at)
            case Prioritised(priority=priority):
                self.priority = priority
                self._measure_anew(at)
            case TermsChanged(terms=terms):
                self.terms = terms
                self._measure_anew(at)

    def miss_overdue(self, at: datetime) -> None:
        """What was due before `at` is missed."""
        for target in list(self.running.values()):
            if target.due_at is not None and target.due_at < at:
                target.missed_at = target.due_at
                self.late[target.kind] = self.running.pop(target.kind)

    def _move(self, at: datetime, state: str) -> None:
        if state != self.state:
            self.state = state
            self._enter(at)

    def _enter(self, at: datetime) -> None:
        """Do what being in the present state asks for."""
        if self.state == "solved":
            self._meet(Kind.SOLUTION, at)
        if self.state in CANCELLING:
            for target in (*self.running.values(), *self.late.values()):
                target.cancel(at)
                self.owed.add(target.kind)
            self.running.clear()
            self.late.clear()
        if self.state in LIVING:
            for kind in sorted(self.owed):
                self._start(kind, at)
            self.owed.clear()
        else:
            self.owed.add(Kind.SOLUTION)
        for target in self.running.values():
            if self.state in RUNNING and target.is_paused:
                target.run(at)
            elif self.state not in RUNNING:
                target.pause(at)

    def _hear(self, at: datetime) -> None:
        if self.state == "waiting":
            self._move(at, "open")
        if not self.is_replied_to or self.is_unanswered:
            return
        self.is_unanswered = True
        if self.state in CANCELLING:
            self.owed.add(Kind.NEXT_REPLY)
        else:
            self._start(Kind.NEXT_REPLY, at)

    def _reply(self, at: datetime) -> None:
        self.is_replied_to, self.is_unanswered = True, False
        for kind in REPLIES:
            self._meet(kind, at)
            self.owed.discard(kind)

    def _measure_anew(self, at: datetime) -> None:
        for target in self.running.values():
            target.measure_by(self.terms, self.priority, at)

    def _start(self, kind: Kind, at: datetime) -> None:
        number = 1 + sum(target.kind == kind for target in self.all)
        goal = self.terms.goals.get(self.priority, {}).get(kind)
        target = _Running(kind, number, at, goal, self.terms)
        self.all.append(target)
        self.running[kind] = target
        if self.state in RUNNING:
            target.run(at)
        else:
            target.pause(at)

    def _meet(self, kind: Kind, at: datetime) -> None:
        if target := self.running.pop(kind, None) or self.late.pop(kind, None):
            target.meet(at)


def _as_target(made: _Running, goal: timedelta) -> Target:
    return Target(
        kind=made.kind,
        number=made.number,
        started_at=made.started_at,
        goal=goal,
        terms=made.terms,
        due_at=made.due_at,
        warn_at=made.warn_at,
        paused=tuple(made.paused),
        met_at=made.met_at,
        missed_at=made.missed_at,
        cancelled_at=made.cancelled_at,
    )
