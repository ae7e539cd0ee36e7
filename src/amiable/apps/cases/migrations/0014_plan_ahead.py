from django.db import migrations, models


class Migration(migrations.Migration):
    """How far ahead a plan reaches that a customer agrees by itself."""

    dependencies = [("cases", "0013_part_answers")]
    operations = [
        migrations.AddField(
            model_name="planpolicy",
            name="ahead_days",
            field=models.PositiveSmallIntegerField(default=7),
        ),
    ]
