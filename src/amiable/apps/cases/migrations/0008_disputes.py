import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from amiable.apps.audit.append_only import refuse_changes

_ORGANIZATION = {
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "tenants.organization",
}


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0007_plans"),
        ("receivables", "0006_draws"),
        ("tenants", "0011_rests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="dispute",
            name="escalated_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="dispute",
            name="settled_as",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name="dispute",
            name="settled_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="dispute",
            name="reason",
            field=models.CharField(max_length=20),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(
                condition=models.Q(("closed_on__isnull", True)),
                fields=["organization", "respond_by"],
                name="dispute_to_answer",
            ),
        ),
        migrations.CreateModel(
            name="DisputeReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=20)),
                ("label_fr", models.CharField(max_length=120)),
                ("label_en", models.CharField(max_length=120)),
                ("einvoicing", models.CharField(blank=True, max_length=20)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "creditor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.creditor",
                    ),
                ),
                ("organization", models.ForeignKey(**_ORGANIZATION)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("creditor", "code"), name="dispute_reason_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DisputeQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("question", models.TextField()),
                ("digest", models.CharField(max_length=64, null=True, unique=True)),
                ("asked_by", models.CharField(max_length=254)),
                ("asked_at", models.DateTimeField()),
                ("expires_on", models.DateField()),
                ("revoked_on", models.DateField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="cases.dispute",
                    ),
                ),
                ("organization", models.ForeignKey(**_ORGANIZATION)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["dispute", "id"], name="dispute_question_of_dispute")
                ],
            },
        ),
        migrations.CreateModel(
            name="DisputeEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("message", "Message"),
                            ("note", "Note"),
                            ("answer", "Answer"),
                            ("outcome", "Outcome"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("author", models.CharField(max_length=254)),
                ("at", models.DateTimeField()),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="cases.dispute",
                    ),
                ),
                ("organization", models.ForeignKey(**_ORGANIZATION)),
                (
                    "question",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="cases.disputequestion",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["dispute", "id"], name="dispute_entry_of_dispute")
                ],
            },
        ),
        migrations.CreateModel(
            name="DisputeFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("filename", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=100)),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="cases.disputeentry",
                    ),
                ),
                ("organization", models.ForeignKey(**_ORGANIZATION)),
            ],
        ),
        refuse_changes("cases_disputefile"),
    ]
