from django.db import migrations

from orders.sql import read


class Migration(migrations.Migration):
    """The functions as they are now, where the credits were made before; elsewhere they are the same already."""

    dependencies = [("orders", "0010_agents_are_credited")]
    operations = [migrations.RunSQL(sql=read("credited_returns.sql"), reverse_sql=migrations.RunSQL.noop)]
