from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def know_when(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """What was asked so far was due when it was made, not when the column came."""
    apps.get_model("surveys", "Invitation").objects.update(due_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0013_triggers_only_ask"),
    ]

    operations = [migrations.RunPython(know_when, migrations.RunPython.noop)]
