import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0006_changes_are_sent_back"),
        ("rebates", "0070_days_of_disputed_lines"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="manualadjustment",
            name="could_change",
            field=models.DecimalField(decimal_places=2, max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name="manualadjustment",
            name="why_beyond",
            field=models.TextField(blank=True),
        ),
        migrations.AddConstraint(
            model_name="manualadjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("could_change__isnull", True),
                    models.Q(
                        (
                            "amount__gte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("could_change"), "*", models.Value(-1)
                            ),
                        ),
                        ("amount__lte", models.F("could_change")),
                    ),
                    models.Q(("why_beyond", ""), _negated=True),
                    _connector="OR",
                ),
                name="manual_adjustment_within_its_lines",
            ),
        ),
    ]
