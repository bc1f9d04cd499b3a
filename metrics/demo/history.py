"""What each of them did: purchases, contracts, calls, answers, and why some left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from crm.models import Contract, LossReason
from metrics.demo import words
from metrics.demo.clock import Clock
from metrics.demo.people import Person
from surveys.scores import GROUPS, HIGH, LOW, MIDDLE, SCALES, group_of

# kind of purchase: weight, least, most, share of the total that the goods cost
PURCHASES = (
    (58, 22, 110, 0.34),  # repairs
    (33, 8, 70, 0.56),  # accessories and parts
    (5, 180, 420, 0.62),  # used bicycles
    (4, 450, 1650, 0.68),  # new bicycles
)
# Two waves a month, each to one customer in eight: everyone is asked every four months.
WAVES_ON, GROUPS_OF_WAVES = (9, 24), 8
BETWEEN_ASKINGS = 31
ANSWER = {"nps": 0.37, "csat": 0.42, "ces": 0.38}
# So many times as many answer since invitations are shorter.
ANSWER_SHORTER = 1.7
HIGH_CHANCE = {"nps": 0.53, "csat": 0.8, "ces": 0.76}
LOW_CHANCE = {"nps": 0.16, "csat": 0.09, "ces": 0.1}
AGGRIEVED_DAYS = 75
# The share of customers who came over from the old notebook in the first weeks.
FROM_NOTEBOOK, NOTEBOOK_DAYS = 0.24, 45


@dataclass(slots=True)
class Term:
    """A contract; `renewed` is the one that follows it without a gap."""

    starts_on: date
    ends_on: date | None
    amount: Decimal
    interval: str
    cancelled_on: date | None = None
    reason: str = ""
    renewed: Term | None = None


@dataclass(slots=True)
class Talk:
    """Something that passed: logged by the `by`-th of the team."""

    at: datetime
    kind: str
    direction: str
    summary: str
    by: int
    body: str = ""


@dataclass(slots=True)
class Asking:
    """One invitation, and the answer if there was one."""

    kind: str
    at: datetime
    answered_at: datetime | None = None
    score: int = 0
    comment: str = ""
    bounced: bool = False


@dataclass(slots=True)
class Promise:
    title: str
    made_at: datetime
    due_at: datetime
    done_at: datetime | None
    by: int


@dataclass(slots=True)
class History:
    person: Person
    created_at: datetime
    # When, total and cost of goods.
    purchases: list[tuple[datetime, Decimal, Decimal]] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    # When, why, and in which words.
    losses: list[tuple[datetime, str, str]] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    askings: list[Asking] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    # Open things to do: title, due time, whether promised, whose of the team.
    tasks: list[tuple[str, datetime | None, bool, int]] = field(default_factory=list)
    # Spent to make good: day, amount, note.
    amends: list[tuple[date, Decimal, str]] = field(default_factory=list)
    notes: str = ""
    referrer: History | None = None


@dataclass
class Life:
    """Draws one person's history; `purchase_days` is what surveys follow."""

    random: Random
    clock: Clock
    person: Person
    team: int
    history: History = field(init=False)
    purchase_days: list[float] = field(default_factory=list)
    aggrieved_on: float | None = None

    def live(self, arrived: float) -> History:
        if arrived < NOTEBOOK_DAYS and self.person.last_chance == 1:
            # Nobody kept those in the notebook who had come once.
            self.person.mean_gap, self.person.last_chance = 90, 0.06
        self.history = History(self.person, self.clock.instant(arrived, self.random))
        self._talk(arrived, self.random.choice(words.FIRST_CONTACT), at=self.history.created_at)
        if self.person.buys:
            # Half of them buy as they come in; the others think about it.
            wait = 0.0 if self.random.random() < 0.5 else self.random.expovariate(1 / 12)
            self._buy_on(arrived + wait)
            self._contracts()
        self._promises()
        self._askings()
        return self.history

    # --- Purchases ---------------------------------------------------------------------

    def _buy_on(self, day: float) -> None:
        while day < self.clock.days:
            if not self._purchase(day):
                return
            if self.random.random() < self.person.last_chance:
                self._leave_quietly(day)
                return
            gap = self.random.expovariate(1 / max(self.person.mean_gap, 1))
            day += max(2.0, gap / self.clock.season(day))

    def _purchase(self, day: float) -> bool:
        """Buy something; False when the faulty brakes drove them away."""
        kinds = [kind[0] for kind in PURCHASES]
        _weight, least, most, share = self.random.choices(PURCHASES, kinds)[0]
        total = Decimal(round(self.random.triangular(least, most, least * 1.4), 1)).quantize(CENT)
        cost = (total * Decimal(share * self.random.uniform(0.85, 1.15))).quantize(CENT)
        at = self.clock.instant(day, self.random)
        self._bought(at, total, cost)
        self.purchase_days.append(day)
        if self.random.random() < 0.55:
            self._talk(day + self.random.uniform(0, 6), self.random.choice(words.DAILY))
        return not self._brakes_fail(day, total)

    def _bought(self, at: datetime, total: Decimal, cost: Decimal) -> None:
        if at >= self.history.created_at:
            self.history.purchases.append((at, total, cost))
        else:
            self.history.purchases.append((self.history.created_at, total, cost))

    def _brakes_fail(self, day: float, total: Decimal) -> bool:
        """In the bad month: a complaint, money back; whether it was the last that we saw of them."""
        first, last = self.clock.bad_days
        if not first - 10 <= day < last - 4 or self.aggrieved_on is not None:
            return False
        if self.random.random() > 0.55:
            return False
        complained = day + self.random.uniform(3, 14)
        if complained >= self.clock.days:
            return False
        self.aggrieved_on = complained
        self._talk(complained, self.random.choice(words.BRAKE_COMPLAINTS))
        back = complained + self.random.uniform(0, 4)
        refund = min(total, Decimal(self.random.randint(24, 68)))
        if self.random.random() < 0.75 and back < self.clock.days:
            at = self.clock.instant(back, self.random)
            self.history.purchases.append((at, -refund, Decimal(0)))
        self._talk(back + self.random.uniform(0, 5), self.random.choice(words.BRAKE_APOLOGIES))
        if self.random.random() < 0.5:
            reason = self.random.choice(
                (LossReason.PRODUCT, LossReason.PRODUCT, LossReason.SERVICE)
            )
            self._lose(back + self.random.uniform(6, 24), reason)
            return True
        return False

    def _leave_quietly(self, day: float) -> None:
        """Most say nothing and fall silent; of some we hear why."""
        if self.person.last_chance < 1 and self.random.random() < 0.3:
            reasons = (
                LossReason.COMPETITOR_PRICE,
                LossReason.MOVED,
                LossReason.NO_NEED,
                LossReason.COMPETITOR_PRODUCT,
                LossReason.SERVICE,
            )
            reason = self.random.choices(reasons, (30, 26, 22, 12, 10))[0]
            self._lose(day + self.random.uniform(15, 70), reason)

    def _lose(self, day: float, reason: str) -> None:
        if day < self.clock.days:
            at = self.clock.instant(day, self.random)
            notes = words.LOSS_NOTES.get(reason, ("",))
            self.history.losses.append((at, reason, self.random.choice(notes)))

    # --- Contracts ---------------------------------------------------------------------

    def _contracts(self) -> None:
        if not self.purchase_days:
            return
        first = self.purchase_days[0]
        if self.person.is_company and self.random.random() < 0.7:
            self._fleet(first)
        elif self.person.last_chance < 0.1 and self.random.random() < 0.1:
            self._plan(self.random.choice(self.purchase_days))

    def _fleet(self, first: float) -> None:
        """A maintenance contract a year at a time, invoiced monthly."""
        amount = Decimal(self.random.choice((60, 80, 95, 120, 150, 180, 240)))
        start = self.clock.first_day + timedelta(days=int(first))
        lasts = self.random.expovariate(1 / 60) * 30  # days; five years on average
        bad_first, _bad_last = self.clock.bad_days
        if self.random.random() < 0.14 and first < bad_first:
            lasts = min(lasts, bad_first + self.random.uniform(8, 40) - first)
        end = start + timedelta(days=max(int(lasts), 30))
        previous: Term | None = None
        while start <= self.clock.today:
            after = start + timedelta(days=365)
            term = Term(start, after, amount, Contract.Interval.MONTH)
            if previous:
                previous.renewed = term
            self.history.terms.append(term)
            if end < after and end <= self.clock.today:
                term.cancelled_on = end
                term.reason = self.random.choice((LossReason.SERVICE, LossReason.COMPETITOR_PRICE))
                break
            if after > self.clock.today or self.random.random() < 0.08:
                break
            previous, start = term, after
        self._invoice(self.history.terms[0].starts_on, self.history.terms[-1], amount)

    def _invoice(self, on: date, last: Term, amount: Decimal) -> None:
        until = min(filter(None, (last.ends_on, last.cancelled_on, self.clock.today)))
        while on < until:
            day = (on - self.clock.first_day).days
            at = self.clock.instant(day, self.random)
            self._bought(at, amount, (amount * Decimal("0.22")).quantize(CENT))
            on = (on.replace(day=1) + timedelta(days=32)).replace(day=min(on.day, 28))

    def _plan(self, day: float) -> None:
        """A person's yearly plan, paid at once."""
        start = self.clock.first_day + timedelta(days=int(day))
        amount = Decimal(149)
        self.history.terms.append(
            Term(start, start + timedelta(days=365), amount, Contract.Interval.YEAR)
        )
        self._bought(self.clock.instant(day, self.random), amount, Decimal(38))

    # --- Words -------------------------------------------------------------------------

    def _talk(self, day: float, said: tuple[str, str, str], *, at: datetime | None = None) -> None:
        if day >= self.clock.days:
            return
        kind, direction, summary = said
        at = at or self.clock.instant(day, self.random)
        by = self.random.choices(range(self.team), (2, 3, 8, 7)[: self.team])[0]
        self.history.talks.append(Talk(at, kind, direction, summary, by))

    def _promises(self) -> None:
        for day in self.purchase_days:
            if self.random.random() > 0.035 or day > self.clock.days - 12:
                continue
            made = self.clock.instant(day, self.random)
            due = made + timedelta(days=self.random.randint(1, 7))
            late = self.random.random()
            done: datetime | None = due - timedelta(hours=self.random.randint(2, 20))
            if late > 0.95:
                done = None
            elif late > 0.86:
                done = due + timedelta(days=self.random.randint(1, 6))
            title = self.random.choice(words.PROMISES)
            by = self.random.randrange(self.team)
            if done is None and day > self.clock.days - 60:
                done = due  # the late ones that are still open are told in stories
            self.history.promises.append(Promise(title, made, due, done, by))

    # --- Answers -----------------------------------------------------------------------

    def _askings(self) -> None:
        if not self.person.email or not self.purchase_days:
            return
        asked = -999.0
        bounces = self.random.random() < 0.02
        for day, kind in sorted(self._occasions()):
            if day - asked < BETWEEN_ASKINGS or day >= self.clock.days - 1:
                continue
            asked = day
            # The wave went out at ten in the morning of its day; other mails follow the visit.
            at = self.clock.instant(day, self.random)
            if kind == "nps":
                on = self.clock.first_day + timedelta(days=int(day))
                at = self.clock.midnight(on) + timedelta(hours=10)
            asking = Asking(kind, at, bounced=bounces)
            if not bounces and self.random.random() < self._answer_chance(kind, day):
                self._answer(asking, day)
            self.history.askings.append(asking)
            if bounces:
                return

    def _answer_chance(self, kind: str, day: float) -> float:
        shorter = self.clock.asked_better_on <= self.clock.first_day + timedelta(days=int(day))
        return ANSWER[kind] * (ANSWER_SHORTER if shorter else 1)

    def _occasions(self) -> list[tuple[float, str]]:
        found: list[tuple[float, str]] = []
        for day in self.purchase_days:
            draw = self.random.random()
            if draw < 0.22:
                found.append((day + 2, "csat"))
            elif draw < 0.36:
                found.append((day + 1, "ces"))
        for turn, wave in enumerate(waves(self.clock)):
            if turn % GROUPS_OF_WAVES != self.person.number % GROUPS_OF_WAVES:
                continue
            last = max((day for day in self.purchase_days if day < wave), default=None)
            if last is not None and wave - last < 150:
                found.append((wave, "nps"))
        return found

    def _answer(self, asking: Asking, day: float) -> None:
        answered = asking.at + timedelta(hours=min(self.random.expovariate(1 / 20) + 0.1, 600))
        if answered >= self.clock.now:
            return
        since = None if self.aggrieved_on is None else day - self.aggrieved_on
        aggrieved = since is not None and -3 < since < AGGRIEVED_DAYS
        mood = self.person.warmth - (0.75 if aggrieved else 0)
        asking.answered_at = answered
        asking.score = score(self.random, asking.kind, mood)
        group = group_of(asking.kind, asking.score)
        if self.random.random() < 0.5 or aggrieved:
            about = "brakes" if aggrieved and group == LOW else group
            asking.comment = self.random.choice(words.COMMENTS[about][self.person.language])


