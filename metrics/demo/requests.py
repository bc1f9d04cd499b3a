"""What customers of the workshop ask for, and what it answers, in three languages."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from metrics.demo.clock import Clock
from metrics.demo.history import History


@dataclass(frozen=True)
class Topic:
    """`texts` are by language: subject, asked, answer, and again when it comes back ("": never)."""

    category: int
    kind: str
    weight: int
    texts: dict[str, dict[str, str]]


def _topics() -> tuple[list[Topic], dict[str, str]]:
    data = tomllib.loads((Path(__file__).parent / "requests.toml").read_text())
    return [Topic(**topic) for topic in data["topics"]], data["note"]


TOPICS, NOTES = _topics()
# How likely a purchase is followed by a request, and a solution by a return.
ASKS, COMES_BACK = 0.09, 0.16


@dataclass(slots=True)
class Said:
    """One message: `by` is the place in the team, None the customer; a note stays inside."""

    at: datetime
    text: str
    by: int | None = None
    is_note: bool = False


@dataclass(slots=True)
class Request:
    """A ticket on its way through: each (kind of event, when, by whom) besides its messages."""

    topic: Topic
    language: str
    channel: str
    priority: int
    assignee: int | None
    said: list[Said]
    steps: list[tuple[str, datetime, int | None]]
    state: str

    @property
    def subject(self) -> str:
        return self.topic.texts[self.language]["subject"]

    @property
    def opened_at(self) -> datetime:
        return self.said[0].at


def requests(history: History, random: Random, clock: Clock) -> list[Request]:
    """What one customer asked for over the years, the oldest first."""
    found = []
    for at, total, _cost in history.purchases:
        chance = ASKS * (3 if total < 0 else 1)
        if random.random() < chance:
            opened = clock.within_hours(at + timedelta(days=random.uniform(0.5, 12)), random)
            if opened < clock.now - timedelta(hours=1):
                found.append(_live(history, random, clock, opened))
    return sorted(found, key=lambda request: request.opened_at)


def pressing(history: History, random: Random, clock: Clock, hours_ago: float) -> Request:
    """One that is still open: so that the desk has something to do today."""
    opened = clock.now - timedelta(hours=hours_ago)
    request = _live(history, random, clock, opened, ends=False)
    request.assignee = random.choice((None, None, 2, 3, 1, 0))
    return request


def _live(
    history: History, random: Random, clock: Clock, opened: datetime, *, ends: bool = True
) -> Request:
    [topic] = random.choices(TOPICS, [topic.weight for topic in TOPICS])
    language = history.person.language
    words = topic.texts[language]
    who = random.choice((2, 2, 3, 3, 1))
    first_name = history.person.contact_name.split()[0]
    request = Request(
        topic=topic,
        language=language,
        channel=random.choices(("email", "form", "phone"), (70, 20, 10))[0],
        priority=random.choices((20, 30, 10, 40), (78, 13, 6, 3))[0],
        assignee=who,
        said=[Said(opened, words["asked"])],
        steps=[],
        state="new",
    )
    if not ends and random.random() < 0.6:
        return request
    replied = clock.within_hours(opened + timedelta(hours=random.expovariate(1 / 5)), random)
    if replied >= clock.now:
        return request
    request.said.append(Said(replied, words["answer"].replace("{name}", first_name), who))
    request.steps.append(("waiting", replied, who))
    request.state = "waiting"
    if random.random() < 0.2:
        noted = replied + timedelta(minutes=4)
        request.said.append(Said(min(noted, clock.now), NOTES[language], who, is_note=True))
    if ends:
        _end(request, random, clock, who)
    return request


def _end(request: Request, random: Random, clock: Clock, who: int) -> None:
    """Solved, now and then opened again, and closed a week later."""
    since = request.steps[-1][1]
    again = request.topic.texts[request.language]["again"]
    solved = clock.within_hours(since + timedelta(hours=random.expovariate(1 / 18)), random)
    if solved >= clock.now:
        return
    request.steps.append(("resolved", solved, who))
    request.state = "solved"
    back = clock.within_hours(solved + timedelta(days=random.uniform(0.3, 9)), random)
    if again and random.random() < COMES_BACK and back < clock.now:
        request.said.append(Said(back, again))
        request.steps.append(("reopened", back, None))
        request.state = "open"
        solved = clock.within_hours(back + timedelta(hours=random.expovariate(1 / 12)), random)
        if solved >= clock.now:
            return
        request.steps.append(("resolved", solved, who))
        request.state = "solved"
    closed = solved + timedelta(days=7)
    if closed < clock.now:
        request.steps.append(("closed", closed, None))
        request.state = "closed"
