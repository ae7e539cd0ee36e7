from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_lookups"),
        ("payments", "0008_refund_files"),
        ("receivables", "0007_open_credits"),
        ("tenants", "0014_satisfaction"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="debititem",
            name="debit_item_once",
        ),
        migrations.AddField(
            model_name="debit",
            name="notice",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="debit",
            name="part_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="debititem",
            name="part_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="debit",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("part_id__isnull", False), ("state__in", ["planned", "announced", "sent"])
                ),
                fields=("part_id",),
                name="debit_part_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="debititem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_running", True), ("part_id__isnull", True)),
                fields=("installment",),
                name="debit_item_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="debititem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_running", True), ("part_id__isnull", False)),
                fields=("installment", "part_id"),
                name="debit_item_of_part_once",
            ),
        ),
    ]
