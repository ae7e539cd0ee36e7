import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('banking', '0006_payouts'),
        ('payments', '0008_refund_files'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='match',
            name='match_one_posted',
        ),
        migrations.AddField(
            model_name='match',
            name='refund_file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='matches', to='payments.refundfile'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'posted'), models.Q(('kind', 'shared'), _negated=True)), fields=('line',), name='match_one_posted'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'shared'), ('state', 'posted')), fields=('line', 'customer'), name='match_shared_once'),
        ),
    ]
