from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0014_asked_when_queued"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("trigger__isnull", False)),
                fields=["due_at"],
                name="surveys_invitation_by_itself",
            ),
        ),
    ]
