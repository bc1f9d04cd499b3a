"""Whether a customer is one at an instant or over a window, in SQL, of any column that names them.

Active at b ⇔ started_at < b ≤ ended_at, or no end (metrics.facts.tenures).
"""

from __future__ import annotations


def active_at(customer: str, edge: str) -> str:
    """Whether `customer` is active at `edge`; both are columns."""
    return served_in(customer, edge, edge)


def served_in(customer: str, start: str, end: str) -> str:
    """Whether `customer` is active at any time of [start, end)."""
    return (
        f"EXISTS (SELECT 1 FROM crm_tenure y WHERE y.customer_id = {customer} "
        f"AND y.started_at < {end} AND (y.ended_at IS NULL OR y.ended_at >= {start}))"
    )


def at_the_time(customer: str, instant: str) -> str:
    """Whether `customer` is one when something passes; then it is one in every window around that."""
    return (
        f"EXISTS (SELECT 1 FROM crm_tenure y WHERE y.customer_id = {customer} "
        f"AND y.started_at <= {instant} AND (y.ended_at IS NULL OR y.ended_at >= {instant}))"
    )
