"""Contact, questions and silence over windows; and what people said that nobody replied to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from metrics.facts.over import added, in_runs
from metrics.facts.standing import at_the_time, served_in
from metrics.formulas.listening import Spoken, Talked
from metrics.periods import DAY, Window, midnight
from metrics.scope import Scope, within
from metrics.sql import as_stored, fetch, later, rows_table, windows_table

# What leaves by itself is shown on a timeline, but is no word with somebody.
BY_ITSELF = ("survey_invitation", "outreach")
PASSED = "x.direction <> ''"
SPOKEN = f"{PASSED} AND x.kind NOT IN {BY_ITSELF}"
# Said on the feedback page, by telephone, in a mail: anything that is more than a question.
FEEDBACK = """
    t.state NOT IN ('spam', 'merged') AND t.channel <> 'survey'
    AND (t.channel = 'form' OR t.kind IN ('complaint', 'suggestion', 'praise'))
"""
DETRACTOR = "r.kind = 'nps' AND r.validity = 'valid' AND r.score <= 6"


def one_for_each_end(windows: Sequence[Window]) -> list[Window]:
    """One of the windows for each of their ends: a month, its quarter and its year may end together."""
    return list({window.end: window for window in windows}.values())


def quiet_before_end(windows: Sequence[Window], days: int) -> list[Window]:
    """The days before the end of each window, from a local midnight: of a running one, today's too.

    By whole days, so that between two midnights only a fact changes who has been heard.
    """
    return [
        Window(
            midnight(window.until_on - days * DAY, window.zone),
            window.end,
            window.until_on - days * DAY,
            window.until_on,
            window.zone,
        )
        for window in windows
    ]


@dataclass(frozen=True)
class OfOthers:
    """What passed in a window with those who were no customers at any time of it."""

    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    squares: int = 0


def talked(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Talked]:
    """Interactions that went one way or the other, with customers served in each window."""
    ways = added(windows, partial(_ways, scope=scope), Counter[tuple[str, str]]())
    squares = in_runs(windows, partial(_squares, scope=scope))
    others = in_runs(windows, partial(_of_others, scope=scope))
    results = []
    for own, square, other in zip(ways, squares, others, strict=True):
        directions, channels = Counter[str](), Counter[str]()
        for (direction, channel), count in (own - other.ways).items():
            directions[direction] += count
            channels[channel] += count
        results.append(Talked(directions, channels, square - other.squares))
    return results


# Where it passed, or else what it was.
CHANNEL = "COALESCE(NULLIF(x.channel, ''), x.kind)"


def _ways(windows: Sequence[Window], *, scope: Scope | None) -> list[Counter[tuple[str, str]]]:
    """By direction and channel, with everybody."""
    table, params = rows_table("x", "crm_interaction", "occurred_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, x.direction, {CHANNEL}, COUNT(*) FROM x
        WHERE {PASSED} {within(scope, "x.customer_id")} GROUP BY i, x.direction, {CHANNEL}
        """,
        params,
    )
    results = [Counter[tuple[str, str]]() for _ in windows]
    for i, direction, channel, count in rows:
        results[i][direction, channel] = count
    return results


