from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0002_why_many_contacts"),
    ]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="held_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
