"""Who is on the list of those who agreed to news and offers, and who left it, by which cause.

A contact joins by a consent and leaves by taking it back, by the link in a mail, by an address that
turned out not to exist, by a complaint, or by having been inactive for too long at another mailer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import fetch, windows_table

CAUSES = ("unsubscribe", "hard_bounce", "complaint", "inactive")

# (contact, when, why); no cause: joined. Who left the surveys alone is still on the list.
HAPPENED = """
    SELECT c.contact_id AS contact_id, c.at AS at,
           CASE WHEN c.given THEN NULL ELSE 'unsubscribe' END AS cause
    FROM crm_consent c WHERE c.purpose = 'outreach'
    UNION ALL
    SELECT p.contact_id, d.at, d.type
    FROM mail_deliveryevent d JOIN crm_contactpoint p ON p.value = d.address AND p.kind = 'email'
    WHERE d.type IN ('unsubscribe', 'hard_bounce', 'complaint', 'inactive')
    AND NOT (d.type = 'unsubscribe' AND d.detail = 'surveys')
"""
# The customer for whom a contact is told: the one that they are the first to ask at, or the oldest.
CUSTOMER = """(
    SELECT a.customer_id FROM crm_affiliation a WHERE a.contact_id = whose.contact_id
    ORDER BY a.is_primary DESC, a.id LIMIT 1
)"""


def happened(scope: Scope | None = None) -> str:
    """What happened to the contacts of a scope's customers, or to all."""
    if scope is None:
        return f"happened AS ({HAPPENED})"
    return f"""happened AS (
        SELECT contact_id, at, cause FROM ({HAPPENED}) whose WHERE 1 = 1 {within(scope, CUSTOMER)}
    )"""


# Subscribers at the start of each window: the last that happened before it was that they joined.
OPENING = """
    stood AS (
        SELECT win.i AS i, h.contact_id AS contact_id,
               MAX(CASE WHEN h.cause IS NULL THEN h.at END) AS joined_at,
               MAX(CASE WHEN h.cause IS NOT NULL THEN h.at END) AS left_at
        FROM win JOIN happened h ON h.at < win.s GROUP BY win.i, h.contact_id
    ),
    opening AS (
        SELECT i, contact_id FROM stood
        WHERE joined_at IS NOT NULL AND (left_at IS NULL OR joined_at > left_at)
    )
"""
# Those of them who left in the window; `place` 1 is the first cause.
LEFT = """
    leaving AS (
        SELECT o.i AS i, o.contact_id AS contact_id, h.cause AS cause, ROW_NUMBER() OVER (
            PARTITION BY o.i, o.contact_id ORDER BY h.at, CASE h.cause WHEN 'unsubscribe' THEN 1
                WHEN 'hard_bounce' THEN 2 WHEN 'complaint' THEN 3 ELSE 4 END
        ) AS place
        FROM opening o JOIN win ON win.i = o.i
        JOIN happened h ON h.contact_id = o.contact_id
        WHERE h.cause IS NOT NULL AND h.at >= win.s AND h.at < win.e
    )
"""
# Of one window: who was on the list at its start, or joined in it.
EVERYONE = """
    SELECT contact_id FROM opening UNION
    SELECT h.contact_id FROM win JOIN happened h ON h.at >= win.s AND h.at < win.e
    WHERE h.cause IS NULL
"""


@dataclass(frozen=True)
class Subscribers:
    """`left`: opening subscribers by their first cause in the window; `events`: contacts whom
    a cause in it befell, whoever they are; `joined`: contacts who joined in it."""

    opening: int = 0
    left: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    joined: int = 0


def subscribers(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Subscribers]:
    table, params = windows_table("win", windows, scope)
    rows = fetch(
        f"""
        WITH {table}, {happened(scope)}, {OPENING},
        {LEFT}
        SELECT 'opening', i, '', COUNT(*) FROM opening GROUP BY i
        UNION ALL
        SELECT 'left', i, cause, COUNT(*) FROM leaving WHERE place = 1 GROUP BY i, cause
        UNION ALL
        SELECT 'events', win.i, h.cause, COUNT(DISTINCT h.contact_id) FROM win JOIN happened h
        ON h.at >= win.s AND h.at < win.e WHERE h.cause IS NOT NULL GROUP BY win.i, h.cause
        UNION ALL
        SELECT 'joined', win.i, '', COUNT(DISTINCT h.contact_id) FROM win JOIN happened h
        ON h.at >= win.s AND h.at < win.e WHERE h.cause IS NULL AND NOT EXISTS (
            SELECT 1 FROM opening o WHERE o.i = win.i AND o.contact_id = h.contact_id
        ) GROUP BY win.i
        """,
        params,
    )
    opening, joined = [0] * len(windows), [0] * len(windows)
    left: list[dict[str, int]] = [{} for _ in windows]
    events: list[dict[str, int]] = [{} for _ in windows]
    for what, i, cause, count in rows:
        match what:
            case "opening":
                opening[i] = count
            case "joined":
                joined[i] = count
            case "left":
                left[i][cause] = count
            case "events":
                events[i][cause] = count
    return [Subscribers(*counts) for counts in zip(opening, left, events, joined, strict=True)]
