from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0002_decided_is_for_ever")]
    operations = [
        # Exports of before keep the columns that they had; new ones name the partner.
        migrations.AddField("journal", "layout", models.PositiveSmallIntegerField(default=1)),
        migrations.AlterField("journal", "layout", models.PositiveSmallIntegerField(default=2)),
    ]
