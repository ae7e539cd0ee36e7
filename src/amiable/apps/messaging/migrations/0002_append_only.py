from django.db import migrations

from amiable.apps.audit.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]
    operations = [
        refuse_changes("messaging_deliveryevent"),
    ]
