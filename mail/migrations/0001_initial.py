import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="OutgoingEmail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "stream",
                    models.CharField(
                        choices=[
                            ("surveys", "surveys"),
                            ("outreach", "news and offers"),
                            ("replies", "replies"),
                            ("account", "account"),
                        ],
                        max_length=8,
                    ),
                ),
                ("to_address", models.EmailField(max_length=254)),
                ("to_name", models.CharField(blank=True, max_length=200)),
                ("from_address", models.EmailField(blank=True, max_length=254)),
                ("from_name", models.CharField(blank=True, max_length=200)),
                ("reply_to", models.CharField(blank=True, max_length=254)),
                ("subject", models.CharField(max_length=250)),
                ("text", models.TextField()),
                ("html", models.TextField(blank=True)),
                ("language", models.CharField(blank=True, max_length=8)),
                ("headers", models.JSONField(blank=True, default=dict)),
                ("about_model", models.CharField(blank=True, max_length=60)),
                ("about_id", models.BigIntegerField(blank=True, null=True)),
                ("once_key", models.CharField(blank=True, max_length=120)),
                ("unsubscribe_hash", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("sending", "sending"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("unknown", "unknown"),
                            ("cancelled", "cancelled"),
                            ("suppressed", "suppressed"),
                            ("delivered", "delivered"),
                            ("bounced", "bounced"),
                            ("complained", "complained"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_holder", models.CharField(blank=True, max_length=80)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.CharField(blank=True, max_length=250)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("detail", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "message",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["due_at", "id"],
                        name="mail_queue",
                    ),
                    models.Index(
                        condition=models.Q(("state", "sending")),
                        fields=["lease_until"],
                        name="mail_leases",
                    ),
                    models.Index(fields=["-created_at", "-id"], name="mail_outbox"),
                    models.Index(fields=["state", "-created_at", "-id"], name="mail_outbox_state"),
                    models.Index(fields=["about_model", "about_id"], name="mail_outgoing_about"),
                    models.Index(fields=["to_address", "-created_at"], name="mail_outgoing_to"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("once_key", ""), _negated=True),
                        fields=("once_key",),
                        name="mail_outgoing_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("message_id", ""), _negated=True),
                        fields=("message_id",),
                        name="mail_message_id",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("unsubscribe_hash", ""), _negated=True),
                        fields=("unsubscribe_hash",),
                        name="mail_unsubscribe_hash",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("surveys", "surveys"),
                            ("outreach", "news and offers"),
                            ("all", "everything but replies and account mail"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unsubscribe", "unsubscribed"),
                            ("hard_bounce", "address does not exist"),
                            ("complaint", "marked as spam"),
                            ("by_hand", "by hand"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("released_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("address", "scope"),
                        name="mail_suppressed_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("address", django.db.models.functions.text.Lower("address"))
                        ),
                        name="mail_suppression_lower",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("soft_bounce", "temporary failure"),
                            ("hard_bounce", "address does not exist"),
                            ("complaint", "marked as spam"),
                            ("unsubscribe", "unsubscribed"),
                            ("inactive", "inactive"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                ("detail", models.TextField(blank=True)),
                (
                    "outgoing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="mail.outgoingemail",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["address", "at"], name="mail_event_address")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="mail_event_external",
                    )
                ],
            },
        ),
    ]
