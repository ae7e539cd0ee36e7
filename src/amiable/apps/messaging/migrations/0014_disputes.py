import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0008_disputes"),
        ("messaging", "0013_parts_and_asking"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="dispute",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replies",
                to="cases.dispute",
            ),
        ),
    ]
