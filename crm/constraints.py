"""Constraints that SQLite can say only in triggers.

Installed after every migrate, because a table rebuild on SQLite drops its triggers.
"""

from django.db import connections

NO_OVERLAP = """
CREATE TRIGGER IF NOT EXISTS crm_tenure_no_overlap_{event} BEFORE {event} ON crm_tenure
WHEN EXISTS (
  SELECT 1 FROM crm_tenure t
  WHERE t.customer_id = NEW.customer_id AND t.id IS NOT NEW.id
    AND t.started_at < COALESCE(NEW.ended_at, '9999')
    AND NEW.started_at < COALESCE(t.ended_at, '9999')
)
BEGIN SELECT RAISE(ABORT, 'crm_tenure_no_overlap'); END
"""


def install(using: str = "default", **_signal: object) -> None:
    """Make the triggers that are missing; does nothing on PostgreSQL."""
    connection = connections[using]
    if connection.vendor != "sqlite" or "crm_tenure" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for event in ("INSERT", "UPDATE"):
            cursor.execute(NO_OVERLAP.format(event=event))
