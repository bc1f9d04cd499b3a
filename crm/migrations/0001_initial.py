import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.math
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("staff", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Contact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("es", "Spanish"),
                            ("pt-br", "Portuguese (Brazil)"),
                            ("en", "English"),
                        ],
                        max_length=8,
                        verbose_name="language",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("erased_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "contact",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="crm_contact_external",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("folded", models.CharField(editable=False, max_length=60, unique=True)),
            ],
            options={
                "ordering": ["folded"],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                (
                    "kind",
                    models.CharField(
                        choices=[("person", "person"), ("company", "company")],
                        default="person",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("name_folded", models.CharField(editable=False, max_length=200)),
                (
                    "stage",
                    models.CharField(
                        choices=[("lead", "lead"), ("customer", "customer"), ("lost", "lost")],
                        default="lead",
                        editable=False,
                        max_length=8,
                        verbose_name="stage",
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=60, verbose_name="source")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("es", "Spanish"),
                            ("pt-br", "Portuguese (Brazil)"),
                            ("en", "English"),
                        ],
                        max_length=8,
                        verbose_name="language",
                    ),
                ),
                ("birthday", models.DateField(blank=True, null=True, verbose_name="birthday")),
                ("city", models.CharField(blank=True, max_length=120, verbose_name="city")),
                ("country", models.CharField(blank=True, max_length=60, verbose_name="country")),
                ("custom", models.JSONField(blank=True, default=dict)),
                (
                    "notes",
                    models.TextField(blank=True, verbose_name="what they need, expect and prefer"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created"),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("first_order_at", models.DateTimeField(editable=False, null=True)),
                ("last_order_at", models.DateTimeField(editable=False, null=True)),
                ("last_inbound_at", models.DateTimeField(editable=False, null=True)),
                ("last_outbound_at", models.DateTimeField(editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="customers",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "referred_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="referred",
                        to="crm.customer",
                        verbose_name="referred by",
                    ),
                ),
                (
                    "tags",
                    models.ManyToManyField(
                        blank=True, related_name="customers", to="crm.tag", verbose_name="tags"
                    ),
                ),
            ],
            options={
                "verbose_name": "customer",
                "verbose_name_plural": "customers",
                "indexes": [
                    models.Index(fields=["name_folded", "id"], name="crm_customer_name"),
                    models.Index(
                        fields=["stage", "name_folded", "id"], name="crm_customer_stage_name"
                    ),
                    models.Index(fields=["-created_at", "-id"], name="crm_customer_created"),
                    models.Index(fields=["-last_order_at", "-id"], name="crm_customer_last_order"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="crm_customer_external",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="crm_customer_named"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["person", "company"])),
                        name="crm_customer_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stage__in", ["lead", "customer", "lost"])),
                        name="crm_customer_stage",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Interaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("call", "call"),
                            ("visit", "visit"),
                            ("meeting", "meeting"),
                            ("note", "note"),
                            ("email", "e-mail"),
                            ("chat", "chat"),
                            ("order", "order"),
                            ("contract", "contract"),
                            ("survey_invitation", "survey invitation"),
                            ("survey_response", "survey response"),
                            ("promise", "promise"),
                            ("lost", "lost"),
                            ("other", "other"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        blank=True,
                        choices=[("in", "from them"), ("out", "from us"), ("", "neither")],
                        max_length=3,
                        verbose_name="direction",
                    ),
                ),
                ("channel", models.CharField(blank=True, max_length=20, verbose_name="channel")),
                (
                    "occurred_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="when"),
                ),
                ("summary", models.CharField(max_length=300, verbose_name="summary")),
                ("about_model", models.CharField(blank=True, max_length=60)),
                ("about_id", models.BigIntegerField(blank=True, null=True)),
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
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="interactions",
                        to="crm.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "interaction",
                "indexes": [
                    models.Index(fields=["customer", "-occurred_at", "-id"], name="crm_timeline"),
                    models.Index(
                        condition=models.Q(("about_model", ""), _negated=True),
                        fields=["about_model", "about_id"],
                        name="crm_interaction_about",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="crm_interaction_external",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Affiliation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("role", models.CharField(blank=True, max_length=80, verbose_name="role")),
                ("is_primary", models.BooleanField(default=False, verbose_name="first to ask")),
                ("since", models.DateField(blank=True, null=True)),
                ("until", models.DateField(blank=True, null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="affiliations",
                        to="crm.contact",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="affiliations",
                        to="crm.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until", None)),
                        fields=("customer", "contact"),
                        name="crm_affiliation_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_primary", True), ("until", None)),
                        fields=("customer",),
                        name="crm_affiliation_one_primary",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerSearch",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_row",
                        serialize=False,
                        to="crm.customer",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="InteractionBody",
            fields=[
                (
                    "interaction",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="body",
                        serialize=False,
                        to="crm.interaction",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Loss",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lost_at", models.DateTimeField(verbose_name="lost")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("competitor_price", "competitor's price"),
                            ("competitor_product", "competitor's product"),
                            ("service", "service disappointed"),
                            ("product", "product disappointed"),
                            ("no_need", "no longer needs it"),
                            ("moved", "moved or closed"),
                            ("unknown", "unknown"),
                            ("contract_ended", "contract ended"),
                            ("silence", "gone quiet"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="in their words")),
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
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="losses",
                        to="crm.customer",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["customer", "lost_at"], name="crm_loss_customer")],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                ("ordered_at", models.DateTimeField(verbose_name="ordered")),
                (
                    "total",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="total"),
                ),
                (
                    "cost",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="cost of goods",
                    ),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        default=1,
                        max_digits=18,
                        null=True,
                        verbose_name="exchange rate",
                    ),
                ),
                (
                    "total_micros",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.functions.math.Round(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("total"), "*", models.F("rate")
                                    ),
                                    "*",
                                    models.Value(1000000),
                                )
                            ),
                            models.BigIntegerField(),
                        ),
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
                (
                    "cost_micros",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.functions.math.Round(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("cost"), "*", models.F("rate")
                                    ),
                                    "*",
                                    models.Value(1000000),
                                )
                            ),
                            models.BigIntegerField(),
                        ),
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="orders",
                        to="crm.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "indexes": [
                    models.Index(
                        fields=["customer", "-ordered_at", "-id"], name="crm_order_customer"
                    ),
                    models.Index(fields=["ordered_at", "id"], name="crm_order_when"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="crm_order_external",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate", None), ("rate__gt", 0), _connector="OR"),
                        name="crm_order_rate",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SilenceRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField(unique=True)),
                ("days", models.PositiveSmallIntegerField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["since"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 1)), name="crm_silence_days"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=250, verbose_name="what")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="due")),
                (
                    "is_promise",
                    models.BooleanField(default=False, verbose_name="promised to the customer"),
                ),
                ("done_at", models.DateTimeField(blank=True, null=True)),
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
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="crm.customer",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tasks",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "task",
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["owner", "due_at"],
                        name="crm_task_open",
                    ),
                    models.Index(fields=["customer", "due_at"], name="crm_task_customer"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_promise", False),
                            models.Q(("customer__isnull", False), ("due_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="crm_promise_has_due_and_customer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tenure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="from")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="until")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("order", "purchase"),
                            ("contract", "contract"),
                            ("manual", "by hand"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("competitor_price", "competitor's price"),
                            ("competitor_product", "competitor's product"),
                            ("service", "service disappointed"),
                            ("product", "product disappointed"),
                            ("no_need", "no longer needs it"),
                            ("moved", "moved or closed"),
                            ("unknown", "unknown"),
                            ("contract_ended", "contract ended"),
                            ("silence", "gone quiet"),
                        ],
                        max_length=20,
                    ),
                ),
                ("end_note", models.TextField(blank=True)),
                ("is_first", models.BooleanField(default=False)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tenures",
                        to="crm.customer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["customer", "started_at"], name="crm_tenure_customer"),
                    models.Index(fields=["started_at"], name="crm_tenure_started"),
                    models.Index(fields=["ended_at"], name="crm_tenure_ended"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None),
                            ("ended_at__gt", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="crm_tenure_forward",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("customer",),
                        name="crm_tenure_one_open",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_first", True)),
                        fields=("customer",),
                        name="crm_tenure_one_first",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TenureSpan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                ("started_at", models.DateTimeField(verbose_name="from")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("competitor_price", "competitor's price"),
                            ("competitor_product", "competitor's product"),
                            ("service", "service disappointed"),
                            ("product", "product disappointed"),
                            ("no_need", "no longer needs it"),
                            ("moved", "moved or closed"),
                            ("unknown", "unknown"),
                            ("contract_ended", "contract ended"),
                            ("silence", "gone quiet"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.TextField(blank=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tenure_spans",
                        to="crm.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="crm_tenure_span_external",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None),
                            ("ended_at__gt", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="crm_tenure_span_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactPoint",
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
                        choices=[("email", "e-mail"), ("phone", "phone")], max_length=5
                    ),
                ),
                ("value", models.CharField(max_length=254)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="points",
                        to="crm.contact",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "value"], name="crm_contact_point_value")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "email"), ("retired_at", None)),
                        fields=("value",),
                        name="crm_email_of_one_contact",
                    ),
                    models.UniqueConstraint(
                        fields=("contact", "kind", "value"), name="crm_contact_point_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "email"), _negated=True),
                            ("value", django.db.models.functions.text.Lower("value")),
                            _connector="OR",
                        ),
                        name="crm_email_lower",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["email", "phone"])),
                        name="crm_contact_point_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("acquisition", "winning customers"),
                            ("service", "serving customers"),
                            ("experience", "delighting customers"),
                            ("training", "training the team"),
                        ],
                        max_length=11,
                        verbose_name="purpose",
                    ),
                ),
                (
                    "category",
                    models.CharField(default="other", max_length=60, verbose_name="category"),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        default=1,
                        max_digits=18,
                        null=True,
                        verbose_name="exchange rate",
                    ),
                ),
                (
                    "amount_micros",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.functions.math.Round(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount"), "*", models.F("rate")
                                    ),
                                    "*",
                                    models.Value(1000000),
                                )
                            ),
                            models.BigIntegerField(),
                        ),
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
                ("on", models.DateField(verbose_name="on")),
                ("until", models.DateField(blank=True, null=True, verbose_name="until")),
                ("source", models.CharField(blank=True, max_length=60, verbose_name="source")),
                ("note", models.CharField(blank=True, max_length=250, verbose_name="note")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="costs",
                        to="crm.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "cost",
                "indexes": [models.Index(fields=["purpose", "on"], name="crm_cost_purpose_on")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="crm_cost_external",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate", None), ("rate__gt", 0), _connector="OR"),
                        name="crm_cost_rate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until", None), ("until__gt", models.F("on")), _connector="OR"
                        ),
                        name="crm_cost_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_source", models.CharField(blank=True, max_length=60)),
                ("external_id", models.CharField(blank=True, max_length=190)),
                ("starts_on", models.DateField(verbose_name="starts")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="ends")),
                ("cancelled_on", models.DateField(blank=True, null=True, verbose_name="cancelled")),
                ("reason", models.CharField(blank=True, max_length=250, verbose_name="reason")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                (
                    "interval",
                    models.CharField(
                        choices=[("month", "a month"), ("year", "a year")],
                        default="month",
                        max_length=5,
                        verbose_name="per",
                    ),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        default=1,
                        max_digits=18,
                        null=True,
                        verbose_name="exchange rate",
                    ),
                ),
                (
                    "amount_micros",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.functions.math.Round(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount"), "*", models.F("rate")
                                    ),
                                    "*",
                                    models.Value(1000000),
                                )
                            ),
                            models.BigIntegerField(),
                        ),
                        output_field=models.BigIntegerField(null=True),
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "renewed_by",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="renews",
                        to="crm.contract",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contracts",
                        to="crm.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "contract",
                "indexes": [
                    models.Index(fields=["customer", "starts_on"], name="crm_contract_customer"),
                    models.Index(fields=["ends_on"], name="crm_contract_ends"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_source", "external_id"),
                        name="crm_contract_external",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate", None), ("rate__gt", 0), _connector="OR"),
                        name="crm_contract_rate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on", None),
                            ("ends_on__gt", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="crm_contract_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)), name="crm_contract_amount"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="customers",
            field=models.ManyToManyField(
                related_name="contacts", through="crm.Affiliation", to="crm.customer"
            ),
        ),
    ]
