from django.db import migrations


def keep_for_staff(apps, schema_editor):
    """Partners read the fields of their own company from now on: those that were there before, only when told so."""
    apps.get_model("customfields", "CustomField").objects.filter(target="partner").update(staff_only=True)


class Migration(migrations.Migration):
    dependencies = [("customfields", "0002_files_as_values")]

    operations = [migrations.RunPython(keep_for_staff, migrations.RunPython.noop)]
