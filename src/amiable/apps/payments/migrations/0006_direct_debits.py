import django.db.models.deletion
from django.db import migrations, models

def _key():
    return ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID'))


def _organization():
    return ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.organization'))


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0004_lookups'),
        ('payments', '0005_credit_decisions'),
        ('receivables', '0006_draws'),
        ('tenants', '0012_direct_debits'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mandate',
            fields=[
                _key(),
                ('scheme', models.CharField(choices=[('CORE', 'CORE'), ('B2B', 'B2B')], max_length=4)),
                ('rum', models.CharField(max_length=35)),
                ('holder_name', models.CharField(max_length=70)),
                ('holder_iban', models.CharField(max_length=34)),
                ('is_one_off', models.BooleanField(default=False)),
                ('signed_on', models.DateField()),
                ('signed_how', models.CharField(max_length=10)),
                ('evidence', models.JSONField(default=dict)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('presented_on', models.DateField(null=True)),
                ('blocked_on', models.DateField(null=True)),
                ('blocked_code', models.CharField(blank=True, max_length=10)),
                ('revoked_on', models.DateField(null=True)),
                ('revoked_by', models.CharField(blank=True, max_length=254)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mandates', to='customers.customer')),
                _organization(),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('organization', 'rum'), name='mandate_rum_unique'),
                    models.UniqueConstraint(condition=models.Q(('blocked_on__isnull', True), ('revoked_on__isnull', True)), fields=('customer',), name='mandate_one_live'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DebitFile',
            fields=[
                _key(),
                ('name', models.CharField(max_length=35)),
                ('content', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('count', models.PositiveIntegerField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(default='EUR', max_length=3)),
                ('made_on', models.DateField()),
                ('made_at', models.DateTimeField()),
                ('made_by', models.CharField(max_length=254)),
                ('cancelled_on', models.DateField(null=True)),
                ('cancelled_by', models.CharField(blank=True, max_length=254)),
                ('creditor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debit_files', to='tenants.creditor')),
                _organization(),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'name'), name='debit_file_name_unique')],
            },
        ),
        migrations.CreateModel(
            name='Debit',
            fields=[
                _key(),
                ('case_id', models.BigIntegerField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(default='EUR', max_length=3)),
                ('collect_on', models.DateField()),
                ('sequence', models.CharField(blank=True, max_length=4)),
                ('attempt', models.PositiveSmallIntegerField(default=1)),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('announced', 'Announced'), ('sent', 'Sent'), ('collected', 'Collected'), ('refused', 'Refused'), ('returned', 'Returned'), ('withdrawn', 'Withdrawn')], default='planned', max_length=10)),
                ('end_to_end_id', models.CharField(max_length=35)),
                ('planned_on', models.DateField()),
                ('announced_on', models.DateField(null=True)),
                ('reason_code', models.CharField(blank=True, max_length=10)),
                ('why', models.JSONField(default=dict)),
                ('remedy', models.CharField(blank=True, max_length=12)),
                ('asks', models.BooleanField(default=False)),
                ('ended_on', models.DateField(null=True)),
                ('handled_on', models.DateField(null=True)),
                ('handled_by', models.CharField(blank=True, max_length=254)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debits', to='customers.customer')),
                ('file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='debits', to='payments.debitfile')),
                ('mandate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debits', to='payments.mandate')),
                _organization(),
                ('payment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='debit', to='payments.payment')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['planned', 'announced', 'sent'])), fields=['organization', 'collect_on'], name='debit_running')],
                'constraints': [
                    models.UniqueConstraint(fields=('organization', 'end_to_end_id'), name='debit_end_to_end_unique'),
                    models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='debit_positive'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DebitItem',
            fields=[
                _key(),
                ('amount_minor', models.BigIntegerField()),
                ('is_running', models.BooleanField(default=True)),
                ('hold_id', models.BigIntegerField(null=True)),
                ('debit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='payments.debit')),
                ('installment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debit_items', to='receivables.installment')),
                _organization(),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('is_running', True)), fields=('installment',), name='debit_item_once'),
                    models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='debit_item_positive'),
                ],
            },
        ),
    ]
