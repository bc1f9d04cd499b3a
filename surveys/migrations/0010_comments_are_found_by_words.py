"""What finds comments by the beginnings of words: see crm.words, surveys.reading."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from surveys import reading


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    reading.WORDS.make(schema_editor)


def drop(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    reading.WORDS.drop(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0009_comments_are_read")]
    operations = [migrations.RunPython(make, drop)]
