import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("crm", "0007_tickets_and_promises"),
        ("mail", "0002_inbound"),
        ("staff", "0002_days_between_two_surveys"),
        ("staff", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="BusinessCalendar",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
            ],
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("folded", models.CharField(editable=False, max_length=80, unique=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "category",
                "ordering": ["folded"],
            },
        ),
        migrations.CreateModel(
            name="NoticeChoice",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="notice_choice",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mentioned",
                    models.BooleanField(
                        default=True, verbose_name="somebody mentions me in a note"
                    ),
                ),
                (
                    "assigned",
                    models.BooleanField(default=True, verbose_name="a ticket is given to me"),
                ),
                (
                    "answered",
                    models.BooleanField(
                        default=True, verbose_name="a customer writes in a ticket of mine"
                    ),
                ),
                (
                    "watched",
                    models.BooleanField(
                        default=True, verbose_name="a customer writes in a ticket that I watch"
                    ),
                ),
                (
                    "due",
                    models.BooleanField(
                        default=True, verbose_name="a ticket of mine, or of my queue, is due soon"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CalendarVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("week", models.JSONField()),
                ("time_zone", models.CharField(max_length=64)),
                ("holidays", models.CharField(blank=True, max_length=12)),
                ("closed", models.JSONField(blank=True, default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="support.businesscalendar",
                    ),
                ),
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("calendar", "number"), name="support_calendar_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CannedReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("shortcut", models.SlugField(blank=True, max_length=30, verbose_name="shortcut")),
                ("texts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="canned_replies",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("shortcut", ""), _negated=True), ("owner", None)
                        ),
                        fields=("shortcut",),
                        name="support_shared_shortcut",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("shortcut", ""), _negated=True),
                        fields=("owner", "shortcut"),
                        name="support_own_shortcut",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NewTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("reached", models.BigIntegerField(default=0)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["id"],
                        name="support_new_terms",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Queue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                (
                    "is_round_robin",
                    models.BooleanField(default=False, verbose_name="hand out new tickets in turn"),
                ),
                (
                    "is_private",
                    models.BooleanField(
                        default=False, verbose_name="only its people and managers see it"
                    ),
                ),
                (
                    "is_default",
                    models.BooleanField(default=False, verbose_name="takes what fits nowhere else"),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mail.mailbox",
                        verbose_name="mailbox",
                    ),
                ),
                (
                    "members",
                    models.ManyToManyField(
                        blank=True,
                        related_name="queues",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="people",
                    ),
                ),
            ],
            options={
                "verbose_name": "queue",
                "ordering": ["position", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="support_one_default",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Ticket",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                ("subject", models.CharField(max_length=250, verbose_name="subject")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "e-mail"),
                            ("form", "feedback page"),
                            ("phone", "phone"),
                            ("survey", "survey"),
                            ("staff", "written by us"),
                            ("import", "import"),
                        ],
                        max_length=8,
                        verbose_name="channel",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("question", "question"),
                            ("complaint", "complaint"),
                            ("suggestion", "suggestion"),
                            ("praise", "praise"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("language", models.CharField(blank=True, max_length=8, verbose_name="language")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "new"),
                            ("open", "open"),
                            ("waiting", "waiting for the customer"),
                            ("on_hold", "on hold"),
                            ("solved", "solved"),
                            ("closed", "closed"),
                            ("spam", "spam"),
                            ("merged", "merged"),
                        ],
                        default="new",
                        editable=False,
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(10, "low"), (20, "normal"), (30, "high"), (40, "urgent")],
                        default=20,
                        verbose_name="priority",
                    ),
                ),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("first_replied_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("first_resolved_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_resolved_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("first_reopened_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("closed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("replies_to_solve", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "first_reply_business_seconds",
                    models.BigIntegerField(blank=True, editable=False, null=True),
                ),
                (
                    "first_resolution_business_seconds",
                    models.BigIntegerField(blank=True, editable=False, null=True),
                ),
                (
                    "last_resolution_business_seconds",
                    models.BigIntegerField(blank=True, editable=False, null=True),
                ),
                ("last_inbound_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_outbound_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "last_activity_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("next_due_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tickets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tickets",
                        to="support.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tickets",
                        to="crm.contact",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tickets",
                        to="crm.customer",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="merged",
                        to="support.ticket",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "queue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="support.queue",
                        verbose_name="queue",
                    ),
                ),
                (
                    "tags",
                    models.ManyToManyField(
                        blank=True, related_name="tickets", to="crm.tag", verbose_name="tags"
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket",
                "verbose_name_plural": "tickets",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["new", "open", "waiting", "on_hold"])),
                        fields=["assignee", "-last_activity_at", "-id"],
                        include=("state", "queue", "snoozed_until"),
                        name="support_open_assignee",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["new", "open", "waiting", "on_hold"])),
                        fields=["queue", "-last_activity_at", "-id"],
                        include=("state", "snoozed_until"),
                        name="support_open_queue",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["new", "open", "waiting", "on_hold"])),
                        fields=["state", "-last_activity_at", "-id"],
                        include=("queue", "snoozed_until"),
                        name="support_open_state",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["new", "open", "waiting", "on_hold"])),
                        fields=["-last_activity_at", "-id"],
                        include=("state", "queue", "snoozed_until"),
                        name="support_open",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["new", "open", "waiting", "on_hold"])),
                        fields=["next_due_at", "id"],
                        include=("state", "queue", "snoozed_until"),
                        name="support_open_due",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["new", "open", "waiting", "on_hold"])),
                        fields=["-priority", "-last_activity_at", "-id"],
                        name="support_open_priority",
                    ),
                    models.Index(
                        condition=models.Q(("next_due_at__isnull", False)),
                        fields=["next_due_at", "id"],
                        name="support_due",
                    ),
                    models.Index(
                        condition=models.Q(("snoozed_until__isnull", False)),
                        fields=["snoozed_until"],
                        name="support_snoozed",
                    ),
                    models.Index(
                        condition=models.Q(("state", "solved")),
                        fields=["last_resolved_at"],
                        name="support_to_close",
                    ),
                    models.Index(fields=["-last_activity_at", "-id"], name="support_all"),
                    models.Index(fields=["customer", "opened_at"], name="support_customer_opened"),
                    models.Index(fields=["opened_at"], name="support_opened"),
                    models.Index(fields=["first_resolved_at"], name="support_first_resolved"),
                    models.Index(fields=["last_resolved_at"], name="support_last_resolved"),
                    models.Index(fields=["first_replied_at"], name="support_first_replied"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="support_ticket_external",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("subject", ""), _negated=True),
                        name="support_ticket_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "new",
                                    "open",
                                    "waiting",
                                    "on_hold",
                                    "solved",
                                    "closed",
                                    "spam",
                                    "merged",
                                ],
                            )
                        ),
                        name="support_ticket_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", [10, 20, 30, 40])),
                        name="support_ticket_priority",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("merged_into", None), ("state", "merged"), _connector="OR"
                        ),
                        name="support_merged_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
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
                        choices=[
                            ("received", "from the customer"),
                            ("reply", "reply"),
                            ("note", "note"),
                            ("automatic", "automatic"),
                        ],
                        max_length=9,
                    ),
                ),
                ("from_name", models.CharField(blank=True, max_length=200)),
                ("from_address", models.CharField(blank=True, max_length=254)),
                ("is_proven", models.BooleanField(default=False)),
                ("automatic", models.CharField(blank=True, max_length=40)),
                ("is_thanks", models.BooleanField(default=False)),
                ("text", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                ("notes", models.JSONField(blank=True, default=list)),
                ("also_addressed", models.JSONField(blank=True, default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("once_key", models.CharField(blank=True, max_length=64)),
                ("leaves_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="crm.contact",
                    ),
                ),
                (
                    "inbound",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mail.inboundemail",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "indexes": [
                    models.Index(fields=["ticket", "created_at", "id"], name="support_thread")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("inbound__isnull", False)),
                        fields=("inbound",),
                        name="support_filed_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("once_key", ""), _negated=True),
                        fields=("once_key",),
                        name="support_message_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mention",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mentions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mentions",
                        to="support.message",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("seen_at", None)),
                        fields=["user"],
                        name="support_mention_unseen",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "user"), name="support_mentioned_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                ("content_type", models.CharField(max_length=120)),
                ("content_id", models.CharField(blank=True, max_length=250)),
                ("is_inline", models.BooleanField(default=False)),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="staff.storedfile",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="support.message",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("query", models.CharField(max_length=1000)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ticket_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="SlaPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("is_default", models.BooleanField(default=False)),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="support.businesscalendar",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="support_one_policy",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SlaPolicyVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("targets", models.JSONField()),
                ("warns_at_percent", models.PositiveSmallIntegerField(default=75)),
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
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="support.slapolicy",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("policy", "number"), name="support_policy_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Suggestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=150, verbose_name="title")),
                (
                    "text",
                    models.TextField(blank=True, max_length=5000, verbose_name="what it is about"),
                ),
                ("language", models.CharField(blank=True, max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "to be looked at"),
                            ("new", "new"),
                            ("planned", "planned"),
                            ("started", "being worked on"),
                            ("done", "done"),
                            ("declined", "not planned"),
                            ("rejected", "not published"),
                            ("merged", "same as another"),
                        ],
                        default="proposed",
                        max_length=8,
                    ),
                ),
                (
                    "answer",
                    models.TextField(blank=True, max_length=5000, verbose_name="our answer"),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("votes_count", models.PositiveIntegerField(default=0)),
                ("once_key", models.CharField(blank=True, max_length=64)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="merged",
                        to="support.suggestion",
                    ),
                ),
                (
                    "ticket",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="suggestion",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "suggestion",
                "indexes": [
                    models.Index(fields=["state", "-votes_count", "-id"], name="support_board")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("once_key", ""), _negated=True),
                        fields=("once_key",),
                        name="support_suggested_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BoardVote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("voter_hash", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "suggestion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="votes",
                        to="support.suggestion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("suggestion", "voter_hash"), name="support_voted_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BoardFollower",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("language", models.CharField(blank=True, max_length=8)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "suggestion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="followers",
                        to="support.suggestion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("suggestion", "address"), name="support_follows_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("address", django.db.models.functions.text.Lower("address"))
                        ),
                        name="support_follower_lower",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BoardComment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                ("text", models.TextField(max_length=2000, verbose_name="comment")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "to be looked at"),
                            ("published", "published"),
                            ("rejected", "not published"),
                        ],
                        default="proposed",
                        max_length=9,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("once_key", models.CharField(blank=True, max_length=64)),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "suggestion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comments",
                        to="support.suggestion",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "pk"],
                "indexes": [
                    models.Index(
                        fields=["suggestion", "created_at"], name="support_board_comments"
                    ),
                    models.Index(
                        condition=models.Q(("state", "proposed")),
                        fields=["created_at"],
                        name="support_comments_to_see",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("once_key", ""), _negated=True),
                        fields=("once_key",),
                        name="support_commented_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SupportSettings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "acknowledges",
                    models.BooleanField(
                        default=True, verbose_name="confirm that a message has arrived"
                    ),
                ),
                (
                    "closes_after_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="days until a solved ticket is closed",
                    ),
                ),
                (
                    "mail_to_closed",
                    models.CharField(
                        choices=[
                            ("reopens", "opens it again"),
                            ("new", "makes a new ticket, linked to it"),
                        ],
                        default="reopens",
                        max_length=8,
                        verbose_name="a mail to a closed ticket",
                    ),
                ),
                (
                    "reopens_within_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        verbose_name="days for which a closed ticket can be opened again by mail",
                    ),
                ),
                (
                    "link_works_days",
                    models.PositiveSmallIntegerField(
                        default=60,
                        verbose_name="days for which the customer’s link works after closing",
                    ),
                ),
                (
                    "undo_seconds",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[django.core.validators.MaxValueValidator(120)],
                        verbose_name="seconds to take a reply back",
                    ),
                ),
                (
                    "has_feedback_page",
                    models.BooleanField(default=True, verbose_name="feedback page"),
                ),
                (
                    "has_board",
                    models.BooleanField(default=True, verbose_name="board of suggestions"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="support_one_settings"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TicketSearch",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_row",
                        serialize=False,
                        to="support.ticket",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="SystemMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "ticket",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["address", "at"], name="support_automatic_to")],
            },
        ),
        migrations.CreateModel(
            name="SlaTarget",
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
                        choices=[
                            ("first_reply", "first reply"),
                            ("next_reply", "next reply"),
                            ("solution", "solution"),
                        ],
                        max_length=11,
                    ),
                ),
                ("occurrence", models.PositiveSmallIntegerField(default=1)),
                ("minutes", models.PositiveIntegerField()),
                ("started_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("met_at", models.DateTimeField(blank=True, null=True)),
                ("missed_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("warn_at", models.DateTimeField(blank=True, null=True)),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "calendar_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="support.calendarversion",
                    ),
                ),
                (
                    "policy_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="support.slapolicyversion",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("cancelled_at", None), ("met_at", None), ("missed_at", None)
                        ),
                        fields=["due_at"],
                        name="support_target_running",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("cancelled_at", None),
                            ("met_at", None),
                            ("missed_at", None),
                            ("warned_at", None),
                        ),
                        fields=["warn_at"],
                        name="support_target_to_warn",
                    ),
                    models.Index(fields=["met_at"], name="support_target_met"),
                    models.Index(fields=["missed_at"], name="support_target_missed"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ticket", "kind", "occurrence"), name="support_target_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReplyPromise",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="promises",
                        to="support.message",
                    ),
                ),
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="crm.task"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="promises",
                        to="support.ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=200)),
                (
                    "role",
                    models.CharField(
                        choices=[("requester", "asked"), ("copied", "copied in")],
                        default="requester",
                        max_length=9,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="crm.contact",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="participants",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["address"], name="support_participant_address")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ticket", "address"), name="support_participant_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("address", django.db.models.functions.text.Lower("address"))
                        ),
                        name="support_participant_lower",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OpenSpan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="open_spans",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["started_at"], name="support_span_started"),
                    models.Index(fields=["ended_at"], name="support_span_ended"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ticket", "started_at"), name="support_span_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("ticket",),
                        name="support_one_open_span",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None),
                            ("ended_at__gt", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="support_span_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TicketAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accesses",
                        to="support.participant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TicketEvent",
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
                        choices=[
                            ("opened", "opened"),
                            ("received", "the customer wrote"),
                            ("replied", "replied"),
                            ("noted", "noted"),
                            ("automatic", "automatic message"),
                            ("withdrawn", "reply taken back"),
                            ("started", "opened up"),
                            ("waiting", "waiting for the customer"),
                            ("on_hold", "put on hold"),
                            ("resumed", "taken up again"),
                            ("resolved", "solved"),
                            ("reopened", "opened again"),
                            ("closed", "closed"),
                            ("spam", "marked as spam"),
                            ("not_spam", "marked as no spam"),
                            ("merged", "merged"),
                            ("unmerged", "merge taken back"),
                            ("split", "split off"),
                            ("linked", "linked"),
                            ("assigned", "assigned"),
                            ("queue", "moved to a queue"),
                            ("priority", "priority changed"),
                            ("category", "category changed"),
                            ("subject", "subject changed"),
                            ("customer", "moved to a customer"),
                            ("tags", "tags changed"),
                            ("snoozed", "snoozed"),
                            ("awoken", "back from snoozing"),
                            ("due_changed", "due times changed"),
                            ("breach_near", "due soon"),
                            ("missed", "due time missed"),
                            ("asked", "asked how it went"),
                            ("rated", "the customer answered how it went"),
                        ],
                        max_length=11,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "actor",
                    models.CharField(
                        choices=[
                            ("staff", "staff"),
                            ("customer", "customer"),
                            ("system", "system"),
                        ],
                        default="system",
                        max_length=8,
                    ),
                ),
                ("before", models.CharField(blank=True, max_length=250)),
                ("after", models.CharField(blank=True, max_length=250)),
                ("version", models.PositiveIntegerField(default=0)),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
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
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="support.message",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["ticket", "at", "id"], name="support_event_ticket"),
                    models.Index(fields=["kind", "at"], name="support_event_kind"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="support_event_external",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TicketLink",
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
                        choices=[
                            ("related", "related"),
                            ("follow_up", "follows it up"),
                            ("split", "split off from it"),
                        ],
                        default="related",
                        max_length=9,
                    ),
                ),
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
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="linked_from",
                        to="support.ticket",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "other"), name="support_linked_once"),
                    models.CheckConstraint(
                        condition=models.Q(("ticket", models.F("other")), _negated=True),
                        name="support_not_linked_to_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TicketPresence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.DateTimeField()),
                ("typed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="presences",
                        to="support.ticket",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "user"), name="support_present_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Watcher",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watchers",
                        to="support.ticket",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watched_tickets",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "user"), name="support_watches_once")
                ],
            },
        ),
    ]
