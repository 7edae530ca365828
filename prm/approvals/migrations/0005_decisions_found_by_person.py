from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # a busy table: the index is built while others write
    dependencies = [("approvals", "0004_decisions_can_be_undone")]

    operations = [
        AddIndexConcurrently(
            model_name="decision",
            index=models.Index(
                fields=["user_id", "-id"],
                name="decisions_of_person",
                condition=models.Q(kind__in=["approved", "rejected", "returned"]),
            ),
        ),
    ]
