import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0001_initial"),
        ("staff", "0002_days_between_two_surveys"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mailbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("imap", "IMAP"),
                            ("webhook", "provider"),
                            ("command", "command line"),
                        ],
                        default="imap",
                        max_length=8,
                    ),
                ),
                ("address", models.EmailField(blank=True, max_length=254, verbose_name="address")),
                (
                    "has_plus_addresses",
                    models.BooleanField(default=False, verbose_name="takes plus-addresses"),
                ),
                ("host", models.CharField(blank=True, max_length=250, verbose_name="server")),
                ("port", models.PositiveIntegerField(default=993, verbose_name="port")),
                (
                    "security",
                    models.CharField(
                        choices=[
                            ("ssl", "SSL/TLS from the start"),
                            ("starttls", "STARTTLS"),
                            ("none", "none (only inside one's own network)"),
                        ],
                        default="ssl",
                        max_length=8,
                        verbose_name="encryption",
                    ),
                ),
                (
                    "username",
                    models.CharField(blank=True, max_length=250, verbose_name="user name"),
                ),
                ("password", models.TextField(blank=True)),
                ("is_active", models.BooleanField(default=True, verbose_name="is read")),
                ("since", models.DateField(blank=True, null=True, verbose_name="only mail since")),
                ("last_polled_at", models.DateTimeField(blank=True, null=True)),
                ("last_message_at", models.DateTimeField(blank=True, null=True)),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "mailbox",
                "verbose_name_plural": "mailboxes",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("address"),
                        condition=models.Q(("address", ""), _negated=True),
                        name="mail_mailbox_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "imap"), _negated=True),
                            models.Q(("host", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="mail_imap_has_host",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailboxFolder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=250, verbose_name="folder")),
                ("uid_validity", models.BigIntegerField(blank=True, null=True)),
                ("last_uid", models.BigIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("reconciled_at", models.DateTimeField(blank=True, null=True)),
                ("on_server", models.PositiveIntegerField(blank=True, null=True)),
                ("stored", models.PositiveIntegerField(blank=True, null=True)),
                ("missing", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="folders",
                        to="mail.mailbox",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("mailbox", "name"), name="mail_folder_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="InboundEmail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid_validity", models.BigIntegerField(blank=True, null=True)),
                ("uid", models.BigIntegerField(blank=True, null=True)),
                ("content_key", models.CharField(max_length=64)),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("message_id", models.CharField(blank=True, max_length=250)),
                ("from_address", models.CharField(blank=True, max_length=254)),
                ("from_name", models.CharField(blank=True, max_length=200)),
                ("subject", models.CharField(blank=True, max_length=250)),
                ("automatic", models.CharField(blank=True, max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("waiting", "waiting"),
                            ("filed", "filed"),
                            ("noted", "noted"),
                            ("ignored", "ignored"),
                            ("duplicate", "duplicate"),
                            ("quarantined", "quarantined"),
                        ],
                        default="received",
                        max_length=11,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("detail", models.TextField(blank=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("about_model", models.CharField(blank=True, max_length=60)),
                ("about_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "duplicate_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mail.inboundemail",
                    ),
                ),
                (
                    "raw",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="staff.storedfile",
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emails",
                        to="mail.mailbox",
                    ),
                ),
                (
                    "folder",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="emails",
                        to="mail.mailboxfolder",
                    ),
                ),
            ],
            options={
                "verbose_name": "received mail",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["received", "waiting"])),
                        fields=["due_at", "id"],
                        name="mail_inbound_to_do",
                    ),
                    models.Index(fields=["-received_at", "-id"], name="mail_inbox"),
                    models.Index(fields=["state", "-received_at", "-id"], name="mail_inbox_state"),
                    models.Index(
                        condition=models.Q(("message_id", ""), _negated=True),
                        fields=["message_id"],
                        name="mail_inbound_message_id",
                    ),
                    models.Index(fields=["about_model", "about_id"], name="mail_inbound_about"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("uid__isnull", False)),
                        fields=("folder", "uid_validity", "uid"),
                        name="mail_inbound_uid_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "duplicate"), _negated=True),
                        fields=("content_key",),
                        name="mail_inbound_content_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingAttachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                ("content_type", models.CharField(max_length=120)),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="staff.storedfile",
                    ),
                ),
                (
                    "outgoing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="mail.outgoingemail",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("facts", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("done", "done"), ("failed", "failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("detail", models.TextField(blank=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "body",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="staff.storedfile",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["id"],
                        name="mail_webhook_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "digest"), name="mail_webhook_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="thread_key",
            field=models.CharField(blank=True, max_length=80),
        ),
    ]
