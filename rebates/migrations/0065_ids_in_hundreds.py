from django.db import migrations


class Migration(migrations.Migration):
    """A session takes the ids of results by the hundred; nothing reads an order of time from them."""

    dependencies = [("rebates", "0064_families_of_a_run")]
    operations = [
        migrations.RunSQL(
            sql="ALTER TABLE rebates_result ALTER COLUMN id SET CACHE 100",
            reverse_sql="ALTER TABLE rebates_result ALTER COLUMN id SET CACHE 1",
        )
    ]
