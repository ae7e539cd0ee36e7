import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0007_payouts'),
        ('tenants', '0011_rests'),
    ]

    operations = [
        migrations.CreateModel(
            name='RefundFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('iban', models.CharField(max_length=34)),
                ('reference', models.CharField(max_length=35)),
                ('execute_on', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('count', models.PositiveIntegerField()),
                ('is_batch', models.BooleanField(default=True)),
                ('content', models.BinaryField()),
                ('made_on', models.DateField()),
                ('made_by', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('withdrawn_on', models.DateField(blank=True, null=True)),
                ('withdrawn_by', models.CharField(blank=True, max_length=120)),
                ('creditor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.creditor')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'reference'), name='refund_file_reference_unique'), models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0), ('count__gt', 0)), name='refund_file_not_empty')],
            },
        ),
        migrations.AddField(
            model_name='creditdecision',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='payments.refundfile'),
        ),
        migrations.AddConstraint(
            model_name='creditdecision',
            constraint=models.CheckConstraint(condition=models.Q(('file__isnull', True), models.Q(('kind', 'refund'), ('made_on__isnull', False), ('undone_on__isnull', True)), _connector='OR'), name='credit_decision_in_file'),
        ),
    ]
