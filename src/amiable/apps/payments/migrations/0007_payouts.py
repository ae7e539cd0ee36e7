import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0006_direct_debits'),
        ('tenants', '0011_rests'),
    ]

    operations = [
        migrations.CreateModel(
            name='Payout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=120)),
                ('reference', models.CharField(blank=True, max_length=140)),
                ('standing', models.CharField(choices=[('on_its_way', 'On Its Way'), ('paid', 'Paid'), ('failed', 'Failed')], max_length=10)),
                ('arrives_on', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('net_minor', models.BigIntegerField()),
                ('gross_minor', models.BigIntegerField(default=0)),
                ('back_minor', models.BigIntegerField(default=0)),
                ('fees_minor', models.BigIntegerField(default=0)),
                ('other_minor', models.BigIntegerField(default=0)),
                ('payments', models.PositiveIntegerField(default=0)),
                ('backs', models.PositiveIntegerField(default=0)),
                ('source', models.CharField(max_length=200)),
                ('recorded_on', models.DateField()),
                ('creditor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.creditor')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'arrives_on'], name='payout_arrives')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'provider', 'name'), name='payout_unique')],
            },
        ),
        migrations.CreateModel(
            name='PayoutPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('kind', models.CharField(choices=[('payment', 'Payment'), ('refund', 'Refund'), ('chargeback', 'Chargeback'), ('fee', 'Fee'), ('adjustment', 'Adjustment')], max_length=10)),
                ('amount_minor', models.BigIntegerField()),
                ('fee_minor', models.BigIntegerField(default=0)),
                ('reference', models.CharField(blank=True, max_length=120)),
                ('on_date', models.DateField(null=True)),
                ('label', models.CharField(blank=True, max_length=300)),
                ('payer_name', models.CharField(blank=True, max_length=200)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.organization')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payout_parts', to='payments.payment')),
                ('payout', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='payments.payout')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('payout', 'name'), name='payout_part_unique'), models.UniqueConstraint(condition=models.Q(('kind', 'payment')), fields=('payment',), name='payout_part_of_payment')],
            },
        ),
    ]
