"""The tables of a new SQLite database, laid out at once rather than migration by migration.

Django takes a quarter of a minute of computing over all migrations, before a shop sees its first
page. `first_tables.sql` is what they come to, with the names of those that it holds; later ones are
applied to it as to any other installation. `make tables` writes it anew.
"""

from pathlib import Path
from sqlite3 import Connection

from django.db.backends.base.base import BaseDatabaseWrapper

FILE = Path(__file__).with_suffix(".sql")
# Indexes of words and triggers are made after every migrate, as the code of the day says; the table
# of the cache comes last of all (staff.installation.prepare_database).
NOT_OURS = """
name LIKE 'sqlite_%' OR type = 'trigger' OR sql LIKE 'CREATE VIRTUAL TABLE %' OR tbl_name = 'staff_cache'
"""
MADE = f"""
SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND NOT ({NOT_OURS}) AND NOT EXISTS (
  SELECT 1 FROM sqlite_master v
  WHERE v.sql LIKE 'CREATE VIRTUAL TABLE %' AND sqlite_master.tbl_name LIKE v.name || '_%'
)
ORDER BY type = 'index', tbl_name, name
"""  # noqa: S608 (nothing in it comes from outside)


def lay_out(connection: BaseDatabaseWrapper) -> bool:
    """Give an empty SQLite database its tables, all or none; any other is left as it is."""
    if connection.vendor != "sqlite" or connection.introspection.table_names():
        return False
    connection.ensure_connection()
    database = connection.connection
    try:
        database.executescript(f"BEGIN IMMEDIATE;\n{FILE.read_text()}COMMIT;")
    finally:
        if database.in_transaction:  # half of it
            database.rollback()
    return True


def written(database: Connection) -> str:
    """What `first_tables.sql` says of a database to which the migrations alone were applied."""
    made = [f"{sql};\n" for (sql,) in database.execute(MADE)]
    applied = [
        "INSERT INTO django_migrations (app, name, applied)"  # noqa: S608 (names of modules)
        f" VALUES ('{app}', '{name}', datetime('now'));\n"
        for app, name in database.execute("SELECT app, name FROM django_migrations ORDER BY id")
    ]
    return "".join(made + applied)
