from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="business",
            name="survey_pause_days",
            field=models.PositiveSmallIntegerField(
                default=30, verbose_name="days between two surveys"
            ),
        ),
    ]
