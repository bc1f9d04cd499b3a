"""No two tenures of a customer overlap: said by the database, on either one.

PostgreSQL: an exclusion constraint over two ranges, so that no extension is needed.
SQLite: triggers, which Django's table rebuilds would drop; crm.constraints reinstalls them
after every migrate.
"""

from django.db import migrations


def exclude(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE crm_tenure ADD CONSTRAINT crm_tenure_no_overlap EXCLUDE USING gist ("
            "int8range(customer_id, customer_id, '[]') WITH &&, "
            "tstzrange(started_at, ended_at, '[)') WITH &&)"
        )


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE crm_tenure DROP CONSTRAINT crm_tenure_no_overlap")


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]
    operations = [migrations.RunPython(exclude, allow)]
