"""What a job is called and what it does now, as prm.ui.said keeps it; jobs of before go on with their text."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.AddField("job", "title_said", models.JSONField(null=True)),
        migrations.AddField("job", "step_said", models.JSONField(null=True)),
    ]
