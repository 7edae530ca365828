from django.db import migrations, models

import prm.customfields.models
from prm.values import clock


class Migration(migrations.Migration):
    dependencies = [("customfields", "0001_fields_and_forms")]

    operations = [
        migrations.AlterField(
            model_name="customfield",
            name="kind",
            field=models.CharField(
                choices=[
                    ("text", "Text"),
                    ("long_text", "Long text"),
                    ("number", "Number"),
                    ("money", "Money"),
                    ("date", "Date"),
                    ("yes_no", "Yes or no"),
                    ("choice", "Choice"),
                    ("many", "Many choices"),
                    ("person", "Person"),
                    ("partner", "Partner"),
                    ("file", "File"),
                    ("link", "Link"),
                    ("computed", "Computed"),
                    ("reference", "Reference number"),
                ],
                max_length=12,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("size", models.PositiveIntegerField(verbose_name="size")),
                ("digest", models.CharField(max_length=64)),
                ("file", models.FileField(upload_to=prm.customfields.models.stored_name)),
                ("kept_at", models.DateTimeField(default=clock.now)),
                ("kept_by", models.CharField(max_length=200)),
            ],
            options={
                "verbose_name": "file",
                "ordering": ["id"],
                "indexes": [models.Index(fields=["target", "code"], name="stored_file_by_field")],
            },
        ),
    ]
