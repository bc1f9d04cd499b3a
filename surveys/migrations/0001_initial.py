import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("crm", "0001_initial"),
        ("staff", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Survey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("nps", "NPS"), ("csat", "CSAT"), ("ces", "CES")],
                        max_length=4,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                ("is_active", models.BooleanField(default=True, verbose_name="takes answers")),
                (
                    "expires_after_days",
                    models.PositiveSmallIntegerField(
                        default=30, verbose_name="link works for (days)"
                    ),
                ),
                (
                    "throttle_days",
                    models.PositiveSmallIntegerField(
                        default=30, verbose_name="days between askings"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "survey",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["nps", "csat", "ces"])),
                        name="surveys_survey_kind",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SurveyVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("texts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="surveys.survey",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("survey", "number"), name="surveys_version_number"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SurveyRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("audience", models.JSONField(default=dict)),
                ("once_key", models.CharField(max_length=64, unique=True)),
                ("invited", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="surveys.survey",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="surveys.surveyversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Skip",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("throttled", "asked recently"),
                            ("suppressed", "unsubscribed or not reachable"),
                            ("no_email", "no e-mail address"),
                            ("archived", "archived"),
                            ("shared_contact", "asked for another customer in the same sending"),
                        ],
                        max_length=14,
                    ),
                ),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="crm.contact",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="survey_skips",
                        to="crm.customer",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="skips",
                        to="surveys.surveyrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["customer", "-created_at"], name="surveys_skip_customer")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "customer"), name="surveys_skipped_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("language", models.CharField(max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waiting"),
                            ("queued", "in the outbox"),
                            ("answered", "answered"),
                            ("cancelled", "cancelled"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("token_hash", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("bounced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="crm.contact",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="crm.customer",
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="surveys.survey",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="surveys.surveyrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["contact", "-created_at"], name="surveys_invitation_contact"
                    ),
                    models.Index(
                        fields=["customer", "-created_at"], name="surveys_invitation_customer"
                    ),
                    models.Index(fields=["sent_at"], name="surveys_invitation_sent"),
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["id"],
                        name="surveys_invitation_pending",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "contact"), name="surveys_invited_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("token_hash", ""), _negated=True),
                        fields=("token_hash",),
                        name="surveys_token",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Response",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("nps", "NPS"), ("csat", "CSAT"), ("ces", "CES")], max_length=4
                    ),
                ),
                ("score", models.IntegerField(blank=True, null=True)),
                ("comment", models.TextField(blank=True, verbose_name="reason")),
                ("answered_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("mail_link", "mailed link"),
                            ("public_link", "public link"),
                            ("kiosk", "kiosk"),
                            ("widget", "widget"),
                            ("reply", "reply by mail"),
                            ("import", "import"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "validity",
                    models.CharField(
                        choices=[
                            ("valid", "counted"),
                            ("held", "held"),
                            ("invalid", "not counted"),
                        ],
                        default="valid",
                        max_length=7,
                    ),
                ),
                ("validity_reason", models.CharField(blank=True, max_length=20)),
                ("language", models.CharField(blank=True, max_length=8)),
                ("edit_hash", models.CharField(blank=True, max_length=64)),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="responses",
                        to="crm.contact",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="responses",
                        to="crm.customer",
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="responses",
                        to="surveys.invitation",
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="responses",
                        to="surveys.survey",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="surveys.surveyversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "response",
                "indexes": [
                    models.Index(
                        fields=["kind", "answered_at", "id"], name="surveys_response_kind"
                    ),
                    models.Index(
                        fields=["survey", "-answered_at", "-id"], name="surveys_response_survey"
                    ),
                    models.Index(
                        fields=["customer", "-answered_at"], name="surveys_response_customer"
                    ),
                    models.Index(
                        condition=models.Q(("validity", "held")),
                        fields=["-answered_at"],
                        name="surveys_response_held",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("invitation__isnull", False), ("validity", "valid")),
                        fields=("invitation",),
                        name="surveys_one_answer",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="surveys_response_external",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("validity", "valid"), _negated=True),
                            models.Q(("kind", "nps"), ("score__range", (0, 10))),
                            models.Q(("kind", "csat"), ("score__range", (1, 5))),
                            models.Q(("kind", "ces"), ("score__range", (1, 7))),
                            _connector="OR",
                        ),
                        name="surveys_valid_score_in_scale",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Click",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("agent", models.CharField(blank=True, max_length=20)),
                ("score", models.SmallIntegerField(blank=True, null=True)),
                (
                    "invitation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clicks",
                        to="surveys.invitation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["invitation", "at"], name="surveys_click_when")],
            },
        ),
    ]
