from django.db import migrations

from prm.sealing.sql import read
from prm.values.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("sealing", "0001_initial"), ("audit", "0002_audit_is_append_only")]
    operations = [
        append_only("sealing_seal"),
        append_only("sealing_sealedentry"),
        migrations.RunSQL(sql=read("waiting.sql"), reverse_sql=read("waiting_reverse.sql")),
    ]
