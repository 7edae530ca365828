from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0004_code_of_credit_notes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bankaccount",
            name="state",
            field=models.CharField(
                choices=[
                    ("asked", "Waits for confirmation"),
                    ("confirmed", "Confirmed"),
                    ("refused", "Refused"),
                    ("withdrawn", "Withdrawn"),
                    ("stopped", "Stopped"),
                ],
                default="asked",
                max_length=10,
                verbose_name="state",
            ),
        ),
    ]
