import django.db.models.deletion
from django.db import migrations, models

import prm.values.clock
from prm.values.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_gross_amounts"), ("catalogue", "0003_products_found_by_words")]

    operations = [
        migrations.CreateModel(
            name="SerialMoved",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("serial", models.CharField(max_length=80, verbose_name="serial number")),
                ("returned", models.BooleanField(default=False, verbose_name="returned")),
                ("recorded_at", models.DateTimeField(default=prm.values.clock.now)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="serials",
                        to="orders.salesline",
                        verbose_name="line number",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.product",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("product", "serial", "returned"),
                        name="serial_moves_once",
                        violation_error_message="This serial number is on file already.",
                    )
                ],
            },
        ),
        append_only("orders_serialmoved"),
    ]
