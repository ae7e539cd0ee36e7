"""A proposal names the shared line that it takes back; a statement, what it told again."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("banking", "0008_line_lookups")]

    operations = [
        migrations.AddField(
            model_name="statement",
            name="known",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="statement", name="overlaps_from", field=models.DateField(null=True)
        ),
        migrations.AddField(
            model_name="statement", name="overlaps_until", field=models.DateField(null=True)
        ),
        migrations.AddField(
            model_name="match",
            name="returned_line",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="return_proposals",
                to="banking.statementline",
            ),
        ),
    ]
