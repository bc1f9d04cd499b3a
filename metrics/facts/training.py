"""Hours of training held, and who meets customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from metrics.periods import Window
from metrics.sql import fetch, windows_table
from staff.access import Role

# Who works with customers and may sign in; those who only read do not meet any.
MEETS_CUSTOMERS = f"u.is_active AND u.role >= {Role.AGENT:d}"


@dataclass(frozen=True)
class Trained:
    """In hundredths of hours, because these add up exactly on both databases."""

    hundredths: int = 0
    trained: int = 0
    people: int = 0

    @property
    def hours(self) -> Fraction:
        return Fraction(self.hundredths, 100)


def training(windows: Sequence[Window]) -> list[Trained]:
    """Trainings held in each window, and the people who were there by its end, as roles are now."""
    table, params = windows_table("win", windows)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, 'held', SUM(CAST(ROUND(h.hours * 100) AS INTEGER)), COUNT(DISTINCT h.user_id)
        FROM win CROSS JOIN metrics_training g
        JOIN metrics_traininghours h ON h.training_id = g.id JOIN staff_user u ON u.id = h.user_id
        WHERE g.held_on >= win.first_on AND g.held_on < win.until_on AND {MEETS_CUSTOMERS}
        AND u.created_at < win.e
        GROUP BY i
        UNION ALL
        SELECT i, 'people', 0, COUNT(*) FROM win CROSS JOIN staff_user u
        WHERE u.created_at < win.e AND {MEETS_CUSTOMERS} GROUP BY i
        """,
        params,
    )
    held = {i: (int(sum_), count) for i, what, sum_, count in rows if what == "held"}
    people = {i: count for i, what, _sum, count in rows if what == "people"}
    return [Trained(*held.get(i, (0, 0)), people.get(i, 0)) for i in range(len(windows))]
