"""Readings of a line whose payer is nobody we know for sure: a namesake, a parent, a factor, a
stranger. What else the text says must lead to one customer, or one invoice, before it is posted."""

from __future__ import annotations

from collections.abc import Iterator

from amiable.core.matching.facts import Hypothesis, Item
from amiable.core.matching.labels import canonical, is_strong
from amiable.core.matching.names import MOST_COMPARED, name_likeness
from amiable.core.matching.unnamed import amount_hypotheses, party_hypotheses
from amiable.core.matching.view import View, by_age, exact, forms_of, whole
from amiable.core.matching.words import names_credit, names_part
from amiable.core.sentences import Sentence

CLOSE_NAME = 85  # likeness from which a name is worth showing, never posting
# Readings in which the text names an invoice, if garbled.
_NUMBERED = frozenset({"party_tail", "party_tails", "party_near"})
# Invoices of one amount: of more, a number much like one of them may be chance; of a stranger who
# names it in part, of few only. More than MOST are not looked at.
MOST, MOST_ALIKE, MOST_OF_STRANGER = 200, 20, 3
# The end of a number says something by itself when it hits one of them once in so many.
CHANCE, FEWEST_DIGITS = 500, 4
MOST_LINKED = 5  # customers that one payer has paid for


def unknown_hypotheses(view: View) -> Iterator[Hypothesis]:
    """Nothing named in full and nobody known: whom the text tells, else what is worth showing."""
    party, told = view.party, _told(view)
    others = view.cited.customers | party.by_iban | party.by_name
    if not others and len(party.links) <= MOST_LINKED:
        others = frozenset(party.links)
    guessed = []
    for customer_id in (*sorted(told), *sorted(others - told)):
        said = _how_known(view, customer_id)
        alone = told == {customer_id}
        for each in party_hypotheses(view, customer_id):
            sure = each.sure and (alone or (not told and each.kind in _NUMBERED))
            known = each._replace(sure=sure, evidence=(said, *each.evidence[1:]))
            if each.kind != "party_oldest":
                yield known
            else:
                guessed.append(known)
    yield from numbered(view)
    yield from _of_amount(view)
    yield from guessed


def _of_amount(view: View) -> Iterator[Hypothesis]:
    """The few invoices of this amount; of many, those of customers named much like the payer."""

    def close(found: set[int]) -> set[int]:
        few = len(found) <= MOST_COMPARED
        among = {view.book.items[i].customer_id for i in found} if few else None
        alike = {i for words in view.party.tokens for i in view.book.names.alike(words, among)}
        return {i for i in alike if _close_name(view, i)}

    for hypothesis in amount_hypotheses(view, close=close):
        said = _close_name(view, hypothesis.customer_id)
        yield hypothesis._replace(evidence=(*hypothesis.evidence, *said))


def _told(view: View) -> frozenset[int]:
    """The customers that the text names by a code that is no chance, or in full beside the payer;
    of several that the payer may be, only those."""
    party, book = view.party, view.book
    codes = [i for i in view.cited.customers if is_strong(canonical(book.customers[i].code))]
    own = {word for words in party.tokens for word in words}
    told = frozenset(codes or book.names.inside(view.line.label, but=own))
    able = party.by_iban or party.by_name
    return told & able if able else told


def numbered(view: View) -> Iterator[Hypothesis]:
    """The only invoice of this amount, of anybody, whose number the text names in part."""
    line, book = view.line, view.book
    found = book.by_amount.get((line.amount_minor, line.currency), set())
    if not 0 < len(found) <= MOST:
        return
    hinted = view.hinted(by_age([book.items[i] for i in found]))
    if len(hinted) != 1:
        return
    item, said = hinted[0]
    kind = "amount_near" if said.code == "match.near" else "amount_tail"
    only = Sentence("match.only_such")
    sure = _is_told(view, item, said, count=len(found))
    yield Hypothesis(
        kind, item.customer_id, (said, exact(view, [item]), only), whole([item]), sure=sure
    )


def _is_told(view: View, item: Item, said: Sentence, *, count: int) -> bool:
    """Whether amount and a part of the number suffice: a whole end, or so rare an amount, or a
    name much like the customer's."""
    label = view.line.label
    if names_credit(label) or names_part(label) or view.has_rival(item):
        return False
    if any(cited.open_minor <= 0 for cited in view.cited.items):
        return False  # the number is that of an invoice which is paid: nothing is garbled
    number = forms_of(item.number).digits
    if said.code == "match.tail" and any(
        len(end) >= FEWEST_DIGITS and number.endswith(end) and count * CHANCE <= 10 ** len(end)
        for end in view.clues.ends
    ):
        return True
    most = MOST_OF_STRANGER if view.is_stranger(item.customer_id) else MOST_ALIKE
    return count <= most


def _how_known(view: View, customer_id: int) -> Sentence:
    customer = {"customer": view.name(customer_id)}
    if customer_id in view.cited.customers:
        return Sentence("match.code_cited", customer)
    if customer_id in view.party.by_iban:
        return Sentence("match.iban_shared")
    if customer_id in view.party.by_name:
        return Sentence("match.name_shared")
    if customer_id in view.party.links:
        return Sentence("match.paid_before", customer)
    return Sentence("match.name_inside", customer)


def _close_name(view: View, customer_id: int | None) -> tuple[Sentence, ...]:
    tokens = view.book.names.tokens.get(customer_id or 0, ())
    ratios = [name_likeness(words, tokens) for words in view.party.tokens]
    if customer_id is None or max(ratios, default=0) < CLOSE_NAME:
        return ()
    return (Sentence("match.name_close", {"customer": view.name(customer_id)}),)
