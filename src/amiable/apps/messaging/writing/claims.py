"""The table of what a message claims beside the principal, from the same sums as
`amiable interest`: per invoice, then each rate with its days."""

from __future__ import annotations

from decimal import Decimal

from amiable.apps.messaging.writing.wording import (
    NBSP,
    date_text,
    labels,
    language_of,
    money_text,
    short_date,
    typeset,
)
from amiable.core.claims import Claimed
from amiable.core.drafts import Draft
from amiable.plugins.documents.content import Block, Paragraph, Table, clean


def interest_minor(draft: Draft) -> int:
    """The interest claimed, in minor units."""
    return sum(each.claim.interest_minor for each in _stated(draft))


def fees_minor(draft: Draft) -> int:
    """The fixed fees claimed, in minor units."""
    return sum(each.claim.fixed_fee_minor for each in _stated(draft))


def claimed_minor(draft: Draft) -> int:
    """What is claimed beside the principal, in minor units."""
    return interest_minor(draft) + fees_minor(draft)


def claim_blocks(draft: Draft) -> tuple[Block, ...]:
    """The claims per invoice with their total, how the interest is counted, and by which law."""
    if not claimed_minor(draft):
        return ()
    language = language_of(draft.language)
    words = labels(language)["claims"]
    said = words["law"][draft.customer_kind]
    paragraph = Paragraph((((typeset(said, language), False),),))
    return (_sums(draft, language), _rates(draft, language), paragraph)


def _stated(draft: Draft) -> tuple[Claimed, ...]:
    """What the message sets out; a text message has no room for it."""
    return () if draft.medium == "sms" else draft.claims


def _sums(draft: Draft, language: str) -> Table:
    """One row an invoice, and what all of it comes to with the principal."""
    words = labels(language)["claims"]
    principal = sum(each.claim.principal_minor for each in draft.claims)
    totals = [
        (words["principal"], principal),
        (words["interest"], interest_minor(draft)),
        (words["fee"], fees_minor(draft)),
        (words["total"], principal + claimed_minor(draft)),
    ]
    names = ["number", "principal", "interest", "fee"]
    if draft.customer_kind == "consumer":  # who never owes the fixed fee
        names, totals = names[:3], [totals[0], totals[1], totals[3]]
    day = date_text(draft.on_date, language)
    return Table(
        tuple(words[name] for name in names),
        tuple(_row(draft, each, language)[: len(names)] for each in draft.claims),
        frozenset(range(1, len(names))),
        tuple((label, _money(draft, amount, language)) for label, amount in totals if amount),
        title=words["title"].format(date=day),
    )


def _row(draft: Draft, each: Claimed, language: str) -> tuple[str, ...]:
    found = each.claim
    amounts = (found.principal_minor, found.interest_minor, found.fixed_fee_minor)
    return (clean(each.number), *(_money(draft, amount, language) for amount in amounts))


def _rates(draft: Draft, language: str) -> Table:
    """One row for each amount that bore one rate: its days, its rate, its interest."""
    words = labels(language)["claims"]
    wide = draft.medium != "email"
    names = ["number", "from", "to", "base", "rate", "interest"]
    rows = [
        (
            clean(each.number),
            short_date(segment.starts_on, language),
            short_date(segment.ends_on, language),
            _money(draft, run.base_minor, language),
            _percent(segment.rate_pct, language),
            _money(draft, segment.amount_minor, language),
        )
        for each in draft.claims
        for run in each.claim.runs
        for segment in run.segments
    ]
    if not wide:  # a telephone shows four columns
        keep = (0, 2, 4, 5)
        names, rows = [names[i] for i in keep], [tuple(row[i] for i in keep) for row in rows]
    return Table(
        tuple(words[name] for name in names),
        tuple(rows),
        frozenset({len(names) - 3, len(names) - 2, len(names) - 1} if wide else {2, 3}),
        title=words["detail"],
    )


def _percent(rate: Decimal, language: str) -> str:
    """12,40 % or 12.40%; more decimals where a contract has them."""
    digits = f"{rate:.2f}" if rate == round(rate, 2) else f"{rate.normalize():f}"
    return f"{digits.replace('.', ',')}{NBSP}%" if language == "fr" else f"{digits}%"


def _money(draft: Draft, amount_minor: int, language: str) -> str:
    return money_text(amount_minor, draft.currency, language=language)
