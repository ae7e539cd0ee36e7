"""The decision on each line of a bank statement: post, propose or leave, always with evidence.

Stages: classify, references, payer, hypotheses, vetoes, decision. Deterministic: the same
opening and lines give the same decisions. Lines are read in booking order, each seeing the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rapidfuzz import fuzz

import amiable.core.matching.sentences  # noqa: F401  # declares the sentences
from amiable.core.matching.book import Book
from amiable.core.matching.facts import Decision, Hypothesis, Item, Line, Opening
from amiable.core.matching.hypotheses import (
    View,
    amount_hypotheses,
    cited_hypotheses,
    numbers,
    party_hypotheses,
)
from amiable.core.matching.returns import decide_return
from amiable.core.references import is_rf_reference
from amiable.core.sentences import Sentence

MOST_PROPOSALS = 3
# Readings that rest on the payer and the amount alone: a double payment would look the same.
UNNAMED = frozenset({"party_exact", "balance", "prefix"})
CLOSE_NAME = 85  # rapidfuzz token_set_ratio from which a name is worth showing, never posting


def decide_all(opening: Opening, lines: Iterable[Line]) -> Iterator[Decision]:
    """Decide lines in booking order; a posted one moves the book before the next is read."""
    book = Book(opening)
    for line in sorted(lines, key=lambda line: (line.booked_on, line.id)):
        decision = decide(line, book)
        book.apply(line, decision)
        yield decision


def decide(line: Line, book: Book) -> Decision:
    """The decision on one line as the book stands; the book is not moved."""
    if line.amount_minor == 0:
        return Decision(line.id, "ignore", (Sentence("match.no_amount"),))
    if line.amount_minor < 0:
        if line.is_return:
            return decide_return(line, book)
        return Decision(line.id, "ignore", (Sentence("match.money_out"),))
    if line.is_return:
        return Decision(line.id, "leave", (Sentence("match.own_returned"),))
    view = View(line, book.cited(line), book.party(line), book)
    return _choose(view, list(_hypotheses(view)))


def _hypotheses(view: View) -> Iterator[Hypothesis]:
    by_customer = _cited_by_customer(view)
    party = view.party.customer_id
    if len(by_customer) > 1:
        yield from _several(view, by_customer)
    elif by_customer:
        (items,) = by_customer.values()
        doubts = _structured(view)
        cited = [_with(hypothesis, doubts) for hypothesis in cited_hypotheses(view, items)]
        yield from cited
        if party is not None and not any(hypothesis.sure for hypothesis in cited):
            # The reference may be chance or wrong: what the payer tells is shown beside it.
            yield from (replace(h, sure=False) for h in party_hypotheses(view, party))
    elif party is not None:
        yield from party_hypotheses(view, party)
    else:
        yield from _faint(view)


def _cited_by_customer(view: View) -> dict[int, list[Item]]:
    """Items named, by customer. The same number at several customers is told by the payer."""
    by_customer: dict[int, list[Item]] = {}
    party = view.party.customer_id
    for item in view.cited.items:
        # A doubtful reference to something paid says nothing, unless its customer pays.
        if not view.cited.weak or item.open_minor > 0 or item.customer_id == party:
            by_customer.setdefault(item.customer_id, []).append(item)
    if len(by_customer) > 1 and party in by_customer:
        own = {item.number for item in by_customer[party]}
        if own == {item.number for item in view.cited.items} or view.cited.weak:
            return {party: by_customer[party]}
    return by_customer


def _several(view: View, by_customer: dict[int, list[Item]]) -> Iterator[Hypothesis]:
    said = Sentence("match.several_customers", {"numbers": numbers(view.cited.items)})
    for items in by_customer.values():
        for hypothesis in cited_hypotheses(view, items):
            if hypothesis.kind == "cited_exact" and view.cited.weak:
                yield hypothesis
            else:
                yield replace(hypothesis, sure=False, evidence=(*hypothesis.evidence, said))


def _faint(view: View) -> Iterator[Hypothesis]:
    """Nothing named and nobody known: what is worth showing to a person."""
    for customer_id in sorted(view.cited.customers | view.party.by_iban | view.party.by_name):
        found = list(party_hypotheses(view, customer_id))
        said = _how_known(view, customer_id)
        yield from (replace(h, sure=False, evidence=(said, *h.evidence[1:])) for h in found)
    for hypothesis in amount_hypotheses(view):
        close = _close_name(view, hypothesis.customer_id)
        yield replace(hypothesis, evidence=(*hypothesis.evidence, *close))


def _how_known(view: View, customer_id: int) -> Sentence:
    if customer_id in view.cited.customers:
        return Sentence("match.code_cited", {"customer": view.name(customer_id)})
    shared_iban = customer_id in view.party.by_iban
    return Sentence("match.iban_shared" if shared_iban else "match.name_shared")


def _close_name(view: View, customer_id: int | None) -> tuple[Sentence, ...]:
    tokens = " ".join(view.book.tokens.get(customer_id or 0, ()))
    ratios = [fuzz.token_set_ratio(" ".join(words), tokens) for words in view.party.tokens]
    if customer_id is None or max(ratios, default=0) < CLOSE_NAME:
        return ()
    return (Sentence("match.name_close", {"customer": view.name(customer_id)}),)


def _structured(view: View) -> tuple[Sentence, ...]:
    reference = view.line.structured_reference.replace(" ", "").upper()
    if not reference.startswith("RF"):
        return ()
    code = "match.structured" if is_rf_reference(reference) else "match.bad_structured"
    return (Sentence(code, {"reference": reference[:40]}),)


def _with(hypothesis: Hypothesis, more: tuple[Sentence, ...]) -> Hypothesis:
    bad = any(sentence.code == "match.bad_structured" for sentence in more)
    return replace(
        hypothesis,
        evidence=(*more, *hypothesis.evidence),
        sure=hypothesis.sure and not bad,
    )


def _vetoes(view: View, hypothesis: Hypothesis) -> tuple[Sentence, ...]:
    """Why a reading that looks sure must still be shown to a person."""
    customer_id, party = hypothesis.customer_id, view.party
    found: list[Sentence] = []
    if customer_id is not None and party.by_iban and customer_id not in party.by_iban:
        owner = min(party.by_iban)
        found.append(Sentence("match.veto_iban", {"customer": view.name(owner)}))
    elif customer_id is not None and party.by_iban != {customer_id}:
        named = party.by_name or party.by_cut_name
        if named and customer_id not in named:
            found.append(Sentence("match.veto_name", {"customer": view.name(min(named))}))
    if view.cited.unknown and hypothesis.kind not in {"cited_exact", "party_near"}:
        found.append(Sentence("match.veto_unknown", {"number": view.cited.unknown[0]}))
    if customer_id is not None and hypothesis.kind in UNNAMED:
        before = view.book.paid_lately(customer_id, view.line)
        if before is not None:
            found.append(Sentence("match.repeated", {"date": before}))
    if view.line.id in view.book.touched:
        found.append(Sentence("match.veto_refused"))
    return tuple(found)


def _choose(view: View, hypotheses: list[Hypothesis]) -> Decision:
    """Post the only sure reading; else propose the best ones; else leave."""
    line = view.line
    checked: dict[tuple[object, ...], Hypothesis] = {}
    for hypothesis in hypotheses:
        if (line.id, hypothesis.key) in view.book.refused:
            continue
        against = _vetoes(view, hypothesis)
        sure = hypothesis.sure and not against
        weighed = replace(hypothesis, sure=sure, evidence=(*hypothesis.evidence, *against))
        known = checked.get(hypothesis.key)
        if known is None or (sure and not known.sure):
            checked[hypothesis.key] = weighed
    if not checked:
        touched = line.id in view.book.touched
        code = "match.veto_refused" if touched else "match.nothing"
        return Decision(line.id, "leave", (Sentence(code),))
    sure_ones = [hypothesis for hypothesis in checked.values() if hypothesis.sure]
    if len(sure_ones) == 1:
        chosen = replace(sure_ones[0], teaches=view.teaches(sure_ones[0].customer_id))
        return Decision(line.id, "post", chosen.evidence, (chosen,))
    ranked = sorted(checked.values(), key=lambda hypothesis: not hypothesis.sure)
    shown = tuple(replace(h, sure=False) for h in ranked[:MOST_PROPOSALS])
    evidence = shown[0].evidence
    if len(sure_ones) > 1:
        evidence = (*evidence, Sentence("match.ambiguous"))
    return Decision(line.id, "propose", evidence, shown)
