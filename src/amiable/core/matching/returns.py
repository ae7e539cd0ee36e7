"""Which payments a returned line takes back: by its references first, never by amount alone.

One payment of the amount, or all those of a line of the amount that was shared over several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from itertools import islice
from typing import NamedTuple

from amiable.core.matching.book import Book
from amiable.core.matching.facts import Decision, Hypothesis, Line, Paid
from amiable.core.matching.labels import canonical, digits_of
from amiable.core.matching.names import SHORTEST_CUT, Words
from amiable.core.matching.party import party_of
from amiable.core.money import Money
from amiable.core.sentences import Sentence, declare, gettext_noop

RETURN_LINE = "return_line"  # the kind of a reading that takes all payments of a line back
MOST_SHOWN = 3
MOST_PARTS = 10  # of a shared line, told one by one
# Signs of a name, as banks cut it in labels, and of a reference, that are no chance.
NAMED_SIGNS, REFERENCE_SIGNS = 14, 6

declare(
    {
        "match.return_line": gettext_noop(
            "the line of {date} has the same amount; it was shared over {count} payments, which "
            "are taken back together"
        ),
        "match.return_part": gettext_noop("{amount} of it was for {customer}"),
        "match.return_part_gone": gettext_noop(
            "{amount} of it, for {customer}, was taken back before: only what is left of the line "
            "would be taken back now"
        ),
        "match.return_part_refunded": gettext_noop(
            "money of the {amount} of it for {customer} was given back or is to be: look at it "
            "first"
        ),
    }
)


class _Taken(NamedTuple):
    """What a return may take back. `line_id` = the line whose payments they are, when it was
    shared; `gone` = those of them that were taken back before."""

    paid: tuple[Paid, ...]
    line_id: int | None = None
    gone: tuple[Paid, ...] = ()


def decide_return(line: Line, book: Book) -> Decision:
    """Post when one payment, or shared line, bears the same reference, or party, and amount."""
    amount = Money(-line.amount_minor, line.currency)
    first = Sentence("match.return", {"amount": amount, "reason": line.return_reason or "?"})
    candidates = list(_candidates(line, book))
    if not candidates:
        return Decision(line.id, "leave", (first, Sentence("match.return_unknown")))
    readings = (
        _reading(taken, evidence, first, book)
        for taken, evidence in _strongest(line, candidates, book)
    )
    left = (each for each in readings if (line.id, each.key) not in book.refused)
    hypotheses = tuple(islice(left, MOST_SHOWN))
    if not hypotheses:
        return Decision(line.id, "leave", (first, Sentence("match.veto_refused")))
    if len(hypotheses) == 1 and hypotheses[0].sure and line.id not in book.touched:
        return Decision(line.id, "post", hypotheses[0].evidence, hypotheses)
    doubts = tuple(hypothesis._replace(sure=False) for hypothesis in hypotheses)
    why = (Sentence("match.ambiguous"),) if len(hypotheses) > 1 else ()
    return Decision(line.id, "propose", (first, *why), doubts)


def _candidates(line: Line, book: Book) -> Iterator[_Taken]:
    key = (-line.amount_minor, line.currency)
    for paid in book.payments.get(key, ()):
        if paid.received_on <= line.booked_on:
            yield _Taken((paid,))
    for line_id, parts in book.shared.get(key, {}).items():
        left = tuple(paid for paid in parts if paid.spent != "returned")
        if left and left[0].received_on <= line.booked_on:
            yield _Taken(left, line_id, tuple(paid for paid in parts if paid.spent == "returned"))


def _strongest(
    line: Line, candidates: Sequence[_Taken], book: Book
) -> list[tuple[_Taken, list[Sentence]]]:
    """Those that most kinds of evidence tie to the return, with it, the latest first."""
    party = party_of(line, book)
    cited = {item.id: item.number for item in book.cited(line).items}
    payers = {paid.customer_id for taken in candidates for paid in taken.paid}
    known = party.by_iban if len(party.by_iban) == 1 else frozenset()
    known |= book.names.confirmed(party.tokens, payers)
    flat = canonical(line.label)
    known |= {i for i in payers if _is_named(flat, book.names.tokens.get(i, ()))}
    named = []
    for taken in candidates:
        said: list[Sentence] = []
        for paid in taken.paid:  # what several payments of one line have in common is said once
            said += [each for each in _links(line, paid, book, known, cited) if each not in said]
        named.append((taken, said))
    best = max(_kinds(evidence) for _, evidence in named)
    strongest = [pair for pair in named if _kinds(pair[1]) == best]
    strongest.sort(key=lambda pair: pair[0].paid[0].received_on, reverse=True)
    return strongest


def _kinds(evidence: Sequence[Sentence]) -> int:
    return len({sentence.code for sentence in evidence})


def _reading(
    taken: _Taken, evidence: Sequence[Sentence], first: Sentence, book: Book
) -> Hypothesis:
    date = taken.paid[0].received_on
    if taken.line_id is None:
        said = (first, *evidence, Sentence("match.return_amount", {"date": date}))
        customer_id = taken.paid[0].customer_id
        return Hypothesis("return", customer_id, said, returns=taken.paid, sure=bool(evidence))
    parts = (*taken.gone, *taken.paid)
    whole = Sentence("match.return_line", {"date": date, "count": len(parts)})
    return Hypothesis(
        RETURN_LINE,
        None,
        (first, *evidence, whole, *(_part_told(paid, book) for paid in parts[:MOST_PARTS])),
        returns=taken.paid,
        sure=bool(evidence) and not any(paid.spent for paid in parts),
        returns_line=taken.line_id,
    )


def _part_told(paid: Paid, book: Book) -> Sentence:
    """What a payment of a shared line was, and what became of it since."""
    customer = book.customers.get(paid.customer_id)
    code = {
        "": "match.return_part",
        "returned": "match.return_part_gone",
        "refunded": "match.return_part_refunded",
    }[paid.spent]
    amount = Money(paid.amount_minor, paid.currency)
    return Sentence(code, {"amount": amount, "customer": customer.name if customer else ""})


def _links(
    line: Line, paid: Paid, book: Book, known: Set[int], cited: dict[int, str]
) -> Iterator[Sentence]:
    """What ties the return to this payment, besides the amount. `known` = whose account or name
    the line bears."""
    flat = canonical(line.label)
    if _is_borne(line.end_to_end_id, paid.end_to_end_id, flat):
        yield Sentence("match.return_end_to_end", {"reference": paid.end_to_end_id})
    if _is_borne(line.mandate_id, paid.mandate_id, flat):
        yield Sentence("match.return_mandate", {"reference": paid.mandate_id})
    settled = [number for i, number in cited.items() if i in dict(paid.parts)]
    if settled:
        yield Sentence("match.return_cited", {"numbers": ", ".join(sorted(settled))})
    same_account = line.payer_iban and line.payer_iban == paid.payer_iban
    if paid.customer_id in known or same_account:
        customer = book.customers.get(paid.customer_id)
        yield Sentence("match.return_party", {"customer": customer.name if customer else ""})


def _is_named(flat: str, words: Words) -> bool:
    """Whether a label without separators bears a name, perhaps cut."""
    name = "".join(words)
    return len(name) >= SHORTEST_CUT and name[:NAMED_SIGNS] in flat


def _is_borne(given: str, reference: str, flat: str) -> bool:
    """Whether a return bears a payment's reference, in its field or else in its label."""
    if given or not reference:
        return bool(given) and given == reference
    key = canonical(reference)
    return len(key) >= REFERENCE_SIGNS and bool(digits_of(key)) and key in flat
