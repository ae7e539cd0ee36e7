from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0012_plan_debits"),
    ]

    operations = [
        migrations.AddField(
            model_name="promise",
            name="held_until",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="promise",
            name="collected_minor",
            field=models.BigIntegerField(default=0),
        ),
    ]
