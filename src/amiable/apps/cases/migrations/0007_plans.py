import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0006_handovers'),
        ('tenants', '0011_rests'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlanPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('segment', models.CharField(blank=True, max_length=60)),
                ('mode', models.CharField(max_length=10)),
                ('every', models.CharField(max_length=10)),
                ('most_parts', models.PositiveSmallIntegerField()),
                ('most_months', models.PositiveSmallIntegerField()),
                ('least_part_minor', models.PositiveBigIntegerField()),
                ('most_minor', models.PositiveBigIntegerField(blank=True, null=True)),
                ('first_pct', models.PositiveSmallIntegerField()),
                ('first_minor', models.PositiveBigIntegerField()),
                ('first_days', models.PositiveSmallIntegerField()),
                ('charges_interest', models.BooleanField()),
                ('most_broken', models.PositiveSmallIntegerField()),
                ('forgives', models.PositiveSmallIntegerField()),
                ('grace_days', models.PositiveSmallIntegerField()),
                ('remind_days', models.PositiveSmallIntegerField()),
                ('creditor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.creditor')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'creditor', 'segment'), name='plan_policy_unique'), models.UniqueConstraint(condition=models.Q(('creditor__isnull', True)), fields=('organization', 'segment'), name='plan_policy_of_all_unique')],
            },
        ),
        migrations.AddField(
            model_name='paymentplan',
            name='replaces',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='cases.paymentplan'),
        ),
        migrations.AddField(
            model_name='promise',
            name='before_minor',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='promise',
            name='forgives',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='promise',
            name='remind_days',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.CreateModel(
            name='PlanProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('offered', 'Offered'), ('agreed', 'Agreed'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], max_length=10)),
                ('parts', models.JSONField()),
                ('amount_minor', models.BigIntegerField()),
                ('terms', models.JSONField()),
                ('asked_on', models.DateField()),
                ('asked_by', models.CharField(max_length=120)),
                ('ticket', models.CharField(blank=True, max_length=200)),
                ('language', models.CharField(blank=True, max_length=8)),
                ('version', models.CharField(blank=True, max_length=20)),
                ('text', models.TextField(blank=True)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('acknowledges', models.BooleanField(default=False)),
                ('signed_at', models.DateTimeField(blank=True, null=True)),
                ('address', models.CharField(blank=True, max_length=64)),
                ('agent', models.CharField(blank=True, max_length=300)),
                ('decided_on', models.DateField(blank=True, null=True)),
                ('decided_by', models.CharField(blank=True, max_length=120)),
                ('answer', models.TextField(blank=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plan_proposals', to='cases.case')),
                ('link', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.paymentlink')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.organization')),
                ('plan', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposal', to='cases.paymentplan')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'case'], name='plan_proposal_of_case')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'offered'])), fields=('case',), name='plan_proposal_one_open'), models.UniqueConstraint(condition=models.Q(('ticket', ''), _negated=True), fields=('organization', 'ticket'), name='plan_proposal_ticket_unique')],
            },
        ),
    ]
