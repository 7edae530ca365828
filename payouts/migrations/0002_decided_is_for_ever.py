from django.db import migrations

from payouts.sql import read
from prm.values.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("payouts", "0001_initial")]
    operations = [
        migrations.RunSQL(sql=read("guard.sql"), reverse_sql=read("guard_reverse.sql")),
        append_only("payouts_journalled"),
    ]
