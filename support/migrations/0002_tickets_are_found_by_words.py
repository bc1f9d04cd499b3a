"""What finds tickets by number and by the beginnings of words: see crm.words, support.search."""

from django.db import migrations

from support import search


def make(apps, schema_editor):
    search.WORDS.make(schema_editor)


def drop(apps, schema_editor):
    search.WORDS.drop(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("support", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
