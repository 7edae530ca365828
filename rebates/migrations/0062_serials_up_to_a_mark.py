from django.db import migrations, models

from rebates.sql import read


class Migration(migrations.Migration):
    dependencies = [("rebates", "0061_versions_have_names"), ("orders", "0009_serials_are_facts")]

    operations = [
        migrations.AddField(
            model_name="settlementrun",
            name="serial_watermark",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunSQL(sql=read("serials.sql"), reverse_sql=read("serials_reverse.sql")),
    ]
