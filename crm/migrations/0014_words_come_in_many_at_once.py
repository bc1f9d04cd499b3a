"""What customers are found by goes into PostgreSQL's index a hundred customers at a time.

Word by word, an import spent more on the index than on the customers. What waits is read by every
search, and weighs on what the planner thinks of the index: of 64 kB, the least that there is, neither
notices.
"""

from django.db import migrations

from crm.search import WORDS


def together(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"ALTER INDEX {WORDS.name} SET (fastupdate = on, gin_pending_list_limit = 64)"
        )


def one_by_one(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER INDEX {WORDS.name} SET (fastupdate = off)")
        schema_editor.execute(f"ALTER INDEX {WORDS.name} RESET (gin_pending_list_limit)")


class Migration(migrations.Migration):
    dependencies = [("crm", "0013_interactions_by_their_time")]
    operations = [migrations.RunPython(together, one_by_one)]
