import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rebates", "0072_findings_answered"),
        ("spreadsheets", "0004_whose_hands"),
    ]

    operations = [
        migrations.AddField(
            model_name="settledoutside",
            name="upload",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="spreadsheets.import",
            ),
        ),
        migrations.AddField(
            model_name="openingbalance",
            name="upload",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="spreadsheets.import",
            ),
        ),
    ]
