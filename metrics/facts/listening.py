"""Contact, questions and silence over windows; and what people said that nobody replied to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from metrics.facts.standing import served_in
from metrics.formulas.listening import Spoken, Talked
from metrics.periods import DAY, Window, midnight
from metrics.scope import Scope, within
from metrics.sql import as_stored, fetch, later, windows_table

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


def talked(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Talked]:
    """Interactions that went one way or the other, with customers served in each window."""
    table, params = windows_table("win", windows, scope)
    rows = fetch(
        f"""
        WITH {table},
        own AS (
            SELECT i, MIN(s) AS s, MIN(e) AS e, x.customer_id AS customer_id,
                   COALESCE(NULLIF(x.channel, ''), x.kind) AS channel,
                   x.direction AS direction, COUNT(*) AS n
            FROM win CROSS JOIN crm_interaction x
            WHERE x.occurred_at >= win.s AND x.occurred_at < win.e AND {PASSED}
            {within(scope, "x.customer_id")}
            GROUP BY i, x.customer_id, COALESCE(NULLIF(x.channel, ''), x.kind), x.direction
        ),
        counted AS (SELECT * FROM own WHERE {served_in("own.customer_id", "own.s", "own.e")})
        SELECT i, 'way', direction, SUM(n) FROM counted GROUP BY i, direction
        UNION ALL
        SELECT i, 'channel', channel, SUM(n) FROM counted GROUP BY i, channel
        UNION ALL
        SELECT i, 'squares', '', SUM(total * total) FROM (
            SELECT i, SUM(n) AS total FROM counted GROUP BY i, customer_id
        ) AS each GROUP BY i
        """,
        params,
    )
    ways: list[dict[str, int]] = [{} for _ in windows]
    channels: list[dict[str, int]] = [{} for _ in windows]
    squares = [0] * len(windows)
    for i, what, name, count in rows:
        match what:
            case "way":
                ways[i][name] = int(count)
            case "channel":
                channels[i][name] = int(count)
            case _:
                squares[i] = int(count)
    return [Talked(*each) for each in zip(ways, channels, squares, strict=True)]


def heard(windows: Sequence[Window], *, days: int, scope: Scope | None = None) -> list[int]:
    """Customers served in each window with whom something passed in the `days` before its end."""
    table, params = windows_table("win", windows, scope)
    quiet, more = windows_table("quiet", quiet_before_end(windows, days))
    rows = fetch(
        f"""
        WITH {table}, {quiet},
        lately AS (
            SELECT DISTINCT quiet.i AS i, x.customer_id AS customer_id
            FROM quiet CROSS JOIN crm_interaction x
            WHERE x.occurred_at >= quiet.s AND x.occurred_at < quiet.e AND {SPOKEN}
            {within(scope, "x.customer_id")}
        )
        SELECT win.i, COUNT(*) FROM lately JOIN win ON win.i = lately.i
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
    years, more = windows_table("year", [window.year_to_end() for window in windows])
    own = served_in("reached.customer_id", "win.s", "win.e")
    rows = fetch(
        f"""
        WITH {table}, {years},
        reached AS (
            SELECT DISTINCT year.i AS i, 'asked' AS how, v.customer_id AS customer_id
            FROM year CROSS JOIN surveys_invitation v
            WHERE v.sent_at >= year.s AND v.sent_at < year.e AND v.bounced_at IS NULL
            {within(scope, "v.customer_id")}
            UNION ALL
            SELECT DISTINCT year.i, 'answered', r.customer_id
            FROM year CROSS JOIN surveys_response r
            WHERE r.answered_at >= year.s AND r.answered_at < year.e AND r.validity = 'valid'
            AND r.customer_id IS NOT NULL {within(scope, "r.customer_id")}
        )
        SELECT win.i, reached.how, COUNT(*) FROM reached JOIN win ON win.i = reached.i
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


def spoken(
    windows: Sequence[Window], *, days: int, as_of: datetime, scope: Scope | None = None
) -> list[Spoken]:
    """Feedback and detractors' answers of each window, by whether a reply came within `days`."""
    table, params = windows_table("win", windows, scope)
    in_time = f"t.first_replied_at < {later('t.opened_at', timedelta(days=days))}"
    ticket = replied("t.customer_id", "t.opened_at", days)
    answer = replied("r.customer_id", "r.answered_at", days)
    rows = fetch(
        f"""
        WITH {table},
        said AS (
            SELECT i, 'feedback' AS what, t.opened_at AS at,
                   CASE WHEN {in_time} OR {ticket} THEN 1 ELSE 0 END AS replied
            FROM win CROSS JOIN support_ticket t
            WHERE t.opened_at >= win.s AND t.opened_at < win.e AND {FEEDBACK}
            {within(scope, "t.customer_id")}
            UNION ALL
            SELECT i, 'detractor', r.answered_at, CASE WHEN {answer} THEN 1 ELSE 0 END
            FROM win CROSS JOIN surveys_response r
            WHERE {DETRACTOR} AND r.answered_at >= win.s AND r.answered_at < win.e
            AND r.customer_id IS NOT NULL {within(scope, "r.customer_id")}
        )
        SELECT i, CASE WHEN at > %s THEN 'pending' WHEN replied = 1 THEN 'replied' ELSE what END,
               COUNT(*)
        FROM said
        GROUP BY i, CASE WHEN at > %s THEN 'pending' WHEN replied = 1 THEN 'replied' ELSE what END
        """,
        [*params, *[as_stored(as_of - timedelta(days=days))] * 2],
    )
    found: list[Counter[str]] = [Counter() for _ in windows]
    for i, what, count in rows:
        found[i][what] = count
    return [
        Spoken(
            complete=each["replied"] + each["feedback"] + each["detractor"],
            unanswered_feedback=each["feedback"],
            unanswered_detractors=each["detractor"],
            pending=each["pending"],
        )
        for each in found
    ]
