from __future__ import annotations

from django.db import migrations

from prm.values.sql import KEEP_DECIDED


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0003_exports_are_announced")]

    operations = [migrations.RunSQL(KEEP_DECIDED, "DROP FUNCTION extensions.keep_decided()")]
