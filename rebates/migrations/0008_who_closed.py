import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def from_the_audit_trail(apps, schema_editor):
    """Of runs that were closed before: who began the close stands in the trail."""
    runs, trail = apps.get_model("rebates", "SettlementRun"), apps.get_model("audit", "AuditEntry")
    people = set(apps.get_model("accounts", "User").objects.values_list("pk", flat=True))
    for run in runs.objects.exclude(closed_by_label=""):
        began = trail.objects.filter(
            object_type="rebates.settlementrun", object_id=str(run.pk), verb__in=("close began", "closed")
        )
        entry = began.order_by("id").first()
        if entry is not None and entry.user_id in people:
            runs.objects.filter(pk=run.pk).update(closed_by_id=entry.user_id)


class Migration(migrations.Migration):
    dependencies = [
        ("rebates", "0007_longer_references"),
        ("audit", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="settlementrun",
            name="closed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(from_the_audit_trail, migrations.RunPython.noop),
    ]
