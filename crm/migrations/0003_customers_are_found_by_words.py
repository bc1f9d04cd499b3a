"""What finds customers by the beginnings of words: see crm.search.

PostgreSQL: a GIN index over the words as an array. SQLite: an FTS5 table kept in step by
triggers, which Django's table rebuilds would drop; crm.search reinstalls them after every migrate.
"""

from django.db import migrations

from crm import search


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(search.POSTGRESQL)
    else:
        search.install(schema_editor.connection.alias)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX crm_customer_words")
    else:
        for trigger in search.TRIGGERS:
            schema_editor.execute(f"DROP TRIGGER {trigger}")
        schema_editor.execute("DROP TABLE crm_customersearch_fts")


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_tenures_never_overlap")]
    operations = [migrations.RunPython(make, drop)]
