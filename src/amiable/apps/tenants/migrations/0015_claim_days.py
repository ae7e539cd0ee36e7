from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0014_satisfaction"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="claim_days",
            field=models.PositiveSmallIntegerField(default=7),
        ),
    ]
