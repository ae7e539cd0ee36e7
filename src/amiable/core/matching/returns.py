"""Which payment a returned line takes back: by its references first, never by amount alone."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import islice

from amiable.core.matching.book import Book
from amiable.core.matching.facts import Decision, Hypothesis, Line, Paid
from amiable.core.matching.labels import canonical, digits_of
from amiable.core.matching.names import SHORTEST_CUT, Words
from amiable.core.matching.party import party_of
from amiable.core.money import Money
from amiable.core.sentences import Sentence

MOST_SHOWN = 3
# Signs of a name, as banks cut it in labels, and of a reference, that are no chance.
NAMED_SIGNS, REFERENCE_SIGNS = 14, 6


def decide_return(line: Line, book: Book) -> Decision:
    """Post when one payment bears the same reference, or the same party, and amount."""
    amount = Money(-line.amount_minor, line.currency)
    first = Sentence("match.return", {"amount": amount, "reason": line.return_reason or "?"})
    candidates = [
        paid
        for paid in book.payments.get((-line.amount_minor, line.currency), ())
        if paid.received_on <= line.booked_on
    ]
    if not candidates:
        return Decision(line.id, "leave", (first, Sentence("match.return_unknown")))
    party = party_of(line, book)
    cited = {item.id: item.number for item in book.cited(line).items}
    payers = {paid.customer_id for paid in candidates}
    known = party.by_iban if len(party.by_iban) == 1 else frozenset()
    known |= book.names.confirmed(party.tokens, payers)
    flat = canonical(line.label)
    known |= {i for i in payers if _is_named(flat, book.names.tokens.get(i, ()))}
    named = [(paid, list(_links(line, paid, book, known, cited))) for paid in candidates]
    best = max(len(evidence) for _, evidence in named)
    strongest = [(p, e) for p, e in named if len(e) == best] if best else named
    strongest.sort(key=lambda pair: pair[0].received_on, reverse=True)
    readings = (
        Hypothesis(
            "return",
            paid.customer_id,
            (first, *evidence, Sentence("match.return_amount", {"date": paid.received_on})),
            returns=paid,
            sure=bool(evidence),
        )
        for paid, evidence in strongest
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
