import django.db.models.deletion
import django.db.models.functions.datetime
import prm.values.clock
from django.db import migrations, models

from rebates.sql import read


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0007_payments_received"),
        ("partners", "0005_criteria_of_tiers"),
        ("rebates", "0054_go_live_taken_back_and_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccrualCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField(default=prm.values.clock.now, verbose_name="started")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                ("partners", models.PositiveIntegerField(default=0, verbose_name="partners")),
                ("figures", models.PositiveIntegerField(default=0, verbose_name="figures")),
                ("wrong_sums", models.PositiveIntegerField(default=0)),
                ("wrong_figures", models.PositiveIntegerField(default=0)),
                ("differences", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="KeptPartner",
            fields=[
                (
                    "partner",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="partners.partner",
                    ),
                ),
                ("basis", models.CharField(max_length=64)),
                ("kept_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AccrualMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AdditionToSum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("product_line_id", models.BigIntegerField()),
                ("product_id", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=24)),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=24)),
                ("lines", models.IntegerField()),
                ("fingerprint", models.BigIntegerField()),
                (
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="KeptAccrual",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts", models.DateField()),
                ("ends", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("tier", models.CharField(blank=True, max_length=40)),
                ("qualifier", models.DecimalField(decimal_places=3, max_digits=20)),
                ("base", models.DecimalField(decimal_places=3, max_digits=20)),
                ("reference", models.DecimalField(decimal_places=3, max_digits=20, null=True)),
                ("band", models.SmallIntegerField()),
                ("lines", models.IntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18)),
                ("explanation", models.JSONField()),
                (
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="rebates.version",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("partner", "version", "starts"), name="one_kept_accrual_each"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthSum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("product_line_id", models.BigIntegerField()),
                ("product_id", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=24)),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=24)),
                ("lines", models.IntegerField()),
                ("fingerprint", models.BigIntegerField()),
                (
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("partner", "month", "product_line_id", "product_id", "currency"),
                        name="one_sum_a_month",
                    )
                ],
            },
        ),
        migrations.RunSQL(sql=read("kept.sql"), reverse_sql=read("kept_reverse.sql")),
    ]
