from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def name_triggers(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """What was asked by itself so far knew its trigger through its run."""
    runs = apps.get_model("surveys", "SurveyRun").objects.filter(pk=OuterRef("run"))
    trigger = Subquery(runs.values("trigger")[:1])
    for name in ("Invitation", "Skip"):
        model = apps.get_model("surveys", name)
        model.objects.filter(run__trigger__isnull=False).update(trigger=trigger)


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0006_loops_public_pages_and_tags"),
    ]

    operations = [migrations.RunPython(name_triggers, migrations.RunPython.noop)]
