from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # busy tables: the indexes are built while others write
    dependencies = [("orders", "0011_returns_follow_one_credit")]

    operations = [
        AddIndexConcurrently(
            model_name="paymentreceived",
            index=models.Index(fields=["-received_on", "-id"], name="payments_newest"),
        ),
        AddIndexConcurrently(
            model_name="paymentreceived",
            index=models.Index(
                fields=["document"], name="payments_by_document", opclasses=["varchar_pattern_ops"]
            ),
        ),
        AddIndexConcurrently(
            model_name="serialmoved",
            index=models.Index(
                fields=["serial"], name="serials_by_beginning", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
