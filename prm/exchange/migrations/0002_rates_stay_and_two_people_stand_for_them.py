from django.db import migrations

from prm.exchange.sql import read
from prm.values.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial")]
    operations = [
        append_only("exchange_batch"),
        append_only("exchange_decision"),
        append_only("exchange_rate"),
        migrations.RunSQL(sql=read("guard.sql"), reverse_sql=read("guard_reverse.sql")),
    ]