CENT = Decimal("0.01")


def waves(clock: Clock) -> list[int]:
    """The days on which some were asked how likely they are to recommend the workshop."""
    first_days = [(month - clock.first_day).days for month, _after in clock.months()]
    days = [first + on - 1 for first in first_days for on in WAVES_ON]
    return [day for day in days if 20 <= day < clock.days - 2]


def score(random: Random, kind: str, mood: float) -> int:
    """A score of the kind's scale; `mood` of -1 to 1 moves the chances of a high and a low one."""
    lowest, highest = SCALES[kind]
    middle, high = GROUPS[kind]
    draw = random.random()
    low_chance = min(max(LOW_CHANCE[kind] - mood, 0.02), 0.9)
    high_chance = min(max(HIGH_CHANCE[kind] + mood, 0.04), 0.95)
    if draw < low_chance:
        group = LOW
    elif draw > 1 - min(high_chance, 1 - low_chance):
        group = HIGH
    else:
        group = MIDDLE
    if group == LOW:
        # The lowest scores are rare.
        return max(lowest, middle - 1 - int(abs(random.gauss(0, 1.8))))
    if group == MIDDLE:
        return random.randint(middle, high - 1)
    return random.randint(high, highest)


def arrival(random: Random, clock: Clock) -> float:
    """The day they were first seen here."""
    if random.random() < FROM_NOTEBOOK:
        return random.uniform(0, NOTEBOOK_DAYS)
    first, last = clock.bad_days
    while True:
        day = clock.days * float(random.random() ** 0.8)
        chance = clock.season(day) / 1.4
        if first <= day < last + 20:
            chance *= 0.65  # word gets round
        if random.random() < chance:
            return min(day, clock.days - 0.1)
