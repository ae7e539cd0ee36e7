"""What a message lists: each open item under what it is about, and the word that was not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from amiable.core.drafts import DraftLine, Group, Pledge
from amiable.core.facts import CaseFacts, Item
from amiable.core.promises import Commitments, Standing
from amiable.core.scenario import Step
from amiable.core.stops import chaseable_minor, item_stop

_PAUSED: frozenset[Group] = frozenset({"disputed", "promised", "planned", "held"})


@dataclass(frozen=True, slots=True)
class Account:
    """The open items of a case on a day, and the invoice id of each item id."""

    facts: CaseFacts
    on: date
    given: Commitments
    invoices: Mapping[int, int]


def message_lines(
    account: Account, asked: Mapping[int, int], *, show_paused: bool
) -> tuple[DraftLine, ...]:
    """What is asked for (minor units by item id) and what stands beside it; what is paused is
    listed apart, or left out."""
    return tuple(
        line
        for item in account.facts.items
        for line in _lines(account, item, asked.get(item.id, 0))
        if show_paused or line.group not in _PAUSED
    )


def account_lines(account: Account) -> tuple[DraftLine, ...]:
    """Every open item as a statement of account shows it, whatever a message asks for."""
    return tuple(line for item in account.facts.items for line in item_lines(account, item))


def item_lines(account: Account, item: Item) -> list[DraftLine]:
    """The lines of one item on a statement of account; none for what is gone from the accounts."""
    return _lines(account, item, _overdue(account, item))


def broken_pledge(given: Commitments, step: Step) -> Pledge | None:
    """The last promise or instalment that was not kept: of a plan for a step about a missed
    instalment, of those broken as a whole for one about a broken promise."""
    missed = [standing for standing in given.standings if standing.broken_on is not None]
    if step.anchor == "instalment_missed":
        missed = [standing for standing in missed if standing.promise.plan_id is not None]
    elif step.anchor == "promise_broken":
        days = {each.on for each in given.breaks}
        missed = [standing for standing in missed if standing.broken_on in days]
    if not missed:
        return None
    last = max(missed, key=lambda standing: (standing.broken_on or date.min, standing.promise.id))
    promise, coming = last.promise, _next_of_plan(given, last)
    return Pledge(
        amount_minor=promise.amount_minor,
        due_on=promise.due_on,
        made_on=promise.made_on,
        received_minor=last.received_minor,
        in_plan=promise.plan_id is not None,
        next_on=coming.promise.due_on if coming else None,
        next_minor=coming.remaining_minor if coming else 0,
    )


def returned_payment(facts: CaseFacts, asked: Mapping[int, int]) -> tuple[date | None, str]:
    """Day and bank's code of the last payment that came back for what is asked; None, "" = none."""
    events = [
        (item.events["payment_returned"], item.return_reason)
        for item in facts.items
        if asked.get(item.id) and "payment_returned" in item.events
    ]
    return max(events, default=(None, ""), key=lambda event: event[0])


def _next_of_plan(given: Commitments, missed: Standing) -> Standing | None:
    promise = missed.promise
    if promise.plan_id is None:
        return None
    later = [
        standing
        for standing in given.standings
        if standing.promise.plan_id == promise.plan_id
        and standing.promise.due_on > promise.due_on
        and standing.state == "running"
    ]
    return min(later, key=lambda standing: standing.promise.due_on, default=None)


def _overdue(account: Account, item: Item) -> int:
    """What could be asked for the item on that day, in minor units."""
    if item.due_date >= account.on or item_stop(
        account.facts, item, account.on, given=account.given
    ):
        return 0
    return chaseable_minor(item, account.given)


def _lines(account: Account, item: Item, asked: int) -> list[DraftLine]:
    """The lines of an item: what is asked or announced, what is promised, what is contested."""
    return [
        DraftLine(
            invoice_id=account.invoices[item.id],
            number=item.number,
            issue_date=item.issue_date,
            due_date=item.due_date,
            total_minor=item.total_minor,
            open_minor=amount,
            days_late=(account.on - item.due_date).days,
            group=group,
            beside_minor=item.open_minor - amount,
        )
        for group, amount in _parts(account, item, asked)
        if amount > 0
    ]


def _parts(account: Account, item: Item, asked: int) -> Iterator[tuple[Group, int]]:
    """An item's open amount, part by part; nothing of what is gone from the accounts."""
    facts, on, given = account.facts, account.on, account.given
    stop = None if asked else item_stop(facts, item, on, given=given)
    code = stop.sentence.code if stop else ""
    if code == "stop.missing":
        return
    if code in {"stop.item_held", "stop.item_held_open"}:
        yield "held", item.chased_minor
    else:
        rest: Group = "upcoming" if item.due_date >= on else "reminded"
        yield "due" if asked else rest, asked or chaseable_minor(item, given)
        cover = given.covers.get(item.id)
        if cover is not None:
            yield "promised" if cover.promise.plan_id is None else "planned", cover.amount_minor
    yield "disputed", item.open_minor - item.chased_minor
