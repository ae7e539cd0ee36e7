"""What may be collected of a case, asked of the same facts as a reminder: nobody who has paid, who
disputes, promised, is insolvent, has a pause or an unread answer is debited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from amiable.core.direct_debits import LARGEST_MINOR, collect_on
from amiable.core.facts import CaseFacts, Item
from amiable.core.promises import commitments
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.stops import case_stop, chaseable_minor, item_stop

declare(
    {
        "debit.currency": gettext_noop("Only euros are collected by direct debit."),
        "debit.credit": gettext_noop("The customer's credit covers it."),
        "debit.changed": gettext_noop("Less is owed than was announced: it is announced anew."),
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be collected of a case on a day: minor units by item; why not, for the others."""

    amounts: Mapping[int, int]
    stops: Mapping[int, Sentence] = field(default_factory=dict)

    def stop_of(self, items: Collection[tuple[int, int]]) -> Sentence | None:
        """Why these (item, amount) may not be collected as announced; None when they may."""
        for item_id, amount in items:
            if self.amounts.get(item_id, 0) < amount:
                return self.stops.get(item_id) or Sentence("debit.changed")
        return None


def choice(facts: CaseFacts, on: date, *, own_holds: Collection[int] = ()) -> Choice:
    """What of a case may be collected. `own_holds` = pauses that its collections placed, which do
    not stand against them."""
    everything = [item.id for item in facts.items]
    if facts.currency != "EUR":
        return Choice({}, dict.fromkeys(everything, Sentence("debit.currency")))
    facts = replace(facts, holds=tuple(h for h in facts.holds if h.id not in own_holds))
    if stop := case_stop(facts, on):
        return Choice({}, dict.fromkeys(everything, stop.sentence))
    given = commitments(facts, on)
    amounts: dict[int, int] = {}
    stops: dict[int, Sentence] = {}
    credit = max(0, facts.unallocated_minor)
    for item in sorted(facts.items, key=lambda each: (each.due_date, each.id)):
        if why := item_stop(facts, item, on, given=given):
            stops[item.id] = why.sentence
            continue
        wanted = chaseable_minor(item, given)
        # A credit not used yet pays the oldest first: it is never collected a second time.
        used = min(credit, wanted)
        credit -= used
        if wanted > used:
            amounts[item.id] = wanted - used
        else:
            stops[item.id] = Sentence("debit.credit")
    return Choice(amounts, stops)


def due_parts(
    items: Collection[Item],
    amounts: Mapping[int, int],
    *,
    on: date,
    notice_days: int,
    lead_days: int,
) -> dict[date, list[tuple[int, int]]]:
    """What is to be announced today, by the day it is collected: what is due by then."""
    found: dict[date, list[tuple[int, int]]] = {}
    for item in items:
        if item.id not in amounts or (item.due_date - on).days > notice_days:
            continue
        day = collect_on(item.due_date, on=on, notice_days=notice_days, lead_days=lead_days)
        if amounts[item.id] <= LARGEST_MINOR:
            found.setdefault(day, []).append((item.id, amounts[item.id]))
    return found
