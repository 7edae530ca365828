from django.db import migrations

from prm.values.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("tenancy", "0001_initial")]
    operations = [append_only("approvals_decision")]
