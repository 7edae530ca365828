from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # a busy table: the index is built while others write
    dependencies = [("orders", "0004_custom_values")]

    operations = [
        AddIndexConcurrently(
            model_name="salesline",
            index=models.Index(
                fields=["document"], name="sales_by_document", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
