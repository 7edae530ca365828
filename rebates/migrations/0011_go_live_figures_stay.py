from django.db import migrations

from prm.values.sql import append_only
from rebates.sql import read


class Migration(migrations.Migration):
    dependencies = [("rebates", "0010_exchange_and_go_live")]
    operations = [
        append_only("rebates_settledoutside"),
        append_only("rebates_openingbalance"),
        migrations.RunSQL(sql=read("golive.sql"), reverse_sql=read("golive_reverse.sql")),
    ]
