import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0007_tickets_and_promises"),
        ("support", "0001_initial"),
        ("surveys", "0003_when_something_was_held"),
    ]

    operations = [
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "response",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follow_up",
                        to="surveys.response",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follow_ups",
                        to="support.ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SurveyTrigger",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "moment",
                    models.CharField(
                        choices=[("ticket_solved", "a ticket is solved")],
                        max_length=20,
                        unique=True,
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="is sent")),
                ("active_since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "after_hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(336),
                        ],
                        verbose_name="hours afterwards",
                    ),
                ),
                (
                    "follows_up_at",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="a score of at most this needs somebody"
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="triggers",
                        to="surveys.survey",
                        verbose_name="survey",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("after_hours__gte", 1)), name="surveys_trigger_waits"
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="invitation",
            name="surveys_invited_once",
        ),
        migrations.RemoveConstraint(
            model_name="skip",
            name="surveys_skipped_once",
        ),
        migrations.AddField(
            model_name="invitation",
            name="occurrence",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="invitation",
            name="subject_id",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="invitation",
            name="subject_model",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="skip",
            name="occurrence",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="skip",
            name="subject_id",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="skip",
            name="subject_model",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AlterField(
            model_name="skip",
            name="reason",
            field=models.CharField(
                choices=[
                    ("throttled", "asked recently"),
                    ("suppressed", "unsubscribed or not reachable"),
                    ("no_email", "no e-mail address"),
                    ("archived", "archived"),
                    ("shared_contact", "asked for another customer in the same sending"),
                    ("many_contacts", "several contacts, none of them the first to ask"),
                    ("reopened", "the ticket was opened again"),
                ],
                max_length=14,
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("subject_model", "")),
                fields=("run", "contact"),
                name="surveys_invited_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("subject_model", ""), _negated=True),
                fields=("subject_model", "subject_id", "occurrence"),
                name="surveys_asked_once_about",
            ),
        ),
        migrations.AddConstraint(
            model_name="skip",
            constraint=models.UniqueConstraint(
                condition=models.Q(("subject_model", "")),
                fields=("run", "customer"),
                name="surveys_skipped_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="skip",
            constraint=models.UniqueConstraint(
                condition=models.Q(("subject_model", ""), _negated=True),
                fields=("subject_model", "subject_id", "occurrence"),
                name="surveys_skipped_once_about",
            ),
        ),
        migrations.AddField(
            model_name="surveyrun",
            name="trigger",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="surveys.surveytrigger",
            ),
        ),
    ]
