import django.db.models.deletion
import prm.values.clock
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalogue", "0001_initial"),
        ("customers", "0002_search_functions"),
        ("dealreg", "0001_initial"),
        ("partners", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
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
                            ("approved", "Approved"),
                            ("sent", "Sent to ERP"),
                            ("confirmed", "Confirmed"),
                            ("partly_shipped", "Partly shipped"),
                            ("shipped", "Shipped"),
                            ("delivered", "Delivered"),
                            ("closed", "Closed"),
                            ("rejected", "Rejected"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "net_total",
                    models.DecimalField(
                        decimal_places=2, default=Decimal("0"), max_digits=18, verbose_name="net total"
                    ),
                ),
                (
                    "tax_total",
                    models.DecimalField(
                        decimal_places=2, default=Decimal("0"), max_digits=18, verbose_name="tax"
                    ),
                ),
                (
                    "purchase_number",
                    models.CharField(blank=True, max_length=60, verbose_name="your order number"),
                ),
                ("ship_to", models.CharField(blank=True, max_length=300, verbose_name="ship to")),
                ("wanted_on", models.DateField(blank=True, null=True, verbose_name="wanted on")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("created_at", models.DateTimeField(default=prm.values.clock.now)),
                ("submitted_at", models.DateTimeField(null=True, verbose_name="submitted")),
                ("waiting_since", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("state_reason", models.TextField(blank=True)),
                ("erp_number", models.CharField(blank=True, max_length=60)),
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
                        related_name="+",
                        to="customers.endcustomer",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="dealreg.dealregistration",
                        verbose_name="deal",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=40, unique=True, verbose_name="number")),
                (
                    "kind",
                    models.CharField(
                        choices=[("invoice", "Invoice"), ("credit_note", "Credit note")],
                        default="invoice",
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("issued_on", models.DateField(verbose_name="date")),
                ("currency", models.CharField(max_length=3)),
                ("net_total", models.DecimalField(decimal_places=2, max_digits=18, verbose_name="net total")),
                ("tax_total", models.DecimalField(decimal_places=2, max_digits=18, verbose_name="tax")),
                ("paid_on", models.DateField(null=True, verbose_name="paid on")),
                ("reason", models.TextField(blank=True)),
                ("created_by", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(default=prm.values.clock.now)),
                (
                    "credits",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="orders.invoice",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="partners.partner",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="orders.order",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=18, verbose_name="quantity")),
                (
                    "list_price",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="list price"),
                ),
                (
                    "unit_price",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="unit price"),
                ),
                ("price_source", models.CharField(max_length=120)),
                ("tax_rate", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=6)),
                (
                    "net_amount",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="net amount"),
                ),
                (
                    "shipped",
                    models.DecimalField(
                        decimal_places=3, default=Decimal("0"), max_digits=18, verbose_name="shipped"
                    ),
                ),
                (
                    "invoiced",
                    models.DecimalField(
                        decimal_places=3, default=Decimal("0"), max_digits=18, verbose_name="invoiced"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="orders.order"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalogue.product"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=18, verbose_name="quantity")),
                (
                    "unit_price",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="unit price"),
                ),
                (
                    "net_amount",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="net amount"),
                ),
                ("tax_rate", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=6)),
                (
                    "credits",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_lines",
                        to="orders.invoiceline",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.invoice"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalogue.product"
                    ),
                ),
                (
                    "order_line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice_lines",
                        to="orders.orderline",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="PriceList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "tier",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_list",
                        to="partners.tier",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "unit_price",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="unit price"),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="catalogue.product",
                    ),
                ),
                (
                    "price_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="orders.pricelist",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SalesLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line_number", models.CharField(max_length=80, unique=True, verbose_name="line number")),
                ("booking_date", models.DateField(verbose_name="booking date")),
                ("order_date", models.DateField(null=True)),
                ("ship_date", models.DateField(null=True)),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=18, verbose_name="quantity")),
                (
                    "net_amount",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="net amount"),
                ),
                ("tax_rate", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=6)),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("credit_note", "Credit note"),
                            ("pos", "Point-of-sale report"),
                            ("import", "Import"),
                        ],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("document", models.CharField(max_length=60, verbose_name="document")),
                ("document_line", models.CharField(blank=True, max_length=20)),
                ("recorded_at", models.DateTimeField(default=prm.values.clock.now)),
                (
                    "end_customer",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.endcustomer",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sales_lines",
                        to="orders.order",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sales_lines",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "product_line",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.productline",
                        verbose_name="product line",
                    ),
                ),
                (
                    "reverses",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="orders.salesline",
                    ),
                ),
            ],
            options={
                "ordering": ["-booking_date", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=40, unique=True, verbose_name="number")),
                ("carrier", models.CharField(blank=True, max_length=80, verbose_name="carrier")),
                (
                    "tracking_number",
                    models.CharField(blank=True, max_length=80, verbose_name="tracking number"),
                ),
                ("shipped_on", models.DateField(verbose_name="shipped on")),
                ("created_by", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(default=prm.values.clock.now)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="orders.order",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ShipmentLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=18, verbose_name="quantity")),
                (
                    "order_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipment_lines",
                        to="orders.orderline",
                    ),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="orders.shipment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CartLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=18, verbose_name="quantity")),
                ("added_at", models.DateTimeField(default=prm.values.clock.now)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partners.partner"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalogue.product"
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
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "product"), name="product_once_per_cart"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)), name="cart_quantity_positive"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["partner", "-id"], name="order_by_partner"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["state", "-id"], name="order_by_state"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["net_total", "id"], name="order_by_total"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["partner", "-id"], name="invoice_by_partner"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "position"), name="position_once_per_order"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="ordered_quantity_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("shipped__gte", 0), ("shipped__lte", models.F("quantity"))),
                name="not_more_shipped_than_ordered",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("invoiced__gte", 0), ("invoiced__lte", models.F("shipped"))),
                name="not_more_invoiced_than_shipped",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(
                fields=("invoice", "position"), name="position_once_per_invoice"
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelist",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("tier__isnull", True)),
                name="one_price_list_without_tier",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(
                fields=("price_list", "product"), name="one_price_per_product_and_list"
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_price__gte", 0)), name="price_not_negative"
            ),
        ),
        migrations.AddIndex(
            model_name="salesline",
            index=models.Index(fields=["partner", "-booking_date", "-id"], name="sales_by_partner"),
        ),
        migrations.AddIndex(
            model_name="salesline",
            index=models.Index(fields=["-booking_date", "-id"], name="sales_newest"),
        ),
        migrations.AddIndex(
            model_name="salesline",
            index=models.Index(
                fields=["product_line", "booking_date", "partner"],
                include=("net_amount", "quantity", "currency", "id"),
                name="sales_for_settlement",
            ),
        ),
        migrations.AddIndex(
            model_name="salesline",
            index=models.Index(
                condition=models.Q(("reverses__isnull", False)), fields=["reverses"], name="sales_reversals"
            ),
        ),
        migrations.AddConstraint(
            model_name="shipmentline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="shipped_quantity_positive"
            ),
        ),
    ]
