from django.db import migrations

from prm.ledger.sql import read
from prm.values.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        append_only("ledger_transaction"),
        append_only("ledger_entry"),
        migrations.RunSQL(sql=read("guard.sql"), reverse_sql=read("guard_reverse.sql")),
    ]
