"""What finds customers by the beginnings of words: see crm.words.

PostgreSQL: a GIN index over the words as an array. SQLite: an FTS5 table kept in step by
triggers, which Django's table rebuilds would drop; crm.words reinstalls them after every migrate.
"""

from django.db import migrations

from crm import search


def make(apps, schema_editor):
    search.WORDS.make(schema_editor)


def drop(apps, schema_editor):
    search.WORDS.drop(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_tenures_never_overlap")]
    operations = [migrations.RunPython(make, drop)]
