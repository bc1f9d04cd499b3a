"""Loading in bulk: tables without what makes a single write dear, all of which is back afterwards.

To keep a dozen indexes in order row by row, and to look up what each row points to, takes most of the
time of forty million rows; building and checking everything once at the end takes a tenth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, models, transaction

# While indexes are built; a transaction's own, as what it replaces is the server's.
MEMORY = {"maintenance_work_mem": "512MB", "work_mem": "128MB"}
# Foreign keys go first and come back last: those of unique columns need the constraints of these.
CONSTRAINTS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'u', 'x')
ORDER BY contype <> 'f', conrelid, conname
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary
ORDER BY indrelid, indexrelid
"""


@contextmanager
def bare(tables: Sequence[type[models.Model]]) -> Iterator[None]:
    """On PostgreSQL these tables have primary keys alone within the block: no other index, no
    constraint between rows, no trigger. On SQLite they stay as they are.

    One transaction, so nobody ever sees them so, and whoever asks waits. Rows that break a
    constraint are refused at the end. Triggers don't see what was written.
    """
    with transaction.atomic():
        if connection.vendor != "postgresql":
            yield
            return
        names = [connection.ops.quote_name(model._meta.db_table) for model in tables]
        with connection.cursor() as cursor:
            for setting, size in MEMORY.items():
                cursor.execute(f"SET LOCAL {setting} = '{size}'")
            # A table can't be altered while what was written to it waits to be checked.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(CONSTRAINTS, [names])
            constraints = cursor.fetchall()
            for table, name, _definition in constraints:
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            cursor.execute(INDEXES, [names])
            indexes = cursor.fetchall()
            for name, _definition in indexes:
                cursor.execute(f"DROP INDEX {name}")
            for name in names:
                cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
            yield
            for name in names:
                cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
            for _name, definition in indexes:
                cursor.execute(definition)
            for table, name, definition in reversed(constraints):
                cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
            cursor.execute(f"ANALYZE {', '.join(names)}")
