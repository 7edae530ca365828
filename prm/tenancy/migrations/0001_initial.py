import django.core.validators
import django.db.models.deletion
import django_tenants.postgresql_backend.base
from django.db import migrations, models

import prm.values.clock
from prm.values.sql import REFUSE_CHANGE, append_only

# An extension that an earlier hand put elsewhere is moved: every tenant finds it in this schema.
EXTENSIONS = """
CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA extensions;
DO $do$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT extname FROM pg_extension
        WHERE extname IN ('pg_trgm', 'btree_gist', 'btree_gin', 'unaccent')
          AND extnamespace <> 'extensions'::regnamespace
    LOOP
        EXECUTE format('ALTER EXTENSION %I SET SCHEMA extensions', found.extname);
    END LOOP;
END
$do$;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(EXTENSIONS, migrations.RunSQL.noop),
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION extensions.refuse_change()"),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_slug", models.CharField(max_length=40)),
                ("file_name", models.CharField(max_length=120)),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField(default=prm.values.clock.now)),
                ("made_by", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Operator",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("password", models.CharField(max_length=200)),
                ("totp_secret", models.CharField(blank=True, max_length=200)),
                ("recovery_codes", models.JSONField(default=list)),
                ("totp_last_step", models.BigIntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
                ("last_sign_in_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=prm.values.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="OperatorGuess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("last_at", models.DateTimeField(default=prm.values.clock.now)),
                ("blocked_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="OperatorLogEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=prm.values.clock.now)),
                ("operator_email", models.CharField(max_length=200, verbose_name="who")),
                ("verb", models.CharField(max_length=60, verbose_name="what")),
                ("tenant_slug", models.CharField(blank=True, max_length=40, verbose_name="tenant")),
                ("details", models.JSONField(default=dict)),
                ("address", models.CharField(blank=True, max_length=45)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SchemaState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("schema_name", models.CharField(max_length=63, unique=True)),
                ("state", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=prm.values.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="TemplateDump",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(max_length=64, unique=True)),
                ("sql", models.TextField()),
                ("made_at", models.DateTimeField(default=prm.values.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "schema_name",
                    models.CharField(
                        db_index=True,
                        max_length=63,
                        unique=True,
                        validators=[django_tenants.postgresql_backend.base._check_schema_name],
                    ),
                ),
                (
                    "slug",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", "Use a-z, 0-9 and hyphens only."
                            )
                        ],
                        verbose_name="address",
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("language", models.CharField(default="en", max_length=10, verbose_name="language")),
                ("currency", models.CharField(default="CNY", max_length=3, verbose_name="currency")),
                (
                    "time_zone",
                    models.CharField(default="Asia/Shanghai", max_length=40, verbose_name="time zone"),
                ),
                ("accent", models.CharField(default="#3150c8", max_length=7, verbose_name="colour")),
                ("logo", models.CharField(blank=True, max_length=200)),
                ("contact_email", models.EmailField(blank=True, max_length=254, verbose_name="contact")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("filling", "Being set up"),
                        ],
                        default="active",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("suspended_at", models.DateTimeField(null=True)),
                ("suspended_reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=prm.values.clock.now)),
                ("brand_version", models.PositiveIntegerField(default=1)),
                ("brand_changed_by", models.CharField(blank=True, max_length=200)),
                ("brand_changed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["slug"],
            },
        ),
        migrations.CreateModel(
            name="Domain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("domain", models.CharField(db_index=True, max_length=253, unique=True)),
                ("is_primary", models.BooleanField(db_index=True, default=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="domains",
                        to="tenancy.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        append_only("tenancy_operatorlogentry"),
    ]
