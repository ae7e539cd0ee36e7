"""Money out that is a refund of ours: recognized by the reference we gave, or account and amount.

A refund that nobody noted is proposed when the money goes back to whom a credit is owed.
"""

from __future__ import annotations

from amiable.core.matching.book import Book
from amiable.core.matching.facts import Decision, Hypothesis, Line, OpenCredit, Refund
from amiable.core.matching.labels import canonical
from amiable.core.matching.names import name_confirms, name_tokens
from amiable.core.money import Money
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare(
    {
        "match.refund": gettext_noop("{amount} went out: the refund to {name} noted on {date}"),
        "match.refund_reference": gettext_noop("it bears the reference {reference} of the refund"),
        "match.refund_iban": gettext_noop("it went to the account noted for the refund"),
        "match.refund_name": gettext_noop("it went to {name}"),
        "match.refund_amount": gettext_noop(
            "only the amount is that of the refund: who got it is not said"
        ),
        "match.refund_other_amount": gettext_noop(
            "the refund noted is of {amount}: correct it there, then look again"
        ),
        "match.refund_found": gettext_noop(
            "{amount} went to {customer}, whose account holds a credit of {credit}: a refund that "
            "was not noted"
        ),
    }
)


def decide_money_out(line: Line, book: Book) -> Decision:
    """Post the one refund that reference, or account and amount, tell; propose what is like one."""
    told = [(refund, _evidence(line, refund)) for refund in book.refunds.get(line.currency, ())]
    amount = -line.amount_minor
    named = [(r, e) for r, e in told if _has(e, "match.refund_reference")]
    exact = [(r, e) for r, e in named or told if r.amount_minor == amount]
    sure = [(r, e) for r, e in exact if _has(e, "match.refund_reference", "match.refund_iban")]
    likely = sure or [(r, e) for r, e in exact if e] or exact
    readings = [_reading(line, r, e, sure=len(sure) == 1) for r, e in likely]
    if not readings and named:
        refund, evidence = named[0]
        noted = {"amount": Money(refund.amount_minor, refund.currency)}
        said = (*evidence, Sentence("match.refund_other_amount", noted))
        return Decision(line.id, "leave", said)
    if not readings:
        readings = _unnoted(line, book)
    kept = [h for h in readings if (line.id, h.key) not in book.refused][:3]
    if not kept:
        return Decision(line.id, "ignore", (Sentence("match.money_out"),))
    if len(kept) == 1 and kept[0].sure and line.id not in book.touched:
        return Decision(line.id, "post", kept[0].evidence, (kept[0],))
    shown = tuple(reading._replace(sure=False) for reading in kept)
    why = (Sentence("match.ambiguous"),) if len(shown) > 1 else ()
    return Decision(line.id, "propose", (*shown[0].evidence, *why), shown)


def _evidence(line: Line, refund: Refund) -> tuple[Sentence, ...]:
    """What ties a line to a refund, besides its amount."""
    found = []
    texts = (line.end_to_end_id, line.structured_reference, line.label)
    if any(refund.reference in canonical(text) for text in texts if text):
        found.append(Sentence("match.refund_reference", {"reference": refund.reference}))
    if line.payer_iban and line.payer_iban == refund.iban:
        found.append(Sentence("match.refund_iban"))
    words = name_tokens(refund.name)
    if line.payer_name and name_confirms(name_tokens(line.payer_name), words):
        found.append(Sentence("match.refund_name", {"name": line.payer_name}))
    return tuple(found)


def _has(evidence: tuple[Sentence, ...], *codes: str) -> bool:
    return any(sentence.code in codes for sentence in evidence)


def _reading(
    line: Line, refund: Refund, evidence: tuple[Sentence, ...], *, sure: bool
) -> Hypothesis:
    amount = Money(-line.amount_minor, line.currency)
    values: dict[str, Param] = {"amount": amount, "name": refund.name, "date": refund.noted_on}
    said = evidence or (Sentence("match.refund_amount"),)
    first = Sentence("match.refund", values)
    return Hypothesis(
        "refund", refund.customer_id, (first, *said), repays=refund.id, sure=sure and bool(evidence)
    )


def _unnoted(line: Line, book: Book) -> list[Hypothesis]:
    """Money out to a customer whose account holds at least as much in one credit."""
    amount, found = -line.amount_minor, []
    words = name_tokens(line.payer_name)
    by_iban = book.ibans.get(line.payer_iban, set()) if line.payer_iban else set()
    by_name = book.names.same(words) if words else set()
    for customer_id in sorted(by_iban or by_name):
        credits_ = book.credits_left(customer_id, line.currency)
        fitting: list[OpenCredit] = [c for c in credits_ if c.left_minor >= amount]
        if not fitting:
            continue
        left = Money(max(c.left_minor for c in fitting), line.currency)
        values: dict[str, Param] = {
            "amount": Money(amount, line.currency),
            "customer": book.customers[customer_id].name,
            "credit": left,
        }
        said = Sentence("match.refund_found", values)
        found.append(Hypothesis("refund_found", customer_id, (said,)))
    return found
