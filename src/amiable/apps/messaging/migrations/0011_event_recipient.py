from django.db import migrations, models

from amiable.apps.audit.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("messaging", "0010_replies")]
    operations = [
        migrations.AddField(
            model_name="deliveryevent",
            name="recipient",
            field=models.CharField(blank=True, max_length=300),
        ),
        # SQLite rebuilds the table for the new column, and its triggers are lost with the old one.
        refuse_changes("messaging_deliveryevent"),
    ]
