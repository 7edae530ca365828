from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_sales_lines_found_by_document")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("submitted", "Submitted"),
                    ("returned", "Returned for changes"),
                    ("approved", "Approved"),
                    ("sent", "Sent to ERP"),
                    ("confirmed", "Confirmed"),
                    ("partly_shipped", "Partly shipped"),
                    ("shipped", "Shipped"),
                    ("delivered", "Delivered"),
                    ("closed", "Closed"),
                    ("rejected", "Rejected"),
                    ("cancelled", "Cancelled"),
                ],
                default="draft",
                max_length=16,
                verbose_name="state",
            ),
        ),
    ]
