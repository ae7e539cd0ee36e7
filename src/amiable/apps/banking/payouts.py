"""Bank lines that are the payout of a payment provider: tied to it, which enters nothing.

The payments of a payout were entered when the provider confirmed them; tied, they are confirmed by
the bank. A line is tied by the matching like any other, and undone like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.opening import LINE_FIELDS, line_facts
from amiable.apps.banking.posting import Posting
from amiable.apps.banking.undecided import MatchError
from amiable.apps.payments.models import Payout
from amiable.apps.payments.payouts import payout_parts_link, sums_of
from amiable.apps.receivables.queries import chunks
from amiable.core.matching import facts
from amiable.core.matching.payouts import EARLY, LATE, may_be
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "bank.payout_known": gettext_noop("a payout of its amount is known since"),
        "bank.payout_tied": gettext_noop("another line is this payout already"),
    }
)

# A transfer that no line has shown for so long will not be found by itself.
WAITED_FOR = timedelta(days=120)
# What a line of a provider was set aside for, before its payout was known.
_SET_ASIDE = ("match.kind_payout", "match.money_out")


def payouts_untied(organization_id: int) -> QuerySet[Payout]:
    """Payouts that no line has shown."""
    posted = Match.objects.filter(payout=OuterRef("id"), state=Match.State.POSTED)
    return Payout.objects.filter(~Exists(posted), organization_id=organization_id)


def payout_facts(organization_id: int, *, on: date) -> Iterator[facts.Payout]:
    """Those that a line may show still, oldest first, for the engine: one query."""
    rows = payouts_untied(organization_id).filter(arrives_on__gte=on - WAITED_FOR)
    for row in rows.exclude(standing=Payout.Standing.FAILED).order_by("arrives_on", "id"):
        yield facts.Payout(
            id=row.pk,
            provider=row.provider,
            name=row.name,
            reference=row.reference,
            currency=row.currency,
            net_minor=row.net_minor,
            arrives_on=row.arrives_on,
            sums=sums_of(row),
            creditor_id=row.creditor_id,
        )


@transaction.atomic
def payouts_refresh(organization_id: int, *, on: date) -> int:
    """Before lines are read: payments that were entered since are given to the parts that they
    are, and lines that were set aside before their payout was known wait again; returns how many.
    """
    waiting = list(payout_facts(organization_id, on=on))
    if not waiting:
        return 0
    payout_parts_link(organization_id, on=on)
    amounts = {payout.net_minor for payout in waiting}
    days = [payout.arrives_on for payout in waiting]
    judged = Match.objects.filter(line=OuterRef("id"), payout__isnull=False)
    scope = StatementLine.objects.filter(
        ~Exists(judged), organization_id=organization_id, state=StatementLine.State.IGNORED,
        booked_on__range=(min(days) - EARLY, max(days) + LATE),
        evidence__0__code__in=_SET_ASIDE,
    )  # fmt: skip
    again = []
    for some in chunks(amounts):
        rows = scope.filter(amount_minor__in=some).order_by("id")
        for values in rows.values_list(*LINE_FIELDS, "statement__account__creditor_id"):
            line = line_facts(values)
            if any(may_be(line, payout) for payout in waiting):
                again.append(line.id)
    said = [Sentence("bank.payout_known").to_json()]
    rows = StatementLine.objects.filter(id__in=again)
    return rows.update(state=StatementLine.State.NEW, evidence=said) if again else 0


def payout_tie(organization_id: int, posting: Posting, *, actor: str) -> Match:
    """The line is that payout. Nothing is entered: its payments are on the accounts already.

    Raises MatchError when another line is.
    """
    payout = Payout.objects.select_for_update(no_key=True).get(id=posting.chosen.pays_out)
    if Match.objects.filter(payout=payout, state=Match.State.POSTED).exists():
        raise MatchError("bank.payout_tied")
    match = posting.match or Match(
        organization_id=organization_id,
        line_id=posting.line.id,
        kind=posting.chosen.kind,
        evidence=[sentence.to_json() for sentence in posting.evidence],
    )
    match.state, match.decided_by = Match.State.POSTED, actor
    match.payout_id = posting.chosen.pays_out
    match.save()
    return match
