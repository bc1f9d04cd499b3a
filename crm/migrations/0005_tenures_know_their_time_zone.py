from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0004_silence_rules_are_applied_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="TenureClock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("time_zone", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="crm_one_tenure_clock"
                    )
                ],
            },
        ),
    ]
