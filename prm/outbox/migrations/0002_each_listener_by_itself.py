"""A listener that failed is tried again by itself; the event is done when all others have heard of it.

Attempts, the next try and the error now stand with the listener. Their old columns get defaults and leave the model;
the database keeps them while servers of the version before still write them. The release after this drops them.
What had been given up before is tried once more.
"""

import django.db.models.deletion
from django.db import migrations, models

import prm.values.clock

OLD_COLUMNS = ("attempts", "next_try_at", "error")


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="outboxevent", name=name) for name in OLD_COLUMNS
            ],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE outbox_outboxevent ALTER COLUMN attempts SET DEFAULT 0,"
                    " ALTER COLUMN error SET DEFAULT ''",
                    "ALTER TABLE outbox_outboxevent ALTER COLUMN attempts DROP DEFAULT,"
                    " ALTER COLUMN error DROP DEFAULT",
                )
            ],
        ),
        migrations.CreateModel(
            name="MissedDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("listener", models.CharField(blank=True, max_length=160, verbose_name="receiver")),
                ("object_key", models.CharField(blank=True, max_length=80, verbose_name="object")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Tried again"),
                            ("dead", "Not delivered"),
                            ("done", "Delivered late"),
                            ("dropped", "Given up"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_try_at", models.DateTimeField(default=prm.values.clock.now, verbose_name="next try")),
                ("error", models.TextField(blank=True, verbose_name="error")),
                ("created_at", models.DateTimeField(default=prm.values.clock.now, verbose_name="since")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
            ],
            options={
                "verbose_name": "event delivery",
            },
        ),
        migrations.AlterModelOptions(
            name="outboxevent",
            options={"verbose_name": "event"},
        ),
        migrations.AlterField(
            model_name="outboxevent",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="time"),
        ),
        migrations.AlterField(
            model_name="outboxevent",
            name="name",
            field=models.CharField(max_length=80, verbose_name="event"),
        ),
        migrations.AlterField(
            model_name="outboxevent",
            name="object_key",
            field=models.CharField(blank=True, max_length=80, verbose_name="object"),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(fields=["name", "version", "-id"], name="outbox_by_name"),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(fields=["created_at"], name="outbox_by_time"),
        ),
        migrations.AddField(
            model_name="misseddelivery",
            name="event",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="missed",
                to="outbox.outboxevent",
                verbose_name="event",
            ),
        ),
        migrations.AddIndex(
            model_name="misseddelivery",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "dead"])),
                fields=["listener", "object_key"],
                name="missed_holding",
            ),
        ),
        migrations.AddIndex(
            model_name="misseddelivery",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["next_try_at"], name="missed_due"
            ),
        ),
        migrations.AddIndex(
            model_name="misseddelivery",
            index=models.Index(fields=["state", "-id"], name="missed_by_state"),
        ),
        migrations.AddConstraint(
            model_name="misseddelivery",
            constraint=models.UniqueConstraint(
                fields=("event", "listener"), name="one_missed_delivery_per_listener"
            ),
        ),
    ]
