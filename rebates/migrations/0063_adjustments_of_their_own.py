import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prm.values.clock
from rebates.sql import read

FILL = """
    ALTER TABLE rebates_manualadjustment DISABLE TRIGGER rebates_manualadjustment_keeps;
    UPDATE rebates_manualadjustment SET number = dispute.number, statement_id = dispute.statement_id,
        state = CASE WHEN rebates_manualadjustment.run_id IS NOT NULL THEN 'posted'
            WHEN rebates_manualadjustment.confirmed_at IS NOT NULL THEN 'confirmed' ELSE 'proposed' END
    FROM rebates_dispute dispute WHERE dispute.id = rebates_manualadjustment.dispute_id;
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE rebates_manualadjustment ENABLE TRIGGER rebates_manualadjustment_keeps;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("rebates", "0062_serials_up_to_a_mark"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="manualadjustment",
            name="number",
            field=models.CharField(max_length=30, null=True, verbose_name="number"),
        ),
        migrations.AddField(
            model_name="manualadjustment",
            name="refusal",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="manualadjustment",
            name="refused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="manualadjustment",
            name="refused_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="manualadjustment",
            name="refused_by_label",
            field=models.CharField(blank=True, max_length=200, verbose_name="not confirmed by"),
        ),
        migrations.AddField(
            model_name="manualadjustment",
            name="state",
            field=models.CharField(
                choices=[
                    ("proposed", "To be confirmed"),
                    ("confirmed", "Waits for the next close"),
                    ("refused", "Not confirmed"),
                    ("posted", "Posted"),
                ],
                default="proposed",
                max_length=9,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="manualadjustment",
            name="statement",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="manual_adjustments",
                to="rebates.statement",
            ),
        ),
        migrations.RunSQL(sql=FILL, reverse_sql=migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="manualadjustment",
            name="number",
            field=models.CharField(max_length=30, unique=True, verbose_name="number"),
        ),
        migrations.AlterField(
            model_name="manualadjustment",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="manual_adjustments",
                to="rebates.statement",
            ),
        ),
        migrations.AlterField(
            model_name="manualadjustment",
            name="dispute",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adjustment",
                to="rebates.dispute",
            ),
        ),
        migrations.AlterField(
            model_name="manualadjustment",
            name="proposed_at",
            field=models.DateTimeField(default=prm.values.clock.now, verbose_name="proposed"),
        ),
        migrations.AddConstraint(
            model_name="manualadjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_at__isnull", True), ("refused_at__isnull", True), ("state", "proposed")
                )
                | models.Q(
                    ("confirmed_at__isnull", True), ("refused_at__isnull", False), ("state", "refused")
                )
                | models.Q(
                    ("confirmed_at__isnull", False),
                    ("refused_at__isnull", True),
                    ("run__isnull", True),
                    ("state", "confirmed"),
                )
                | models.Q(
                    ("confirmed_at__isnull", False),
                    ("refused_at__isnull", True),
                    ("run__isnull", False),
                    ("state", "posted"),
                ),
                name="manual_adjustment_is_in_its_state",
            ),
        ),
        migrations.RunSQL(sql=read("corrections.sql"), reverse_sql=read("corrections_reverse.sql")),
    ]
