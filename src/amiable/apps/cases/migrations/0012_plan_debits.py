from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0011_dispute_lines"),
    ]

    operations = [
        migrations.AddField(
            model_name="paymentplan",
            name="mandate_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="planproposal",
            name="mandate_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
