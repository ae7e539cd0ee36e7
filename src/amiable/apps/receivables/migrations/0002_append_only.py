from django.db import migrations

from amiable.apps.audit.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("receivables", "0001_initial")]
    operations = [
        refuse_changes("receivables_entry"),
        refuse_changes("receivables_allocation"),
    ]
