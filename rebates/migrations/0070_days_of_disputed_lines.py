from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rebates", "0069_disputes_take_more_lines"),
    ]

    operations = [
        migrations.AddField(
            model_name="disputedline",
            name="their_day",
            field=models.DateField(null=True),
        ),
        migrations.AlterField(
            model_name="disputedline",
            name="what",
            field=models.CharField(
                choices=[
                    ("missing", "Missing from the statement"),
                    ("amount", "Wrong amount"),
                    ("quantity", "Wrong quantity"),
                    ("day", "In another period"),
                    ("count", "Should count"),
                    ("not_ours", "Not in the partner’s books"),
                ],
                max_length=8,
                verbose_name="what is wrong",
            ),
        ),
    ]
