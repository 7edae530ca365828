import django.db.models.deletion
from django.db import migrations, models

from orders.sql import read

# The rows are never changed otherwise. The checks of the update are made before the table is altered further.
COPY = """
ALTER TABLE orders_serialmoved DISABLE TRIGGER orders_serialmoved_is_append_only;
UPDATE orders_serialmoved moved SET partner_id = line.partner_id, booking_date = line.booking_date
FROM orders_salesline line WHERE line.id = moved.line_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE orders_serialmoved ENABLE TRIGGER orders_serialmoved_is_append_only;
"""


def partner(**more):
    return models.ForeignKey(
        db_index=False,
        editable=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="partners.partner",
        verbose_name="partner",
        **more,
    )


def booking_date(**more):
    return models.DateField(editable=False, verbose_name="booking date", **more)


class Migration(migrations.Migration):
    """Partner and day of a serial number are copied from its line, now and at each insert."""

    dependencies = [("orders", "0012_facts_are_listed"), ("partners", "0001_initial")]

    operations = [
        migrations.AddField("serialmoved", "partner", partner(null=True)),
        migrations.AddField("serialmoved", "booking_date", booking_date(null=True)),
        migrations.RunSQL(sql=COPY, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(sql=read("serials.sql"), reverse_sql=read("serials_reverse.sql")),
        migrations.AlterField("serialmoved", "partner", partner()),
        migrations.AlterField("serialmoved", "booking_date", booking_date()),
        migrations.AddIndex(
            "serialmoved", models.Index(fields=["partner", "-id"], name="serials_of_partner")
        ),
        migrations.AddIndex(
            "serialmoved", models.Index(fields=["booking_date", "partner"], name="serials_of_month")
        ),
    ]
