from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (SQL / "search.sql").read_text(encoding="utf-8"),
            reverse_sql=(SQL / "search_reverse.sql").read_text(encoding="utf-8"),
        )
    ]
