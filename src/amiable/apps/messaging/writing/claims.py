"""The table of what a message claims beside the principal, from the same sums as
`amiable interest`: per invoice, then each rate with its days."""

from __future__ import annotations

from decimal import Decimal

from amiable.apps.messaging.writing.wording import (
    NBSP,
    carry,
    date_text,
    labels,
    language_of,
    money_text,
    running_sums,
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
    """One row an invoice, and what all of it comes to with the rest that the message asks for."""
    words = labels(language)["claims"]
    amounts = [(each.claim.principal_minor, each.claim.interest_minor, each.claim.fixed_fee_minor)
               for each in draft.claims]  # fmt: skip
    names, kept = ["number", "principal", "interest", "fee"], 3
    if draft.customer_kind == "consumer":  # who never owes the fixed fee
        names, kept = names[:3], 2
    is_wide = draft.medium != "email"  # a telephone shows four columns
    rows = [
        (clean(each.number),
         *(_money(draft, part, language) for part in parts[:kept]),
         *([_money(draft, sum(parts), language)] if is_wide else []))
        for each, parts in zip(draft.claims, amounts, strict=True)
    ]  # fmt: skip
    names += ["sum"] if is_wide else []
    day = date_text(draft.on_date, language)
    running = running_sums(map(sum, amounts), currency=draft.currency, language=language)
    return Table(
        tuple(words[name] for name in names),
        tuple(rows),
        frozenset(range(1, len(names))),
        _totals(draft, language),
        title=words["title"].format(date=day),
        running=running if is_wide else (),
        carry=carry(language),
    )


def _totals(draft: Draft, language: str) -> tuple[tuple[str, str], ...]:
    """What is claimed in each respect, and the amount that the message asks for in all."""
    words = labels(language)["claims"]
    principal = sum(each.claim.principal_minor for each in draft.claims)
    totals = (
        ("principal", principal),
        ("interest", interest_minor(draft)),
        ("fee", fees_minor(draft)),
        (
            "other",
            draft.due_minor - principal,
        ),  # not late yet, or no notice of it has reached a consumer
    )
    whole = words["total" if fees_minor(draft) else "total_interest"]
    shown = [(words[name], amount) for name, amount in totals if amount]
    shown.append((whole, draft.due_minor + claimed_minor(draft)))
    return tuple((label, _money(draft, amount, language)) for label, amount in shown)


def _rates(draft: Draft, language: str) -> Table:
    """One row for each amount that bore one rate: its days, its rate, its interest."""
    words = labels(language)["claims"]
    is_wide = draft.medium != "email"
    names = ["number", "from", "to", "base", "rate", "interest"]
    found = [
        (each.number, run.base_minor, segment)
        for each in draft.claims
        for run in each.claim.runs
        for segment in run.segments
    ]
    rows = [
        (
            clean(number),
            short_date(segment.starts_on, language),
            short_date(segment.ends_on, language),
            _money(draft, base_minor, language),
            _percent(segment.rate_pct, language),
            _money(draft, segment.amount_minor, language),
        )
        for number, base_minor, segment in found
    ]
    if not is_wide:
        keep = (0, 2, 4, 5)
        names, rows = [names[i] for i in keep], [tuple(row[i] for i in keep) for row in rows]
    parts = [segment.amount_minor for *_, segment in found]
    total = (words["interest"], _money(draft, sum(parts), language))
    running = running_sums(parts, currency=draft.currency, language=language)
    return Table(
        tuple(words[name] for name in names),
        tuple(rows),
        frozenset({3, 4, 5} if is_wide else {2, 3}),
        (total,) if len(rows) > 1 else (),
        title=words["detail"],
        running=running if is_wide else (),
        carry=carry(language),
    )


def _percent(rate: Decimal, language: str) -> str:
    """12,40 % or 12.40%; more decimals where a contract has them."""
    digits = f"{rate:.2f}" if rate == round(rate, 2) else f"{rate.normalize():f}"
    return f"{digits.replace('.', ',')}{NBSP}%" if language == "fr" else f"{digits}%"


def _money(draft: Draft, amount_minor: int, language: str) -> str:
    return money_text(amount_minor, draft.currency, language=language)
