import django.db.models.deletion
import prm.values.clock
from django.conf import settings
from django.db import migrations, models

from prm.values.sql import append_only
from rebates.sql import read


class Migration(migrations.Migration):
    dependencies = [
        ("rebates", "0068_credit_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DisputeAddition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("count", models.PositiveIntegerField()),
                ("held", models.DecimalField(decimal_places=2, max_digits=18, verbose_name="held back")),
                (
                    "difference",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="difference"),
                ),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("by_label", models.CharField(max_length=200)),
                ("at", models.DateTimeField(default=prm.values.clock.now)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="additions",
                        to="rebates.dispute",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="disputedline",
            name="addition",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="rebates.disputeaddition",
            ),
        ),
        append_only("rebates_disputeaddition"),
        migrations.RunSQL(sql=read("additions.sql"), reverse_sql=read("additions_reverse.sql")),
    ]
