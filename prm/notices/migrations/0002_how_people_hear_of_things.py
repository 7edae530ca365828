"""People choose how they hear of each kind; digests and quiet hours; the tenant's own words and sender of letters.

"Not by e-mail" becomes "inbox only": the table stays, with a column whose default says so, and servers of the version
before can go on writing it.
"""

import datetime
import django.db.models.deletion
import prm.values.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel(old_name="NoLetter", new_name="Preference"),
                migrations.AlterModelTable(name="preference", table="notices_noletter"),
            ]
        ),
        migrations.CreateModel(
            name="LetterText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="letter")),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "Simplified Chinese")],
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("body", models.TextField(verbose_name="text")),
                ("changed_at", models.DateTimeField(default=prm.values.clock.now)),
                ("changed_label", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "words of a letter",
            },
        ),
        migrations.CreateModel(
            name="NoticeTimes",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("time_zone", models.CharField(blank=True, max_length=40, verbose_name="time zone")),
                ("quiet_from", models.TimeField(null=True, verbose_name="quiet from")),
                ("quiet_to", models.TimeField(null=True, verbose_name="quiet until")),
                ("digest_at", models.TimeField(default=datetime.time(8, 0), verbose_name="digest at")),
            ],
        ),
        migrations.CreateModel(
            name="Sender",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="sender's name")),
                ("reply_to", models.EmailField(blank=True, max_length=254, verbose_name="answers go to")),
                ("changed_at", models.DateTimeField(default=prm.values.clock.now)),
                ("changed_label", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "sender of letters",
            },
        ),
        migrations.AddField(
            model_name="notice",
            name="digest_due",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="notice",
            name="digested_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="preference",
            name="delivery",
            field=models.CharField(
                choices=[
                    ("mail", "Inbox, and e-mail at once"),
                    ("digest", "Inbox, and the daily digest"),
                    ("inbox", "Inbox only"),
                    ("off", "Not at all"),
                ],
                db_default="inbox",
                default="inbox",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("digest_due__isnull", False), ("digested_at__isnull", True)),
                fields=["digest_due"],
                name="notices_for_digest",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["kind", "-id"], name="notices_by_kind"),
        ),
        migrations.AddConstraint(
            model_name="lettertext",
            constraint=models.UniqueConstraint(fields=("name", "language"), name="one_text_per_letter"),
        ),
        migrations.AddField(
            model_name="noticetimes",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="sender",
            constraint=models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_sender"),
        ),
        migrations.AddConstraint(
            model_name="noticetimes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quiet_from__isnull", True), ("quiet_to__isnull", True)),
                    models.Q(("quiet_from__isnull", False), ("quiet_to__isnull", False)),
                    _connector="OR",
                ),
                name="quiet_hours_have_both_ends",
            ),
        ),
    ]
