"""When a job began is taken from the clock that the services use."""

from django.db import migrations, models

import prm.values.clock


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_titles_in_every_language")]

    operations = [
        migrations.AlterField(
            "job", "created_at", models.DateTimeField(default=prm.values.clock.now, verbose_name="began")
        ),
    ]
