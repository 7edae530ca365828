from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_payments_received")]

    operations = [
        migrations.AddField(
            model_name="salesline",
            name="gross_amount",
            field=models.DecimalField(
                decimal_places=2, max_digits=18, null=True, verbose_name="gross amount"
            ),
        ),
    ]
