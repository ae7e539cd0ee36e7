import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('banking', '0005_refunds'),
        ('payments', '0007_payouts'),
    ]

    operations = [
        migrations.AddField(
            model_name='match',
            name='payout',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='matches', to='payments.payout'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'posted')), fields=('payout',), name='match_one_payout'),
        ),
    ]
