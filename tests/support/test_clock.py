"""The clock of a ticket: named examples, and a minute-by-minute oracle for everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from support import clock
from support.clock import (
    CustomerWrote,
    HumanReplied,
    Kind,
    Moved,
    Opening,
    Prioritised,
    Terms,
    TermsChanged,
)
from support.hours import Span, WorkingHours
from tests.support.wall_clock import MINUTE, looked_at, situations

FIRST, NEXT, SOLUTION = Kind.FIRST_REPLY, Kind.NEXT_REPLY, Kind.SOLUTION
MADRID = ZoneInfo("Europe/Madrid")
# Nine to two and four to seven, Monday to Friday.
OFFICE = WorkingHours(MADRID, ((Span(540, 840), Span(960, 1140)),) * 5 + ((), ()))
HOUR = timedelta(hours=1)
GOALS = {
    "normal": {FIRST: 4 * HOUR, NEXT: 2 * HOUR, SOLUTION: 16 * HOUR},
    "urgent": {FIRST: HOUR, NEXT: HOUR, SOLUTION: 4 * HOUR},
    "low": {FIRST: 8 * HOUR},
}
TERMS = Terms(GOALS, OFFICE)
FOREVER = datetime(2027, 1, 1, tzinfo=UTC)


def at(when: str) -> datetime:
    """ "mon 10:00" to "sun 23:59" of a week without holidays; "mon+" is a week later."""
    day, _space, clock_time = when.partition(" ")
    hour, minute = map(int, clock_time.split(":"))
    days = "mon tue wed thu fri sat sun".split().index(day.rstrip("+")) + 7 * day.count("+")
    return datetime(2026, 11, 9, hour, minute, tzinfo=MADRID) + timedelta(days=days)


def history(opened: str, *events, until: str | None = None, priority="normal", state="new"):
    """The targets of a ticket, by kind and number."""
    opening = Opening(at(opened), TERMS, priority, state)
    found = clock.targets(opening, events, until=at(until) if until else FOREVER)
    return {(target.kind, target.number): target for target in found}


def test_a_reply_within_the_time_meets_the_first_target():
    found = history("mon 12:00", HumanReplied(at("mon 17:30")))

    # Four hours from noon, with two hours of lunch between.
    assert found[FIRST, 1].due_at == at("mon 18:00")
    assert found[FIRST, 1].met_at == at("mon 17:30")
    assert found[FIRST, 1].missed_at is None


def test_what_is_done_at_the_due_time_is_in_time_and_a_minute_later_is_not():
    on_time = history("mon 9:00", HumanReplied(at("mon 13:00")))[FIRST, 1]
    late = history("mon 9:00", HumanReplied(at("mon 13:01")))[FIRST, 1]

    assert (on_time.met_at, on_time.missed_at) == (at("mon 13:00"), None)
    assert (late.met_at, late.missed_at) == (at("mon 13:01"), at("mon 13:00"))


def test_an_overdue_running_target_is_missed_at_its_due_time():
    assert history("mon 9:00", until="mon 13:00")[FIRST, 1].is_running
    assert history("mon 9:00", until="mon 13:01")[FIRST, 1].missed_at == at("mon 13:00")


def test_a_ticket_that_comes_on_saturday_waits_for_monday():
    assert history("sat 12:00", until="sat 13:00")[FIRST, 1].due_at == at("mon+ 13:00")


def test_the_first_reply_is_no_next_one_and_the_customer_s_reminders_don_t_move_it():
    found = history(
        "mon 9:00",
        CustomerWrote(at("mon 10:00")),
        CustomerWrote(at("mon 11:00")),
        HumanReplied(at("mon 12:00")),
    )

    assert (NEXT, 1) not in found
    assert found[FIRST, 1].met_at == at("mon 12:00")


def test_the_next_reply_counts_from_the_first_message_that_nobody_answered():
    found = history(
        "mon 9:00",
        HumanReplied(at("mon 9:30")),
        CustomerWrote(at("mon 10:00")),
        CustomerWrote(at("mon 11:45")),
        HumanReplied(at("mon 11:59")),
        CustomerWrote(at("mon 13:00")),
        until="mon 13:30",
    )

    assert found[NEXT, 1].started_at == at("mon 10:00")
    assert found[NEXT, 1].met_at == at("mon 11:59")
    assert found[NEXT, 2].due_at == at("mon 17:00")  # an hour before lunch, an hour after
    assert found[NEXT, 2].is_running


def test_the_clock_stands_still_while_we_wait_for_the_customer():
    found = history(
        "mon 9:00",
        HumanReplied(at("mon 10:00")),
        Moved(at("mon 10:00"), "waiting"),
        until="tue 12:00",
    )

    assert found[SOLUTION, 1].is_paused
    assert found[SOLUTION, 1].due_at is None
    assert found[SOLUTION, 1].paused == ((at("mon 10:00"), None),)


def test_what_the_customer_writes_starts_it_again():
    found = history(
        "mon 9:00",
        HumanReplied(at("mon 10:00")),
        Moved(at("mon 10:00"), "waiting"),
        CustomerWrote(at("tue 9:00")),
        until="tue 12:00",
    )

    assert found[SOLUTION, 1].paused == ((at("mon 10:00"), at("tue 9:00")),)
    assert found[SOLUTION, 1].due_at == at("wed 18:00")  # fifteen hours more
    assert found[NEXT, 1].due_at == at("tue 11:00")


def test_on_hold_is_our_own_time():
    held = history("mon 9:00", Moved(at("mon 9:30"), "on_hold"), until="mon 10:00")

    assert held[FIRST, 1].due_at == at("mon 13:00")
    assert not held[SOLUTION, 1].is_paused


def test_solving_meets_the_solution_and_the_time_after_it_doesn_t_count():
    found = history("mon 9:00", Moved(at("mon 12:00"), "solved"), until="fri 12:00")

    assert found[SOLUTION, 1].met_at == at("mon 12:00")
    assert found[FIRST, 1].is_paused


def test_solved_while_waiting_is_due_when_it_would_have_been():
    found = history("mon 9:00", Moved(at("mon 10:00"), "waiting"), Moved(at("fri 10:00"), "solved"))

    assert found[SOLUTION, 1].met_at == at("fri 10:00")
    assert found[SOLUTION, 1].due_at == at("mon+ 19:00")
    assert found[SOLUTION, 1].paused == ((at("mon 10:00"), at("fri 10:00")),)


def test_a_reopened_ticket_gets_a_new_solution_target_and_the_first_stays_met():
    found = history(
        "mon 9:00",
        HumanReplied(at("mon 10:00")),
        Moved(at("mon 10:00"), "solved"),
        Moved(at("tue 9:00"), "open"),
        CustomerWrote(at("tue 9:00")),
        until="tue 10:00",
    )

    assert found[SOLUTION, 1].met_at == at("mon 10:00")
    assert found[SOLUTION, 2].started_at == at("tue 9:00")
    assert found[SOLUTION, 2].due_at == at("wed 19:00")
    assert found[NEXT, 1].due_at == at("tue 11:00")


def test_nobody_answered_before_it_was_solved_so_the_first_reply_is_still_owed_when_it_reopens():
    found = history(
        "mon 9:00",
        Moved(at("mon 10:00"), "solved"),
        Moved(at("tue 9:00"), "open"),
        until="tue 10:00",
    )

    assert found[FIRST, 1].due_at == at("tue 12:00")
    assert found[FIRST, 1].paused == ((at("mon 10:00"), at("tue 9:00")),)


def test_a_higher_priority_counts_from_the_beginning_but_nothing_is_late_before_it():
    early = history("mon 9:00", Prioritised(at("mon 9:30"), "urgent"), until="mon 9:30")
    late = history("mon 9:00", Prioritised(at("mon 12:00"), "urgent"), until="mon 12:01")

    assert early[FIRST, 1].due_at == at("mon 10:00")
    assert early[SOLUTION, 1].due_at == at("mon 13:00")
    assert late[FIRST, 1].due_at == late[FIRST, 1].missed_at == at("mon 12:00")


def test_what_was_met_or_missed_stays_when_the_priority_changes():
    found = history(
        "mon 9:00",
        HumanReplied(at("mon 9:10")),
        Prioritised(at("tue 9:00"), "urgent"),
        Prioritised(at("tue 9:01"), "normal"),
        until="tue 9:01",
    )

    assert found[FIRST, 1].goal == 4 * HOUR
    assert found[SOLUTION, 1].missed_at == at("tue 9:00")
    assert found[SOLUTION, 1].goal == 4 * HOUR


def test_a_priority_without_a_target_has_none_until_there_is_one_again():
    low = history("mon 9:00", Prioritised(at("mon 10:00"), "low"), until="fri 19:00")
    back = history(
        "mon 9:00",
        Prioritised(at("mon 10:00"), "low"),
        Prioritised(at("fri 10:00"), "normal"),
        until="fri 10:00",
    )

    assert (SOLUTION, 1) not in low
    assert back[SOLUTION, 1].due_at == at("fri 10:00")  # it has been open all week


def test_new_hours_count_from_when_they_are_in_force():
    mornings = WorkingHours(MADRID, ((Span(540, 840),),) * 5 + ((), ()))
    changed = TermsChanged(at("mon 13:00"), Terms(GOALS, mornings, calendar=2))

    found = history("mon 9:00", changed, until="mon 13:00")

    assert found[FIRST, 1].due_at == at("mon 13:00")
    assert found[SOLUTION, 1].due_at == at("thu 10:00")  # 4 h, then 1, 5, 5 and 1
    assert found[SOLUTION, 1].terms.calendar == 2


def test_whoever_is_responsible_is_warned_after_three_quarters_of_the_time():
    assert history("mon 9:00", until="mon 9:00")[FIRST, 1].warn_at == at("mon 12:00")


def test_closing_spam_and_merging_cancel_what_runs():
    for state in ("closed", "spam", "merged"):
        found = history("mon 9:00", Moved(at("mon 10:00"), state), until="fri 10:00")

        assert {target.cancelled_at for target in found.values()} == {at("mon 10:00")}
        assert not any(target.is_running for target in found.values())


def test_what_was_no_spam_after_all_is_owed_from_then_on():
    found = history(
        "mon 9:00", Moved(at("mon 10:00"), "spam"), Moved(at("tue 9:00"), "open"), until="tue 9:00"
    )

    assert found[FIRST, 2].due_at == at("tue 13:00")
    assert found[SOLUTION, 2].started_at == at("tue 9:00")


def test_a_ticket_taken_on_the_phone_counts_from_its_opening_and_may_be_solved_at_once():
    found = history("mon 9:00", Moved(at("mon 9:00"), "solved"), state="open")

    assert found[SOLUTION, 1].met_at == at("mon 9:00")


def test_events_that_come_before_the_opening_count_as_at_it():
    assert history("mon 9:00", HumanReplied(at("mon 8:00")))[FIRST, 1].met_at == at("mon 9:00")


# --- The oracle: a ticket lived through minute by minute -----------------------------------------


@dataclass
class Lived:
    kind: Kind
    number: int
    started: int
    goal: int | None
    worked: int = 0
    due: int | None = None
    end: str = ""
    ended: int | None = None
    # When what had been missed was done or no longer needed.
    over: int | None = None


class Life:
    """Walks through the minutes with nothing but the states and whether each one is worked.

    Written apart from the clock on purpose: what is due is only known when it has come.
    """

    def __init__(self, hours_by_name, goals, opened, state, priority):
        self.worked, self.goals, self.all = hours_by_name, goals, []
        self.calendar, self.state, self.priority = 0, state, priority
        self.answered, self.asked, self.died, self.fresh = False, False, set(), False
        for kind in (FIRST, SOLUTION):
            self.begin(kind, opened)
        self.settle_state(opened)

    def live(self):
        return [one for one in self.all if not one.end]

    def is_owed(self, one):
        return not one.end or (one.end == "missed" and one.over is None)

    def begin(self, kind, minute):
        number = len([one for one in self.all if one.kind == kind]) + 1
        goal = self.goals[self.priority].get(kind)
        self.all.append(Lived(kind, number, minute, goal))
        self.mark_due(minute)

    def finish(self, kind, minute, how):
        for one in self.all:
            if one.kind == kind and not one.end:
                one.end, one.ended = how, minute
            elif one.kind == kind and one.end == "missed" and one.over is None:
                one.over = minute

    def mark_due(self, minute):
        for one in self.live():
            has_used_it_up = one.goal is not None and one.worked >= one.goal
            if not has_used_it_up:
                one.due = None
            elif one.due is None and self.state in ("new", "open", "on_hold"):
                one.due = minute

    def settle_state(self, minute):
        if self.state == "solved":
            self.finish(SOLUTION, minute, "met")
            self.fresh = True
        if self.state in ("closed", "spam", "merged"):
            for kind in Kind:
                if any(one.kind == kind and self.is_owed(one) for one in self.all):
                    self.finish(kind, minute, "cancelled")
                    self.died.add(kind)
            self.fresh = True
        if self.state in ("new", "open", "waiting", "on_hold"):
            again = self.died | ({SOLUTION} if self.fresh else set())
            for kind in sorted(again):
                self.begin(kind, minute)
            self.died, self.fresh = set(), False
        self.mark_due(minute)

    def happen(self, event, minute):
        match event:
            case ("move", state):
                if state != self.state:
                    self.state = state
                    self.settle_state(minute)
            case ("customer", _):
                if self.state == "waiting":
                    self.state = "open"
                    self.settle_state(minute)
                if self.answered and not self.asked:
                    self.asked = True
                    if self.state in ("closed", "spam", "merged"):
                        self.died.add(NEXT)
                    else:
                        self.begin(NEXT, minute)
            case ("reply", _):
                self.answered, self.asked = True, False
                self.died -= {FIRST, NEXT}
                self.finish(FIRST, minute, "met")
                self.finish(NEXT, minute, "met")
            case ("priority", priority):
                self.priority = priority
                self.measure(minute)
            case ("hours", number):
                self.calendar = number
                self.measure(minute)

    def measure(self, minute):
        for one in self.live():
            one.goal = self.goals[self.priority].get(one.kind)
            one.due = None
        self.mark_due(minute)

    def pass_minute(self, minute):
        """Of what was due by the beginning of this minute, whatever is left is missed after it."""
        for one in self.live():
            if one.due is not None:
                one.end, one.ended = "missed", one.due
        if self.state in ("new", "open", "on_hold") and self.worked[self.calendar][minute]:
            for one in self.live():
                one.worked += 1
        self.mark_due(minute + 1)


GOAL = st.none() | st.integers(0, 600)
CHANGES = st.one_of(
    st.tuples(
        st.just("move"),
        st.sampled_from("open waiting on_hold solved closed spam merged new".split()),
    ),
    st.tuples(st.sampled_from(["customer", "reply"]), st.none()),
    st.tuples(st.just("priority"), st.sampled_from(["normal", "urgent", "low"])),
    st.tuples(st.just("hours"), st.sampled_from([0, 1])),
)


def as_event(change, when, terms):
    match change:
        case ("move", state):
            return Moved(when, state)
        case ("customer", _):
            return CustomerWrote(when)
        case ("reply", _):
            return HumanReplied(when)
        case ("priority", priority):
            return Prioritised(when, priority)
        case (_, number):
            return TermsChanged(when, terms[number])


@settings(deadline=None, max_examples=60)
@given(situations(), st.data())
def test_the_clock_is_what_living_through_every_minute_finds(situation, data):
    hours, since, worked = situation
    other = WorkingHours(hours.zone, hours.week[3:] + hours.week[:3])
    walls = [worked, looked_at(other, since)]
    goals = {
        priority: {
            kind: goal
            for kind in Kind
            if (goal := data.draw(GOAL, f"{priority} {kind}")) is not None
        }
        for priority in ("normal", "urgent", "low")
    }
    in_time = {
        priority: {kind: goal * MINUTE for kind, goal in by_kind.items()}
        for priority, by_kind in goals.items()
    }
    terms = [Terms(in_time, hours), Terms(in_time, other, calendar=1)]
    opened = data.draw(st.integers(0, 3000))
    state = data.draw(st.sampled_from(["new", "open", "waiting", "solved"]))
    moments = data.draw(st.lists(st.tuples(st.integers(0, 4000), CHANGES), max_size=10))
    changes = sorted(moments, key=lambda moment: moment[0])
    until = len(worked) - 1

    life = Life(walls, goals, opened, state, "normal")
    left = [(opened + minute, change) for minute, change in changes]
    for minute in range(opened, until):
        while left and left[0][0] == minute:
            life.happen(left.pop(0)[1], minute)
        life.pass_minute(minute)
    expected = {
        (one.kind, one.number): (one.started, one.goal, one.end, one.ended, one.over)
        for one in life.all
        if one.goal is not None
    }
    events = [
        as_event(change, since + (opened + minute) * MINUTE, terms) for minute, change in changes
    ]
    opening = Opening(since + opened * MINUTE, terms[0], "normal", state)

    found = clock.targets(opening, events, until=since + until * MINUTE)

    assert {
        (target.kind, target.number): (
            (target.started_at - since) // MINUTE,
            target.goal // MINUTE,
            *outcome(target, since),
        )
        for target in found
    } == expected
    assert_consistent(found)


def outcome(target, since):
    ends = {"missed": target.missed_at, "met": target.met_at, "cancelled": target.cancelled_at}
    came = [
        (name, (ended - since) // MINUTE) for name, ended in ends.items() if ended is not None
    ] or [("", None)]
    is_late = came[0][0] == "missed" and len(came) > 1
    return *came[0], came[1][1] if is_late else None


def assert_consistent(found):
    """In time if met, late if missed, never both done and cancelled; pauses one by one."""
    for target in found:
        assert None in (target.met_at, target.cancelled_at)
        if target.missed_at:
            assert target.missed_at == target.due_at
            assert target.met_at is None or target.met_at > target.due_at
        elif target.met_at and target.due_at:
            assert target.met_at <= target.due_at
        edges = [edge for pause in target.paused for edge in pause if edge]
        assert edges == sorted(edges)
        if target.is_paused:
            assert target.due_at is None
