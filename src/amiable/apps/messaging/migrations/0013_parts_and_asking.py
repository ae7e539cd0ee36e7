from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0012_waiting")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="reply", name="candidates", field=models.JSONField(default=list)
        ),
        migrations.AddField(
            model_name="reply", name="parts", field=models.JSONField(default=dict)
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("medium", "registered_letter"), ("state", "sent")),
                fields=["channel", "asked_at"],
                name="message_asked",
            ),
        ),
    ]
