import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                ("key", models.CharField(blank=True, max_length=120)),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("link", models.CharField(blank=True, max_length=200)),
                ("params", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("dead", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("step", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(null=True)),
                ("step_name", models.CharField(blank=True, max_length=120)),
                ("counts", models.JSONField(default=dict)),
                ("result", models.JSONField(default=dict)),
                ("attempt", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("max_failures", models.PositiveSmallIntegerField(default=5)),
                ("error", models.TextField(blank=True)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("created_label", models.CharField(max_length=200, verbose_name="began by")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="began")),
                ("run_after", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=["run_after"],
                        name="jobs_open",
                    ),
                    models.Index(fields=["-id"], name="jobs_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state__in", ["queued", "running"]), models.Q(("key", ""), _negated=True)
                        ),
                        fields=("kind", "key"),
                        name="one_open_job_per_key",
                    )
                ],
            },
        ),
    ]
