import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import prm.values.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalogue", "0001_initial"),
        ("customers", "0002_search_functions"),
        ("partners", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RegistrationType",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("name_zh", models.CharField(blank=True, max_length=80, verbose_name="Chinese name")),
                (
                    "protection_days",
                    models.PositiveSmallIntegerField(default=90, verbose_name="days of protection"),
                ),
                ("is_default", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="DealRegistration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=40, unique=True, verbose_name="number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Submitted"),
                            ("in_review", "In review"),
                            ("info_requested", "Info requested"),
                            ("approved", "Approved"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                            ("disputed", "Disputed"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("customer_name", models.CharField(blank=True, max_length=200, verbose_name="end customer")),
                ("tax_number", models.CharField(blank=True, max_length=40, verbose_name="tax number")),
                ("domain", models.CharField(blank=True, max_length=120, verbose_name="web domain")),
                ("region", models.CharField(blank=True, max_length=80, verbose_name="region")),
                (
                    "contact",
                    models.CharField(blank=True, max_length=200, verbose_name="contact at the customer"),
                ),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="phone")),
                ("note", models.TextField(blank=True, verbose_name="what the deal is about")),
                (
                    "estimated_value",
                    models.DecimalField(
                        decimal_places=2, max_digits=18, null=True, verbose_name="estimated value"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("expected_close", models.DateField(null=True, verbose_name="expected close")),
                ("created_at", models.DateTimeField(default=prm.values.clock.now)),
                ("saved_at", models.DateTimeField(default=prm.values.clock.now)),
                ("submitted_at", models.DateTimeField(null=True, verbose_name="submitted")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("clear", "Clear"), ("possible", "Possible"), ("blocked", "Blocked")],
                        max_length=10,
                        verbose_name="conflict check",
                    ),
                ),
                ("match_count", models.PositiveSmallIntegerField(default=0)),
                ("check_result", models.JSONField(default=dict)),
                ("waiting_since", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.TextField(blank=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_reason", models.TextField(blank=True)),
                ("protected_until", models.DateField(null=True, verbose_name="protected to")),
                ("reminded_days", models.PositiveSmallIntegerField(null=True)),
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
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "end_customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registrations",
                        to="customers.endcustomer",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registrations",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="dealreg.registrationtype",
                        verbose_name="type",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RegistrationMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("author_label", models.CharField(max_length=200)),
                ("from_staff", models.BooleanField()),
                ("text", models.TextField()),
                ("at", models.DateTimeField(default=prm.values.clock.now)),
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
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="dealreg.dealregistration",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="AvailabilityQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=32, unique=True)),
                ("customer_name", models.CharField(max_length=200)),
                ("tax_number", models.CharField(blank=True, max_length=40)),
                ("domain", models.CharField(blank=True, max_length=120)),
                ("region", models.CharField(blank=True, max_length=80)),
                ("product_lines", models.JSONField(default=list)),
                ("core_key", models.CharField(max_length=200)),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("clear", "Clear"),
                            ("under_review", "Under review"),
                            ("not_available", "Not available"),
                            ("ask_manager", "Ask your channel manager"),
                        ],
                        max_length=16,
                    ),
                ),
                ("result", models.JSONField(default=dict)),
                ("asked_at", models.DateTimeField(default=prm.values.clock.now)),
                ("answer_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="partners.partner",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["partner", "core_key", "asked_at"], name="question_count")],
            },
        ),
        migrations.CreateModel(
            name="Protection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("first_day", models.DateField()),
                ("promised_last_day", models.DateField()),
                ("ended_because", models.CharField(blank=True, max_length=20)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "end_customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protections",
                        to="customers.endcustomer",
                    ),
                ),
                (
                    "product_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.productline",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protections",
                        to="dealreg.dealregistration",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["promised_last_day"], name="protection_by_last_day")],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("end_customer", "="), ("product_line", "="), ("during", "&&")],
                        name="one_protection_per_customer_and_line",
                        violation_error_message="This customer is not available for this product line.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RegistrationLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("approved", models.BooleanField(null=True)),
                (
                    "product_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.productline",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="dealreg.dealregistration",
                    ),
                ),
            ],
            options={
                "ordering": ["product_line__code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("registration", "product_line"), name="product_line_once_per_registration"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="dealregistration",
            index=models.Index(fields=["partner", "-id"], name="deal_by_partner"),
        ),
        migrations.AddIndex(
            model_name="dealregistration",
            index=models.Index(fields=["state", "-id"], name="deal_by_state"),
        ),
        migrations.AddIndex(
            model_name="dealregistration",
            index=models.Index(fields=["end_customer", "state"], name="deal_by_customer"),
        ),
        migrations.AddIndex(
            model_name="dealregistration",
            index=models.Index(fields=["expected_close", "id"], name="deal_by_close"),
        ),
        migrations.AddIndex(
            model_name="dealregistration",
            index=models.Index(fields=["estimated_value", "id"], name="deal_by_value"),
        ),
        migrations.AddIndex(
            model_name="dealregistration",
            index=models.Index(
                condition=models.Q(("waiting_since__isnull", False)),
                fields=["waiting_since"],
                name="deal_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="dealregistration",
            index=models.Index(fields=["protected_until", "id"], name="deal_by_protection"),
        ),
        migrations.AddIndex(
            model_name="dealregistration",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("customer_name"), name="gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("number"), name="gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("tax_number"), name="gin_trgm_ops"
                ),
                name="deal_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="dealregistration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "withdrawn"]),
                    models.Q(
                        ("end_customer__isnull", False),
                        ("estimated_value__isnull", False),
                        ("expected_close__isnull", False),
                        ("submitted_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="submitted_registration_is_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="dealregistration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("estimated_value__isnull", True), ("estimated_value__gte", 0), _connector="OR"
                ),
                name="estimated_value_not_negative",
                violation_error_message="The estimated value is below zero. Enter zero or more.",
            ),
        ),
    ]
