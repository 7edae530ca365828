from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rebates", "0006_closed_side_by_side")]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="reference",
            field=models.CharField(blank=True, max_length=100, verbose_name="reference"),
        ),
    ]
