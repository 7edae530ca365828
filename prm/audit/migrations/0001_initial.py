from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                ("verb", models.CharField(max_length=60, verbose_name="what")),
                ("object_type", models.CharField(blank=True, max_length=80)),
                ("object_id", models.CharField(blank=True, max_length=40)),
                ("object_label", models.CharField(blank=True, max_length=200, verbose_name="object")),
                ("partner_id", models.BigIntegerField(null=True)),
                ("user_id", models.BigIntegerField(null=True)),
                ("actor_kind", models.CharField(max_length=12)),
                ("actor_label", models.CharField(max_length=200, verbose_name="who")),
                ("acting_operator", models.CharField(blank=True, max_length=200)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("changes", models.JSONField(default=dict)),
                ("reason", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object"),
                    models.Index(fields=["partner_id", "-id"], name="audit_by_partner"),
                    models.Index(fields=["user_id", "-id"], name="audit_by_user"),
                    models.Index(fields=["verb", "-id"], name="audit_by_verb"),
                    models.Index(fields=["at"], name="audit_by_time"),
                ],
            },
        ),
    ]
