"""Readings of money that came in on a virtual IBAN: whom it stood for decides who has paid.

The payer's name, its account and a wrong reference give way to it; the amount does not: what the
engine's readings of the customer do not make sure stays a proposal. On an IBAN that stands for
nobody on the day nothing is posted unasked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from amiable.core.matching.cited import cited_hypotheses
from amiable.core.matching.facts import Hypothesis, Virtual
from amiable.core.matching.party import Standing
from amiable.core.matching.unnamed import party_hypotheses
from amiable.core.matching.vetoes import BY_LAW
from amiable.core.matching.view import View, numbers
from amiable.core.matching.words import names_credit
from amiable.core.sentences import Sentence


def readings(view: View, standing: Standing, *, usual: Sequence[Hypothesis]) -> list[Hypothesis]:
    """The usual readings of a line (those of its customer, when the IBAN stands for one) as the
    IBAN lets them stand."""
    if standing.state != "current":
        return list(_doubted(view, standing, usual))
    found = list(usual)
    if standing.holder and standing.holder.number:
        own = list(_of_invoice(view, standing.holder))
        # The IBAN names the invoice: the amount alone does not lead to another one.
        rest = [h if h.kind.startswith(("cited", "books")) else _unsure(h) for h in found]
        if any(h.kind != "double" for h in own):
            rest = [h for h in rest if h.kind not in BY_LAW]
        found = [*own, *rest]
    against = tuple(_disagreeing(view, standing))
    said = [h._replace(evidence=(*h.evidence, *against)) for h in found] if against else found
    return [_by_law(view, each, said) for each in said]


def _by_law(view: View, hypothesis: Hypothesis, all_of: Sequence[Hypothesis]) -> Hypothesis:
    """Sure when nothing else explains the money: the customer is certain, the order is the law's.

    A number that is none of ours may be an invoice that is not known yet: a person looks.
    """
    others = {other.key for other in all_of} - {hypothesis.key}
    unclear = view.cited.unknown and hypothesis.kind == "party_oldest"
    credit = bool(view.cited.credits) or names_credit(view.line.label)
    if hypothesis.kind not in BY_LAW or others or unclear or credit:
        return hypothesis
    return hypothesis._replace(sure=True)


def _unsure(hypothesis: Hypothesis) -> Hypothesis:
    return hypothesis._replace(sure=False) if hypothesis.sure else hypothesis


def _of_invoice(view: View, holder: Virtual) -> Iterator[Hypothesis]:
    """The IBAN names one invoice of the customer, as a reference would."""
    ids = view.book.items_of.get((holder.customer_id or 0, view.line.currency), ())
    items = [item for i in ids if (item := view.book.items[i]).number == holder.number]
    if not items:
        return
    credits_ = tuple(c for c in view.cited.credits if c.customer_id == holder.customer_id)
    named = replace(
        view.cited, items=tuple(items), credits=credits_, unknown=(), weak=False, span=None
    )
    beside = View(view.line, named, view.party, view.book, view.payer)
    said = Sentence("match.virtual_invoice", {"number": holder.number})
    for each in cited_hypotheses(beside, items):
        kind = each.kind
        if kind in {"cited_partial", "cited_over"}:
            kind = kind.replace("cited", "virtual")
        yield each._replace(kind=kind, evidence=(said, *each.evidence[1:]))


def _disagreeing(view: View, standing: Standing) -> Iterator[Sentence]:
    """What the line says besides, and that does not count against the IBAN."""
    owner, party = standing.customer_id, view.party
    others = [i for i in view.cited.items if i.customer_id != owner]
    if others and not view.cited.weak:
        named = {"numbers": numbers(others), "customer": view.name(others[0].customer_id)}
        yield Sentence("match.virtual_reference", named)
    if view.cited.unknown:
        yield Sentence("match.virtual_unknown", {"number": view.cited.unknown[0]})
    payers = (party.by_reference | party.by_iban | party.by_name) - {owner}
    if payers and owner not in party.by_iban | party.by_name:
        yield Sentence("match.virtual_payer", {"customer": view.name(min(payers))})


def reason(view: View, standing: Standing) -> Sentence:
    """Why nothing is posted on an IBAN that stands for nobody on the day."""
    iban, holder = {"iban": standing.iban}, standing.holder
    if holder is None or holder.until_on is None or holder.customer_id is None:
        return Sentence("match.virtual_nobody", iban)
    code = "match.virtual_closed" if holder.closed else "match.virtual_ended"
    customer = view.name(holder.customer_id)
    return Sentence(code, {**iban, "customer": customer, "date": holder.until_on})


def _doubted(view: View, standing: Standing, usual: Sequence[Hypothesis]) -> Iterator[Hypothesis]:
    """The former holder's readings first, then what the line tells by itself; none of them sure."""
    said, former = reason(view, standing), standing.customer_id
    if former is not None:
        for each in party_hypotheses(view, former):
            # Its first evidence is who has paid, which here nobody but the IBAN tells.
            own = each.evidence if view.confirmation(former) else each.evidence[1:]
            yield each._replace(sure=False, evidence=(said, *own))
    for each in usual:
        yield each._replace(sure=False, evidence=(said, *each.evidence))
