"""Of files that partners' people bring in: for which company; those of staff are of none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("spreadsheets", "0002_values_as_typed")]

    operations = [migrations.AddField("import", "company", models.BigIntegerField(null=True))]
