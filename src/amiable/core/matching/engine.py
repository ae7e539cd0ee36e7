"""The decision on each line of a bank statement: post, propose or leave, always with evidence.

Stages: classify, references, payer, hypotheses, vetoes, decision. Deterministic: the same
opening and lines give the same decisions. Lines are read in booking order, each seeing the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import amiable.core.matching.sentences  # noqa: F401  # declares the sentences
from amiable.core.matching.amounts import without_amount
from amiable.core.matching.book import Book
from amiable.core.matching.cited import cited_hypotheses
from amiable.core.matching.facts import Decision, Hypothesis, Item, Line, Opening
from amiable.core.matching.habits import raised
from amiable.core.matching.kinds import Kind, kind_of
from amiable.core.matching.lists import listed_hypotheses
from amiable.core.matching.named import decide_named
from amiable.core.matching.party import party_of
from amiable.core.matching.payouts import decide_payout
from amiable.core.matching.refunds import decide_money_out
from amiable.core.matching.returns import decide_return
from amiable.core.matching.several import group_hypotheses, several_cited
from amiable.core.matching.unknown import numbered, unknown_hypotheses
from amiable.core.matching.unnamed import amount_hypotheses, party_hypotheses
from amiable.core.matching.vetoes import elsewhere, vetoes
from amiable.core.matching.view import View, numbers
from amiable.core.matching.virtual import readings, reason
from amiable.core.references import is_rf_reference
from amiable.core.sentences import Sentence

MOST_PROPOSALS = 3
# Readings that stand although numbers of others are named too.
OWN = frozenset({"cited_exact", "cited_completed"})
# Readings of the payer's own numbers, one sign of which led to another customer's.
SLIPS = frozenset({"party_near", "listed"})


def decide_all(opening: Opening, lines: Iterable[Line]) -> Iterator[Decision]:
    """Decide lines in booking order; a posted one moves the book before the next is read."""
    book = Book(opening)
    for line in sorted(lines, key=lambda line: (line.booked_on, line.id)):
        decision = decide(line, book)
        book.apply(line, decision)
        yield decision


def decide(line: Line, book: Book) -> Decision:
    """The decision on one line as the book stands; the book is not moved."""
    found = None if line.is_return else decide_payout(line, book)
    return found or _decide(line, book)


def _decide(line: Line, book: Book) -> Decision:
    if line.amount_minor < 0:
        return decide_return(line, book) if line.is_return else decide_money_out(line, book)
    if not line.amount_minor:
        return Decision(line.id, "ignore", (Sentence("match.no_amount"),))
    if line.is_return:
        return Decision(line.id, "leave", (Sentence("match.own_returned"),))
    if line.payer_iban and line.payer_iban in book.own:
        return Decision(line.id, "ignore", (Sentence("match.own_account"),))
    text = without_amount(line.label, line.amount_minor)
    if text != line.label:
        line = replace(line, label=text)
    view = view_of(line, book)
    if not view.cited.items and view.payer is None:
        kind = kind_of(line)
        if kind:
            return _of_kind(view, kind)
    return decide_named(view) or by_readings(view)


def by_readings(view: View) -> Decision:
    """The decision that all readings of a line, weighed, lead to."""
    return _weigh(view, raised(view, list(_hypotheses(view))))


def _weigh(view: View, found: list[Hypothesis]) -> Decision:
    """The decision on the readings; on a virtual IBAN, as it lets them stand."""
    standing = view.party.virtual
    if standing is None:
        return _choose(view, found)
    decision = _choose(view, readings(view, standing, usual=found))
    if decision.action == "leave" and standing.state != "current":
        return decision._replace(evidence=(reason(view, standing), *decision.evidence))
    return decision


def view_of(line: Line, book: Book) -> View:
    """The line beside what the book says of its numbers and of its payer."""
    party = party_of(line, book)
    return View(line, book.cited(line), party, book, party.customer_id)


def _of_kind(view: View, kind: Kind) -> Decision:
    said = Sentence(f"match.kind_{kind.code}")
    if kind.aside:
        return Decision(view.line.id, "ignore", (said,))
    # A single cheque may be the one invoice of its amount: worth showing.
    shown = tuple(amount_hypotheses(view))
    return Decision(view.line.id, "propose" if shown else "leave", (said,), shown)


def _hypotheses(view: View) -> Iterator[Hypothesis]:
    by_customer = _cited_by_customer(view)
    party = view.payer
    if len(by_customer) > 1:
        if party is not None:
            confirmed = view.confirmation(party)
            said = [confirmed] if confirmed else []
            yield from listed_hypotheses(view, party, evidence=said, sure=True)
        yield from several_cited(view)
        yield from _several(view, by_customer)
    elif by_customer:
        ((owner, items),) = by_customer.items()
        doubts = _structured(view)
        decided = view.party.holder_id is not None
        cited = [_with(h, doubts, decided=decided) for h in cited_hypotheses(view, items)]
        yield from cited
        if party is not None and not any(hypothesis.sure for hypothesis in cited):
            # The reference may be chance or wrong: what the payer tells is shown beside it.
            for hypothesis in party_hypotheses(view, party):
                slip = hypothesis.kind in SLIPS and party != owner
                # What may be chance agrees with what the payer and the amount tell.
                agrees = view.cited.weak and party == owner and _holds(hypothesis, items)
                sure = hypothesis.sure and (slip or agrees)
                yield hypothesis if sure == hypothesis.sure else hypothesis._replace(sure=sure)
        elif party is None and not any(hypothesis.sure for hypothesis in cited):
            yield from (each._replace(sure=False) for each in numbered(view))
    elif party is not None:
        yield from group_hypotheses(view)
        yield from party_hypotheses(view, party)
        for item in elsewhere(view, party):
            yield from (each._replace(sure=False) for each in cited_hypotheses(view, [item]))
    else:
        yield from group_hypotheses(view)
        yield from unknown_hypotheses(view)


def _holds(hypothesis: Hypothesis, items: list[Item]) -> bool:
    """Whether a reading pays all of these items."""
    paid = {i for i, _ in hypothesis.parts} | {i for _, i, _ in hypothesis.credit_uses}
    return paid.issuperset([item.id for item in items])


def _cited_by_customer(view: View) -> dict[int, list[Item]]:
    """Items named, by customer. The same number at several customers is told by the payer."""
    by_customer: dict[int, list[Item]] = {}
    party = view.payer
    for item in view.cited.items:
        # A doubtful reference to something paid says nothing; nor does one to another's.
        empty = item.open_minor <= 0 or party is not None
        if view.cited.weak and item.customer_id != party and empty:
            continue
        if view.party.holder_id not in {None, item.customer_id}:
            continue
        by_customer.setdefault(item.customer_id, []).append(item)
    if len(by_customer) > 1 and party in by_customer:
        own = {item.number for item in by_customer[party]}
        if own == {item.number for item in view.cited.items}:
            return {party: by_customer[party]}
    return by_customer


def _several(view: View, by_customer: dict[int, list[Item]]) -> Iterator[Hypothesis]:
    said = Sentence("match.several_customers", {"numbers": numbers(view.cited.items)})
    for items in by_customer.values():
        for hypothesis in cited_hypotheses(view, items):
            weak = hypothesis.kind == "cited_exact" and view.cited.weak
            own = hypothesis.kind in OWN and view.party.by_iban == {hypothesis.customer_id}
            if weak or own:
                yield hypothesis
            else:
                yield hypothesis._replace(sure=False, evidence=(*hypothesis.evidence, said))


def _structured(view: View) -> tuple[Sentence, ...]:
    if not view.line.structured_reference:
        return ()
    reference = view.line.structured_reference.replace(" ", "").upper()
    if not reference.startswith("RF"):
        return ()
    code = "match.structured" if is_rf_reference(reference) else "match.bad_structured"
    return (Sentence(code, {"reference": reference[:40]}),)


def _with(hypothesis: Hypothesis, more: tuple[Sentence, ...], *, decided: bool) -> Hypothesis:
    """A reading with what is said of the reference; a bad one speaks against it, unless a virtual
    IBAN has `decided`."""
    if not more:
        return hypothesis
    bad = not decided and any(each.code == "match.bad_structured" for each in more)
    return hypothesis._replace(
        evidence=(*more, *hypothesis.evidence),
        sure=hypothesis.sure and not bad,
    )


def _choose(view: View, hypotheses: list[Hypothesis]) -> Decision:
    """Post the only sure reading; else propose the best ones; else leave."""
    line = view.line
    # What speaks against the others is only asked when they are shown.
    hopeful = [hypothesis for hypothesis in hypotheses if hypothesis.sure]
    sure_ones = [each for each in _checked(view, hopeful) if each.sure]
    if len(sure_ones) == 1:
        chosen = sure_ones[0]
        if view.teaches(chosen.customer_id):
            chosen = chosen._replace(teaches=True)
        return Decision(line.id, "post", chosen.evidence, (chosen,))
    checked = _checked(view, hypotheses)
    if not checked:
        touched = line.id in view.book.touched
        code = "match.veto_refused" if touched else "match.nothing"
        return Decision(line.id, "leave", (Sentence(code),))
    best = sorted(checked, key=lambda hypothesis: not hypothesis.sure)[:MOST_PROPOSALS]
    shown = tuple(h._replace(sure=False) if h.sure else h for h in best)
    evidence = shown[0].evidence
    if len(sure_ones) > 1:
        evidence = (*evidence, Sentence("match.ambiguous"))
    return Decision(line.id, "propose", evidence, shown)


def _checked(view: View, hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    """Each reading once, without those turned down, with what speaks against it."""
    checked: dict[tuple[object, ...], Hypothesis] = {}
    refused, alone = view.line.id in view.book.touched, len(hypotheses) == 1
    for hypothesis in hypotheses:
        if refused and (view.line.id, hypothesis.key) in view.book.refused:
            continue
        key = () if alone else hypothesis.key
        known = checked.get(key)
        # Neither a second time nor beyond those shown does an unsure reading change anything.
        if not hypothesis.sure and (known is not None or len(checked) >= MOST_PROPOSALS):
            continue
        against = vetoes(view, hypothesis)
        weighed = hypothesis
        if against:
            weighed = hypothesis._replace(sure=False, evidence=(*hypothesis.evidence, *against))
        if known is None or (weighed.sure and not known.sure):
            checked[key] = weighed
    return list(checked.values())
