"""Beside the value in its one spelling, what was typed; rows of before have only the value."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("spreadsheets", "0001_initial")]

    operations = [migrations.AddField("importrow", "typed", models.JSONField(null=True))]
