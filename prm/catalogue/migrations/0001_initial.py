import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ProductLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_zh", models.CharField(blank=True, max_length=120, verbose_name="Chinese name")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=60, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("name_zh", models.CharField(blank=True, max_length=200, verbose_name="Chinese name")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("unit", models.CharField(default="piece", max_length=20, verbose_name="unit")),
                (
                    "list_price",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="list price"),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "tax_rate",
                    models.DecimalField(
                        decimal_places=4, default=Decimal("0"), max_digits=6, verbose_name="tax rate"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "product_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="catalogue.productline",
                        verbose_name="product line",
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
                "indexes": [models.Index(fields=["product_line", "code"], name="product_by_line")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("list_price__gte", 0)),
                        name="list_price_not_negative",
                        violation_error_message="The list price is below zero. Enter zero or more.",
                    )
                ],
            },
        ),
    ]
