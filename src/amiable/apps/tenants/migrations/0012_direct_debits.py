from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0011_rests")]

    operations = [
        migrations.AddField(
            model_name="creditor",
            name="ics",
            field=models.CharField(blank=True, max_length=35, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="creditor",
            name="debit_iban",
            field=models.CharField(blank=True, max_length=34, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="creditor",
            name="debit_lead_days",
            field=models.PositiveSmallIntegerField(default=2),
        ),
        migrations.AddField(
            model_name="creditor",
            name="debit_notice_days",
            field=models.PositiveSmallIntegerField(default=14),
        ),
    ]
