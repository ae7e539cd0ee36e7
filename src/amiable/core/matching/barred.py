"""Debts that money may not settle unasked: given up, entrusted to others, or frozen by a judgment.

Readings that pay them are shown to a person, each with its reason and its own way on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amiable.core.law.insolvency import UnknownLawError, payment_bar
from amiable.core.matching.facts import Barred, Hypothesis, Item
from amiable.core.matching.view import View, numbers
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare(
    {
        "match.written_off": gettext_noop(
            "{numbers} was given up: take the debt up again for what has come"
        ),
        "match.veto_handed": gettext_noop(
            "{number} is with {name} since {since}: post it and tell them, or pass the money on"
        ),
        "match.veto_insolvent": gettext_noop("{number} is from before the judgment. {rule}"),
    }
)


def barred(view: View, hypothesis: Hypothesis) -> Iterator[Sentence]:
    """Why what a reading pays must not be paid unasked; nothing for most."""
    known = view.book.barred
    paid = dict.fromkeys([i for i, _ in hypothesis.parts])
    paid |= dict.fromkeys([i for _, i, _ in hypothesis.credit_uses])
    for item_id in paid:
        bar = known.get(item_id)
        said = _why(view, view.book.items[item_id], bar) if bar else None
        if said is not None:
            yield said
            return


def said_of_settled(view: View, settled: Sequence[Item]) -> Sentence:
    """That items named owe nothing: paid already, or given up."""
    code = "match.written_off" if is_written_off(view, settled) else "match.already_paid"
    return Sentence(code, {"numbers": numbers(settled)})


def kind_of_settled(view: View, settled: Sequence[Item]) -> str:
    """written_off, or double (a double payment is suspected)."""
    return "written_off" if is_written_off(view, settled) else "double"


def is_written_off(view: View, settled: Sequence[Item]) -> bool:
    """Whether all of these were given up."""
    known = view.book.barred
    return bool(settled) and all(
        (bar := known.get(item.id)) is not None and bar.kind == "written_off" for item in settled
    )


def written_off_of(view: View, customer_id: int) -> list[Item]:
    """Items of a customer that were given up, in the line's currency."""
    items = view.book.items
    return [
        items[bar.item_id]
        for bar in view.book.barred.values()
        if bar.kind == "written_off"
        and bar.item_id in items
        and items[bar.item_id].customer_id == customer_id
        and items[bar.item_id].currency == view.line.currency
    ]


def _why(view: View, item: Item, bar: Barred) -> Sentence | None:
    if bar.kind == "handed_over":
        values: dict[str, Param] = {"number": item.number, "name": bar.name, "since": bar.since}
        return Sentence("match.veto_handed", values)
    if bar.kind == "insolvent":
        try:
            rule = payment_bar(
                claim_on=bar.claim_on or item.due_date,
                judgment_on=bar.since,
                paid_on=view.line.booked_on,
            )
        except UnknownLawError as error:
            rule = error.sentence
        if rule is not None:
            return Sentence("match.veto_insolvent", {"number": item.number, "rule": rule})
    return None
