"""When an export was first downloaded; those of before count as seen."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0002_modules_can_be_off")]

    operations = [
        migrations.AddField("export", "downloaded_at", models.DateTimeField(null=True)),
        migrations.RunSQL(
            "UPDATE tenancy_export SET downloaded_at = made_at", reverse_sql=migrations.RunSQL.noop
        ),
    ]
