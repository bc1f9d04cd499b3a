import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fact", models.CharField(max_length=20)),
                ("entity", models.BigIntegerField(null=True)),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Engine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("refreshed_at", models.DateTimeField(null=True)),
                ("full_at", models.DateTimeField(null=True)),
                ("next_change_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="metrics_one_engine")
                ],
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kpi", models.CharField(max_length=40)),
                (
                    "grain",
                    models.CharField(
                        choices=[
                            ("day", "day"),
                            ("week", "week"),
                            ("month", "month"),
                            ("quarter", "quarter"),
                            ("year", "year"),
                        ],
                        max_length=7,
                    ),
                ),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("segment", models.CharField(blank=True, max_length=80)),
                ("definition_version", models.PositiveSmallIntegerField()),
                ("status", models.CharField(max_length=30)),
                ("numerator", models.CharField(blank=True, max_length=80)),
                ("denominator", models.CharField(blank=True, max_length=80)),
                ("n", models.BigIntegerField(null=True)),
                ("parts", models.JSONField(default=dict)),
                ("value", models.FloatField(null=True)),
                ("ci_low", models.FloatField(null=True)),
                ("ci_high", models.FloatField(null=True)),
                ("ci_method", models.CharField(blank=True, max_length=30)),
                ("is_partial", models.BooleanField(default=False)),
                ("is_current", models.BooleanField(default=True)),
                ("is_revision", models.BooleanField(default=False)),
                ("as_of", models.DateTimeField()),
                ("computed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["kpi", "grain", "segment", "-starts_on"],
                        name="metrics_snapshot_series",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("kpi", "grain", "segment", "starts_on"),
                        name="metrics_one_current",
                    )
                ],
            },
        ),
    ]
