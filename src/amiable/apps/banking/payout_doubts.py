"""Posted lines that a report, come later, says are a payout: the same money would stand twice.

Nothing is undone unasked. A posted line then bears the proposal to post it as the payout, which
undoes what was posted on it in the same act; turned down, it does not come back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.opening import LINE_FIELDS, TURNED_DOWN, hypothesis_of, line_facts
from amiable.apps.banking.payouts import payout_facts, payouts_untied
from amiable.apps.banking.posting import (
    AUTOMATIC,
    SHARED,
    Posting,
    lines_state,
    post_payments,
)
from amiable.apps.banking.undecided import facts_of
from amiable.apps.receivables.allocations import AllocationError
from amiable.apps.receivables.queries import chunks
from amiable.core.matching.facts import Line, Payout
from amiable.core.matching.payouts import EARLY, LATE, may_be, told_of
from amiable.core.money import Money
from amiable.core.payouts import provider_label
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare(
    {
        "bank.payout_doubt": gettext_noop(
            "this line of {amount} was posted to {customers}; the report of {provider} says that "
            "it is the payout {name}: confirm it, and what was posted is undone and the line is "
            "the payout, or the same money stands on the accounts twice"
        ),
        "bank.posted_again": gettext_noop("posted again: {person} says that it is no payout"),
    }
)

RANK = 0  # before the posted readings of the line
MOST_NAMED = 3
# What was paid to an account, or under a reference, that is the customer's alone is no payout.
_CERTAIN = frozenset(
    {
        "match.direct_debit", "match.structured", "match.virtual_iban", "match.virtual_invoice",
        "match.virtual_reference",
    }
)  # fmt: skip
State = Match.State
_STANDING = (State.PROPOSED, State.POSTED)


def payout_doubts(organization_id: int, *, on: date) -> int:
    """After lines were matched: propose the payouts that posted lines are after all, and drop the
    proposals that were overtaken. Returns how many are new."""
    standing = doubts(organization_id)
    taken = set(standing.values_list("payout_id", flat=True))
    if taken:
        untied = payouts_untied(organization_id).filter(id=OuterRef("payout_id"))
        standing.filter(~Exists(untied)).update(state=State.SUPERSEDED)
    waiting = [
        each
        for each in payout_facts(organization_id, on=on)
        if each.net_minor > 0 and each.id not in taken
    ]
    found = dict(_pairs(waiting, _lines(organization_id, waiting))) if waiting else {}
    posted = _posted(organization_id, found)
    fresh = [
        Match(
            organization_id=organization_id,
            line_id=line_id,
            state=State.PROPOSED,
            kind="payout",
            payout_id=payout.id,
            rank=RANK,
            evidence=[said.to_json() for said in _said(payout, names)],
            decided_by=AUTOMATIC,
        )
        for line_id, payout in found.items()
        if (names := posted.get(line_id))
    ]
    Match.objects.bulk_create(fresh)
    return len(fresh)


def doubts(organization_id: int) -> QuerySet[Match]:
    """Proposals that posted lines are payouts."""
    return Match.objects.filter(
        organization_id=organization_id,
        state=State.PROPOSED,
        payout__isnull=False,
        line__state=StatementLine.State.POSTED,
    )


def posting_restore(match: Match, row: StatementLine, *, on: date, actor: str) -> None:
    """A payout that took the place of a posting is none: what was posted is posted again, unless
    what it paid has been paid otherwise since. The line is locked and waits."""
    if not match.payout_id or match.rank != RANK:
        return
    before = _posted_before(row)
    line = facts_of(row)
    postings = [Posting(line, hypothesis_of(old), part=_part(old)) for old in before]
    if sum(_part(old) for old in before) != row.amount_minor:
        return
    try:
        with transaction.atomic():
            post_payments(row.organization_id, postings, on=on, actor=actor)
    except AllocationError:
        return
    why = [Sentence.from_json(said) for said in before[0].evidence]
    again = Sentence("bank.posted_again", {"person": actor})
    Match.objects.filter(line=row, state=State.POSTED).update(
        evidence=[said.to_json() for said in (*why, again)]
    )
    lines_state([row], StatementLine.State.POSTED, evidence=(*why, again))


def _posted_before(row: StatementLine) -> list[Match]:
    """What was posted on a line last, of a shared one the part of each customer."""
    rows = Match.objects.filter(line=row, state=State.UNDONE, payment__isnull=False)
    undone = list(rows.select_related("payment").order_by("-payment_id"))
    if not undone or undone[0].kind != SHARED:
        return undone[:1]
    last: dict[int | None, Match] = {}
    for each in undone:
        if each.kind == SHARED and each.evidence == undone[0].evidence:
            last.setdefault(each.customer_id, each)
    return sorted(last.values(), key=lambda each: each.pk)


def _part(match: Match) -> int:
    return match.payment.amount_minor if match.payment else 0


def _lines(organization_id: int, waiting: Sequence[Payout]) -> Iterator[Line]:
    """Posted lines of these amounts and days of which no payout was judged, oldest first."""
    days = [payout.arrives_on for payout in waiting]
    judged = Match.objects.filter(
        line=OuterRef("id"), payout__isnull=False, state__in=(*TURNED_DOWN, *_STANDING)
    )
    scope = StatementLine.objects.filter(
        ~Exists(judged), organization_id=organization_id, state=StatementLine.State.POSTED,
        booked_on__range=(min(days) - EARLY, max(days) + LATE),
    )  # fmt: skip
    for some in chunks({payout.net_minor for payout in waiting}):
        rows = scope.filter(amount_minor__in=some).order_by("booked_on", "id")
        for values in rows.values_list(*LINE_FIELDS, "statement__account__creditor_id"):
            yield line_facts(values)


def _pairs(waiting: Sequence[Payout], lines: Iterator[Line]) -> Iterator[tuple[int, Payout]]:
    """Each line with the payout of the nearest day; a payout is one line only."""
    left = list(waiting)
    for line in lines:
        near = [payout for payout in left if may_be(line, payout)]
        if near:
            best = min(near, key=lambda each: (abs(each.arrives_on - line.booked_on), each.id))
            left.remove(best)
            yield line.id, best


def _posted(organization_id: int, line_ids: Collection[int]) -> dict[int, list[str]]:
    """To whom lines were posted, without those whose evidence leaves no doubt."""
    names: dict[int, list[str]] = defaultdict(list)
    certain = set()
    for some in chunks(line_ids):
        rows = Match.objects.filter(
            organization_id=organization_id, line_id__in=some, state=State.POSTED,
            payment__isnull=False,
        ).order_by("id")  # fmt: skip
        for line_id, name, said in rows.values_list("line_id", "customer__name", "evidence"):
            names[line_id].append(name)
            if any(each["code"] in _CERTAIN for each in said):
                certain.add(line_id)
    return {line_id: found for line_id, found in names.items() if line_id not in certain}


def _said(payout: Payout, names: Sequence[str]) -> tuple[Sentence, ...]:
    more = ["…"] if len(names) > MOST_NAMED else []
    values: dict[str, Param] = {
        "amount": Money(payout.net_minor, payout.currency),
        "customers": ", ".join([*names[:MOST_NAMED], *more]),
        "provider": provider_label(payout.provider),
        "name": payout.name,
    }
    return (Sentence("bank.payout_doubt", values), *told_of(payout))
