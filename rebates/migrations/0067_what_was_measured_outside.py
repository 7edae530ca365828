from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rebates", "0066_credits_of_agents")]
    operations = [
        migrations.AddField(
            "settledoutside",
            "measured",
            models.DecimalField(decimal_places=2, max_digits=18, null=True, verbose_name="measured"),
        ),
    ]
