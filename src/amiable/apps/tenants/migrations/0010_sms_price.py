from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_portal")]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="sms_part_minor",
            field=models.PositiveBigIntegerField(default=8),
        ),
    ]