def _squares(windows: Sequence[Window], *, scope: Scope | None) -> list[int]:
    """Σ over everybody of the squared number of interactions."""
    table, params = rows_table("x", "crm_interaction", "occurred_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table},
        own AS (
            SELECT i, COUNT(*) AS n FROM x WHERE {PASSED} {within(scope, "x.customer_id")}
            GROUP BY i, x.customer_id
        )
        SELECT i, SUM(n * n) FROM own GROUP BY i
        """,
        params,
    )
    found = {i: int(squares) for i, squares in rows}
    return [found.get(i, 0) for i in range(len(windows))]


def _of_others(windows: Sequence[Window], *, scope: Scope | None) -> list[OfOthers]:
    """Whoever was a customer when it passed was one in every window around it; only of the rest, who
    are few, the whole window is looked at."""
    table, params = rows_table("x", "crm_interaction", "occurred_at", windows, scope)
    was_one = at_the_time("x.customer_id", "x.occurred_at")
    rows = fetch(
        f"""
        WITH {table},
        rest AS (
            SELECT i, s, e, x.customer_id AS customer_id, x.direction AS direction,
                   {CHANNEL} AS channel, COUNT(*) AS n
            FROM x WHERE {PASSED} AND NOT {was_one} {within(scope, "x.customer_id")}
            GROUP BY i, s, e, x.customer_id, x.direction, {CHANNEL}
        )
        SELECT i, customer_id, direction, channel, n FROM rest
        WHERE NOT {served_in("rest.customer_id", "rest.s", "rest.e")}
        """,
        params,
    )
    ways = [Counter[tuple[str, str]]() for _ in windows]
    each: list[Counter[int]] = [Counter() for _ in windows]
    for i, customer, direction, channel, count in rows:
        ways[i][direction, channel] += count
        each[i][customer] += count
    squares = [sum(count * count for count in own.values()) for own in each]
    return [OfOthers(*both) for both in zip(ways, squares, strict=True)]


def heard(windows: Sequence[Window], *, days: int, scope: Scope | None = None) -> list[int]:
    """Customers served in each window with whom something passed in the `days` before its end."""
    table, params = windows_table("win", windows, scope)
    quiet, more = windows_table("quiet", quiet_before_end(one_for_each_end(windows), days))
    rows = fetch(
        f"""
        WITH {table}, {quiet},
        lately AS (
            SELECT DISTINCT quiet.e AS e, x.customer_id AS customer_id
            FROM quiet CROSS JOIN crm_interaction x
            WHERE x.occurred_at >= quiet.s AND x.occurred_at < quiet.e AND {SPOKEN}
            {within(scope, "x.customer_id")}
        )
        SELECT win.i, COUNT(*) FROM lately JOIN win ON win.e = lately.e
        WHERE {served_in("lately.customer_id", "win.s", "win.e")} GROUP BY win.i
        """,
        [*params, *more],
    )
    results = [0] * len(windows)
    for i, count in rows:
        results[i] = count
    return results


@dataclass(frozen=True)
class Listened:
    """Customers served who were asked in the twelve months to the end, and who answered in them."""

    asked: int = 0
    answered: int = 0


def listened(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Listened]:
    table, params = windows_table("win", windows, scope)
    ends = one_for_each_end(windows)
    years, more = windows_table("year", [window.year_to_end() for window in ends])
    own = served_in("reached.customer_id", "win.s", "win.e")
    rows = fetch(
        f"""
        WITH {table}, {years},
        reached AS (
            SELECT DISTINCT year.e AS e, 'asked' AS how, v.customer_id AS customer_id
            FROM year CROSS JOIN surveys_invitation v
            WHERE v.sent_at >= year.s AND v.sent_at < year.e AND v.bounced_at IS NULL
            {within(scope, "v.customer_id")}
            UNION ALL
            SELECT DISTINCT year.e, 'answered', r.customer_id
            FROM year CROSS JOIN surveys_response r
            WHERE r.answered_at >= year.s AND r.answered_at < year.e AND r.validity = 'valid'
            AND r.customer_id IS NOT NULL {within(scope, "r.customer_id")}
        )
        SELECT win.i, reached.how, COUNT(*) FROM reached JOIN win ON win.e = reached.e
        WHERE {own} GROUP BY win.i, reached.how
        """,
        [*params, *more],
    )
    found = {(i, how): count for i, how, count in rows}
    return [
        Listened(found.get((i, "asked"), 0), found.get((i, "answered"), 0))
        for i in range(len(windows))
    ]


def replied(customer: str, at: str, days: int) -> str:
    """Whether somebody of ours spoke with the customer within so many days after `at`, in SQL."""
    return f"""EXISTS (
        SELECT 1 FROM crm_interaction x WHERE x.customer_id = {customer} AND x.direction = 'out'
        AND x.kind NOT IN {BY_ITSELF}
        AND x.occurred_at > {at} AND x.occurred_at < {later(at, timedelta(days=days))}
    )"""


@dataclass(frozen=True)
class Asking:
    """Rows to which a reply is due: their table under a short name, which of them, and when."""

    table: str
    row: str
    at: str
    which: str
    replied: str = ""  # a reply that the row itself knows of, within `{span}` after it


ASKING = {
    "feedback": Asking(
        "support_ticket", "t", "opened_at", FEEDBACK, replied="t.first_replied_at < {span}"
    ),
    "detractors": Asking(
        "surveys_response", "r", "answered_at", f"{DETRACTOR} AND r.customer_id IS NOT NULL"
    ),
}


def spoken(
    windows: Sequence[Window], *, days: int, as_of: datetime, scope: Scope | None = None
) -> list[Spoken]:
    """Feedback and detractors' answers of each window, by whether a reply came within `days`."""
    found = {
        name: added(
            windows,
            partial(_spoken, asking=asking, days=days, as_of=as_of, scope=scope),
            Counter[str](),
        )
        for name, asking in ASKING.items()
    }
    results = []
    for feedback, detractors in zip(found["feedback"], found["detractors"], strict=True):
        both = feedback + detractors
        results.append(
            Spoken(
                complete=both["replied"] + both["left"],
                unanswered_feedback=feedback["left"],
                unanswered_detractors=detractors["left"],
                pending=both["pending"],
            )
        )
    return results


def _spoken(
    windows: Sequence[Window],
    *,
    asking: Asking,
    days: int,
    as_of: datetime,
    scope: Scope | None,
) -> list[Counter[str]]:
    """How many got a reply, were left without one, or still have time."""
    table, params = rows_table(asking.row, asking.table, asking.at, windows, scope)
    customer, at = f"{asking.row}.customer_id", f"{asking.row}.{asking.at}"
    reply = replied(customer, at, days)
    if asking.replied:
        known = asking.replied.format(span=later(at, timedelta(days=days)))
        reply = f"({known} OR {reply})"
    rows = fetch(
        f"""
        WITH {table},
        said AS (
            SELECT i, {at} AS at, CASE WHEN {reply} THEN 'replied' ELSE 'left' END AS outcome
            FROM {asking.row} WHERE {asking.which} {within(scope, customer)}
        ),
        judged AS (
            SELECT i, CASE WHEN at > %s THEN 'pending' ELSE outcome END AS outcome FROM said
        )
        SELECT i, outcome, COUNT(*) FROM judged GROUP BY i, outcome
        """,
        [*params, as_stored(as_of - timedelta(days=days))],
    )
    results = [Counter[str]() for _ in windows]
    for i, outcome, count in rows:
        results[i][outcome] = count
    return results
