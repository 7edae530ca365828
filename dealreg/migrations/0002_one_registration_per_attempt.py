from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dealreg", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="dealregistration",
            name="attempt",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="dealregistration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("attempt__isnull", False)),
                fields=("partner", "attempt"),
                name="one_registration_per_attempt",
            ),
        ),
    ]
