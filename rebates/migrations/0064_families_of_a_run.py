from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rebates", "0063_adjustments_of_their_own")]

    operations = [
        migrations.AddField(
            model_name="runmember",
            name="family",
            field=models.BigIntegerField(null=True),
        ),
    ]
