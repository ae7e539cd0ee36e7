"""Lines by state and day, and by day alone: whole indexes that SQLite uses as well."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("banking", "0007_shared_lines")]

    operations = [
        migrations.RemoveIndex(model_name="statementline", name="statement_line_to_match"),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(
                fields=["organization", "state", "booked_on"], name="statement_line_state"
            ),
        ),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(fields=["organization", "booked_on"], name="statement_line_day"),
        ),
    ]
