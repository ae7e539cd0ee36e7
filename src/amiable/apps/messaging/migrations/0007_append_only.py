from django.db import migrations

from amiable.apps.audit.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_messages")]
    operations = [
        refuse_changes("messaging_deliveryevent"),
        refuse_changes("messaging_proof"),
        refuse_changes("messaging_replyfile"),
    ]
