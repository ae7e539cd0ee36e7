from django.db import migrations, models


def nobody_chose_it(apps, schema_editor):
    """The sum that rows carry was a default that nothing read: from now on it would stop cases."""
    apps.get_model("tenants", "Organization").objects.update(min_amount_minor=0)


class Migration(migrations.Migration):

    dependencies = [
        ("tenants", "0005_letter_window"),
    ]

    operations = [
        migrations.RunPython(nobody_chose_it, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="organization",
            name="min_amount_minor",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
