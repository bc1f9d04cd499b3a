"""What each person of the team did in a period, from the facts: a statement for each kind of fact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from metrics.colleagues import can_compare
from metrics.facts.answers import COUNTS
from metrics.facts.tickets import COUNTED
from metrics.periods import Window
from metrics.points import FEW_ANSWERS
from metrics.sql import epoch, fetch, windows_table
from staff.models import User

SATISFIED = 4  # of 1 to 5


@dataclass
class Line:
    """One person's, or the whole team's when `user` is None."""

    user: User | None
    answered: int = 0
    first_replies: int = 0
    median_minutes: Fraction | None = None
    answers: int = 0
    satisfied: int = 0
    due: int = 0
    kept: int = 0

    @property
    def name(self) -> str:
        return self.user.name if self.user else _("Together")

    @property
    def has_few_answers(self) -> bool:
        return 0 < self.answers < FEW_ANSWERS

    @property
    def satisfaction(self) -> float | None:
        return self.satisfied / self.answers if self.answers >= FEW_ANSWERS else None

    @property
    def promises(self) -> float | None:
        return self.kept / self.due if self.due else None

    @property
    def did_something(self) -> bool:
        return bool(self.answered or self.answers or self.due)


def lines(window: Window, reader: User) -> list[Line]:
    """Everybody's line, by name, and the team's last. Who is no manager sees their own and the team's
    (metrics.colleagues). Five queries."""
    found = {user.pk: Line(user) for user in User.objects.order_by("name", "pk")}
    together = Line(None)
    for measure in (_answered, _first_replies, _satisfaction, _promises):
        for who, values in measure(window):
            line = together if who is None else found.get(who)
            if line is not None:
                for name, value in values.items():
                    setattr(line, name, value)
    for name in ("answers", "satisfied", "due", "kept"):
        setattr(together, name, sum(getattr(line, name) for line in found.values()))
    shown = [line for line in found.values() if _may_see(reader, line)]
    return [*shown, together]


def _may_see(reader: User, line: Line) -> bool:
    return line.user == reader or (can_compare(reader) and line.did_something)


Measured = Iterable[tuple[int | None, dict[str, Any]]]


def _answered(window: Window) -> Measured:
    """Tickets that somebody replied to; one that two replied to counts for both, and once for all."""
    table, params = windows_table("win", [window])
    rows = fetch(
        f"""
        WITH {table},
        replied AS (
            SELECT DISTINCT e.by_id AS who, e.ticket_id AS ticket
            FROM win CROSS JOIN support_ticketevent e JOIN support_ticket t ON t.id = e.ticket_id
            WHERE e.kind = 'replied' AND e.at >= win.s AND e.at < win.e AND {COUNTED}
        )
        SELECT who, COUNT(*) FROM replied WHERE who IS NOT NULL GROUP BY who
        UNION ALL SELECT NULL, COUNT(DISTINCT ticket) FROM replied
        """,
        params,
    )
    return [(who, {"answered": count}) for who, count in rows]


def _first_replies(window: Window) -> Measured:
    """The median time to a first reply, of those that each gave; picked by rank, so exact."""
    table, params = windows_table("win", [window])
    seconds = f"{epoch('t.first_replied_at')} - {epoch('t.opened_at')}"
    rows = fetch(
        f"""
        WITH {table},
        measured AS (
            SELECT {seconds} AS seconds, (
                SELECT MIN(e.by_id) FROM support_ticketevent e
                WHERE e.ticket_id = t.id AND e.kind = 'replied' AND e.at = t.first_replied_at
            ) AS who
            FROM win CROSS JOIN support_ticket t
            WHERE t.first_replied_at >= win.s AND t.first_replied_at < win.e
            AND t.first_replied_at >= t.opened_at AND {COUNTED}
        ),
        ranked AS (
            SELECT who, seconds, COUNT(*) OVER (PARTITION BY who) AS n,
                   ROW_NUMBER() OVER (PARTITION BY who ORDER BY seconds) - 1 AS place
            FROM measured WHERE who IS NOT NULL
            UNION ALL
            SELECT NULL, seconds, COUNT(*) OVER (),
                   ROW_NUMBER() OVER (ORDER BY seconds) - 1
            FROM measured
        )
        SELECT who, n, SUM(seconds), COUNT(*) FROM ranked WHERE place IN ((n - 1) / 2, n / 2)
        GROUP BY who, n
        """,
        params,
    )
    return [
        (who, {"first_replies": n, "median_minutes": Fraction(int(seconds), 60 * count)})
        for who, n, seconds, count in rows
    ]


def _satisfaction(window: Window) -> Measured:
    """Answers of 1 to 5 by the customers that each looks after."""
    table, params = windows_table("win", [window])
    rows = fetch(
        f"""
        WITH {table}
        SELECT c.owner_id, COUNT(*), SUM(CASE WHEN r.score >= %s THEN 1 ELSE 0 END)
        FROM win CROSS JOIN surveys_response r JOIN crm_customer c ON c.id = r.customer_id
        WHERE r.kind = 'csat' AND r.answered_at >= win.s AND r.answered_at < win.e
        AND c.owner_id IS NOT NULL AND r.validity <> 'held' AND {COUNTS}
        GROUP BY c.owner_id
        """,
        [*params, SATISFIED, 1, 5],
    )
    return [(who, {"answers": count, "satisfied": int(happy)}) for who, count, happy in rows]


def _promises(window: Window) -> Measured:
    table, params = windows_table("win", [window])
    rows = fetch(
        f"""
        WITH {table}
        SELECT p.owner_id, COUNT(*), SUM(CASE WHEN p.done_at <= p.due_at THEN 1 ELSE 0 END)
        FROM win CROSS JOIN crm_task p
        WHERE p.is_promise AND p.owner_id IS NOT NULL AND p.due_at >= win.s AND p.due_at < win.e
        GROUP BY p.owner_id
        """,
        params,
    )
    return [(who, {"due": due, "kept": int(kept)}) for who, due, kept in rows]
