"""Whatever happens to a plan that is collected, in whatever order: no more is collected than is open,
each instalment in one collection at most, and nothing once the plan or the mandate is over."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amiable.core.facts import CaseFacts, Item, Promise, Receipt
from amiable.core.part_debits import Try, collected_parts, held_until, part_choice
from amiable.core.schedules import schedule
from amiable.core.workdays import is_target_day, is_workday

MONDAY = date(2026, 11, 2)


@st.composite
def cases(draw) -> tuple[CaseFacts, list[int], int]:
    """Invoices, a plan over all of them, and what has been paid, disputed or kept as credit."""
    totals = draw(st.lists(st.integers(1_000, 90_000), min_size=1, max_size=4))
    count = draw(st.integers(2, 6))
    parts = collected_parts(
        schedule(sum(totals), count, first_on=MONDAY + timedelta(days=14), every="week")
    )
    assert sum(part.amount_minor for part in parts) == sum(totals)
    assert all(is_target_day(p.due_on) and is_workday(p.due_on) for p in parts)
    assert all(a.due_on < b.due_on for a, b in itertools.pairwise(parts))
    day = draw(st.integers(0, 60))
    left = draw(st.integers(0, sum(totals)))
    items, receipts = [], []
    for number, total in enumerate(totals, 1):
        paid = min(left, total)
        left -= paid
        if paid:
            receipts.append(Receipt(MONDAY + timedelta(days=draw(st.integers(1, 60))), paid))
        disputed = draw(st.integers(0, total - paid)) if draw(st.booleans()) else 0
        due = MONDAY - timedelta(days=30 - number)
        items.append(
            Item(number, f"FA-{number}", due, due, total, total - paid, disputed_minor=disputed)
        )
    promises = tuple(
        Promise(p.amount_minor, p.due_on, made_on=MONDAY, plan_id=1, id=10 + n)
        for n, p in enumerate(parts)
    )
    facts = CaseFacts(
        1, 1, 1, "Duval", "company", "fr", "EUR", tuple(i for i in items if i.open_minor),
        unallocated_minor=draw(st.sampled_from([0, 0, 500, 50_000])), promises=promises,
        receipts=tuple(r for r in receipts if r.on <= MONDAY + timedelta(days=day)),
    )  # fmt: skip
    return facts, [each.id for each in promises], day


@settings(max_examples=300, deadline=None)
@given(cases(), st.dictionaries(st.integers(1, 4), st.integers(0, 90_000)), st.booleans())
def test_never_more_than_is_open_nor_than_an_instalment(case, with_bank, is_over):
    facts, ids, day = case
    on = MONDAY + timedelta(days=day)
    found = part_choice(facts, on, plan_ids=set() if is_over else {1}, with_bank=with_bank)
    collected: Counter[int] = Counter()
    amounts = {promise.id: promise.amount_minor for promise in facts.promises}
    for part_id, parts in found.parts.items():
        assert 0 < found.amount(part_id) <= amounts[part_id]
        for item_id, minor in parts:
            assert minor > 0
            collected[item_id] += minor
    for item in facts.items:
        assert collected[item.id] + min(with_bank.get(item.id, 0), item.chased_minor) <= (
            item.chased_minor
        )
    assert sum(collected.values()) <= max(
        0, sum(item.chased_minor for item in facts.items) - facts.unallocated_minor
    )
    if is_over:
        assert not found.parts
        assert found.stop_of(ids[0], 1, attempt=1) is not None
    else:
        assert set(found.parts) | set(found.stops) == set(ids)
        assert not set(found.parts) & set(found.stops)


DAY = date(2026, 11, 16)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


@pytest.mark.parametrize(
    ("tries", "until"),
    [
        ([], 0),
        ([Try(after(-14), after(-2))], 0),  # answered before the last day
        ([Try(after(-14), after(8))], 8),
        ([Try(after(0), after(16))], 16),  # announced anew on the last day
        ([Try(after(1), after(16))], 0),  # missed already
        ([Try(after(-14), after(4)), Try(after(4), after(20))], 20),
        ([Try(after(-14), after(4)), Try(after(7), after(24), again=True)], 24),
        ([Try(after(1), after(4)), Try(after(4), after(24), again=True)], 0),
    ],
)
def test_a_collection_holds_an_instalment_that_was_not_missed_before(tries, until):
    assert held_until(DAY, tries) == after(until)
