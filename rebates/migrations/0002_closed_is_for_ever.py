from django.db import migrations

from prm.values.sql import append_only
from rebates.sql import read


class Migration(migrations.Migration):
    dependencies = [("rebates", "0001_initial")]
    operations = [
        append_only("rebates_statement"),
        append_only("rebates_payment"),
        migrations.RunSQL(sql=read("guard.sql"), reverse_sql=read("guard_reverse.sql")),
    ]
