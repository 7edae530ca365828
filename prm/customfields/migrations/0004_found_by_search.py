from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customfields", "0003_partners_fields_for_staff")]

    operations = [
        migrations.AddField(
            model_name="customfield",
            name="searchable",
            field=models.BooleanField(default=True, verbose_name="found by search"),
        ),
    ]
