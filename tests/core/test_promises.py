"""Kept, partly kept or broken: always what the receipts say, each euro counted once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.facts import Promise, Receipt
from amiable.core.promises import awaited, broken_on, commitments, last_day, standings
from tests.core.builders import facts, item

MADE = date(2026, 9, 1)
DUE = date(2026, 9, 10)


def promise(amount: int = 100_000, due: date = DUE, number: int = 1, **fields) -> Promise:
    return Promise(
        **{"amount_minor": amount, "due_on": due, "made_on": MADE, "id": number, **fields}
    )


def came(amount: int, days: int = 5) -> Receipt:
    return Receipt(MADE + timedelta(days=days), amount)


def after(days: int) -> date:
    return MADE + timedelta(days=days)


def plan(*amounts: int, every: int = 10) -> list[Promise]:
    return [
        promise(amount, after(every * (n + 1)), n + 1, plan_id=4)
        for n, amount in enumerate(amounts)
    ]


@pytest.mark.parametrize(
    ("receipts", "today", "state", "received"),
    [
        ([], after(5), "running", 0),
        ([], after(12), "running", 0),  # the 10th, and three days of grace
        ([], after(13), "broken", 0),
        ([came(100_000)], after(5), "kept", 100_000),
        ([came(100_000, 12)], after(20), "kept", 100_000),  # on the last day of grace
        ([came(100_000, 13)], after(20), "broken", 0),  # a day late
        ([came(95_000)], after(20), "kept", 95_000),  # the tolerance
        ([came(94_999)], after(20), "partly_kept", 94_999),
        ([came(94_999)], after(12), "running", 94_999),
        ([came(250_000)], after(20), "kept", 100_000),  # more than promised
        ([came(100_000, 0)], after(20), "kept", 100_000),  # on the day it was promised
        ([came(1)], after(20), "partly_kept", 1),
        # Taken back from the latest first: all of the second, and a part of the first.
        ([came(30_000, 3), came(40_000, 4), came(-50_000, 6)], after(20), "partly_kept", 20_000),
        ([came(100_000, -1)], after(20), "broken", 0),  # paid before it was promised
        ([came(60_000, 3), came(40_000, 6)], after(20), "kept", 100_000),
        ([came(100_000), came(-100_000, 6)], after(20), "broken", 0),  # taken back by the bank
        ([came(100_000), came(-30_000, 15)], after(20), "partly_kept", 70_000),  # taken back late
        (
            [came(-50_000, 2), came(100_000)],
            after(20),
            "kept",
            100_000,
        ),  # an older payment came back
        ([came(100_000, 8)], after(5), "running", 0),  # not yet, on that day
    ],
)
def test_a_promise_is_what_the_receipts_say(receipts, today, state, received):
    (standing,) = standings([promise()], receipts, today)
    assert (standing.state, standing.received_minor) == (state, received)
    assert standing.broken_on == (after(13) if state in {"broken", "partly_kept"} else None)


def test_one_payment_keeps_one_of_two_promises():
    first, second = promise(), promise(due=DUE + timedelta(days=7), number=2)
    stands = standings([second, first], [came(100_000)], after(40))
    assert [(s.promise.id, s.state) for s in stands] == [(1, "kept"), (2, "broken")]


def test_what_is_left_of_a_payment_serves_the_next_promise():
    first, second = promise(60_000), promise(due=DUE + timedelta(days=7), number=2)
    stands = standings([first, second], [came(100_000)], after(2))
    assert [s.received_minor for s in stands] == [0, 0]
    stands = standings([first, second], [came(100_000)], after(6))
    assert [(s.state, s.received_minor) for s in stands] == [("kept", 60_000), ("running", 40_000)]


def test_a_late_payment_serves_the_promise_made_after_the_broken_one():
    again = promise(due=after(30), number=2, made_on=after(14))
    stands = standings([promise(), again], [came(100_000, 20)], after(40))
    assert [s.state for s in stands] == ["broken", "kept"]


def test_a_plan_with_one_missed_instalment_goes_on():
    parts = plan(40_000, 40_000, 40_000)
    debt = facts(item(due=MADE), promises=parts, receipts=[came(40_000, 20)])
    word = commitments(debt, after(24))
    assert [(s.state, s.received_minor) for s in word.standings] == [
        ("broken", 0),
        ("kept", 40_000),
        ("running", 0),
    ]
    assert [b.on for b in word.misses] == [after(14)]
    assert word.breaks == ()


def test_what_was_missed_is_asked_for_while_the_rest_of_the_plan_is_covered():
    owed = item(due=MADE, open_minor=120_000)
    word = commitments(facts(owed, promises=plan(40_000, 40_000, 40_000)), after(15))
    assert word.covers[owed.id].amount_minor == 80_000


@pytest.mark.parametrize(
    ("receipts", "today", "broken"),
    [
        ([], after(23), None),
        ([], after(24), after(24)),  # the second one missed
        ([came(40_000, 8), came(40_000, 18)], after(33), None),
        ([came(40_000, 8), came(40_000, 18)], after(34), after(34)),  # the last one missed
    ],
)
def test_a_plan_is_broken_by_its_second_or_its_last_missed_instalment(receipts, today, broken):
    parts = plan(40_000, 40_000, 40_000)
    stands = standings(parts, receipts, today)
    assert broken_on(stands) == broken
    word = commitments(facts(item(due=MADE), promises=parts, receipts=receipts), today)
    assert [b.on for b in word.breaks] == ([broken] if broken else [])
    assert bool(word.covers) is (broken is None)


@pytest.mark.parametrize(
    ("today", "numbers"), [(after(5), [1, 2, 3, 4]), (after(15), [2, 3, 4]), (after(25), [])]
)
def test_nothing_of_a_plan_that_is_over_is_awaited(today, numbers):
    stands = standings(plan(25_000, 25_000, 25_000, 25_000), [], today)
    assert [each.promise.id for each in awaited(stands)] == numbers


def test_an_instalment_paid_late_is_caught_up_before_the_next_one_is_due():
    """The second of three falls due on day 20; the first, missed, is paid on day 16."""
    parts = plan(40_000, 40_000, 40_000)
    owed = item(due=MADE, open_minor=80_000)
    late = facts(owed, promises=parts, receipts=[came(40_000, 16)])
    word = commitments(late, after(17))
    assert [(s.state, s.received_minor) for s in word.standings] == [
        ("broken", 40_000), ("running", 0), ("running", 0),
    ]  # fmt: skip
    assert word.covers[owed.id].amount_minor == 80_000
    assert [b.on for b in word.misses] == [after(14)]


def test_one_who_pays_on_time_after_a_missed_instalment_misses_no_other():
    parts = plan(40_000, 40_000, 40_000)
    receipts = [came(40_000, 20), came(40_000, 30)]
    stands = standings(parts, receipts, after(50))
    assert broken_on(stands) is None
    assert sum(s.received_minor for s in stands) == 80_000


def test_invoices_issued_after_the_promise_are_not_covered():
    old = item(1, due=MADE, open_minor=50_000)
    new = item(2, due=MADE + timedelta(days=35), open_minor=50_000)
    assert new.issue_date > MADE
    word = commitments(facts(old, new, promises=[promise()]), after(5))
    assert set(word.covers) == {1}


def test_the_oldest_debts_are_covered_first():
    first, second = (
        item(1, open_minor=60_000),
        item(2, due=MADE + timedelta(days=9), open_minor=60_000),
    )
    word = commitments(facts(second, first, promises=[promise()]), after(5))
    assert {i: c.amount_minor for i, c in word.covers.items()} == {1: 60_000, 2: 40_000}


def test_what_the_tolerance_forgives_is_not_chased():
    owed = item(due=MADE, open_minor=104_000)
    word = commitments(facts(owed, promises=[promise()]), after(5))
    assert word.covers[owed.id].amount_minor == 104_000
    owed = item(due=MADE, open_minor=105_001)
    word = commitments(facts(owed, promises=[promise()]), after(5))
    assert word.covers[owed.id].amount_minor == 100_000


def test_what_is_disputed_needs_no_promise():
    owed = item(due=MADE, open_minor=100_000, disputed_minor=70_000)
    word = commitments(facts(owed, promises=[promise(50_000)]), after(5))
    assert word.covers[owed.id].amount_minor == 30_000


def test_a_broken_promise_is_an_event_of_the_debts_it_was_about():
    old, new = item(1, due=MADE), item(2, due=MADE + timedelta(days=60))
    word = commitments(facts(old, new, promises=[promise()]), after(20))
    assert word.events(old) == {"promise_broken": after(13)}
    assert word.events(new) == {}
    assert word.covers == {}


def covered(*items, promises, receipts=(), today=None) -> dict[int, int]:
    word = commitments(facts(*items, promises=promises, receipts=receipts), today or after(5))
    return {number: cover.amount_minor for number, cover in word.covers.items()}


def exact(amount: int, **fields) -> Promise:
    return promise(amount, tolerance_pct=100, **fields)


def test_a_plan_missed_three_times_was_broken_by_the_second():
    stands = standings(plan(40_000, 40_000, 40_000, 40_000), [], after(40))
    assert [s.broken_on for s in stands] == [after(14), after(24), after(34), None]
    assert broken_on(stands) == after(24)


def test_money_from_before_a_plan_does_not_catch_it_up():
    parts = plan(40_000, 40_000, 40_000)
    stands = standings(parts, [came(40_000, -1)], after(15))
    assert [s.received_minor for s in stands] == [0, 0, 0]
    assert standings(parts, [came(40_000, 0)], after(15))[0].state == "kept"


def test_on_its_last_day_an_instalment_still_waits_behind_what_was_missed():
    parts, late = plan(40_000, 40_000, 40_000), [came(40_000, 16)]
    for today, states in (
        (after(23), [("broken", 40_000), ("running", 0), ("running", 0)]),
        # It came in time for the second, which is past now: only the first stays missed.
        (after(24), [("broken", 0), ("kept", 40_000), ("running", 0)]),
    ):
        assert [(s.state, s.received_minor) for s in standings(parts, late, today)] == states


def test_who_catches_up_and_pays_ahead_has_kept_the_next_instalment():
    stands = standings(plan(40_000, 40_000, 40_000), [came(90_000, 16)], after(17))
    assert [(s.state, s.received_minor) for s in stands] == [
        ("broken", 40_000), ("kept", 40_000), ("running", 10_000),
    ]  # fmt: skip


def test_more_than_a_plan_is_left_for_the_next_one():
    """Both miss their first instalment; the first plan takes what it lacks and no more."""
    one = plan(40_000, 40_000)
    other = [promise(30_000, after(10 * n), n + 5, plan_id=9) for n in (1, 2)]
    for paid, received in (
        (100_000, [40_000, 30_000, 30_000, 0]),
        (75_000, [40_000, 30_000, 5_000, 0]),
        (200_000, [40_000, 30_000, 40_000, 30_000]),
    ):
        stands = standings([*one, *other], [came(paid, 16)], after(17))
        assert [s.received_minor for s in stands] == received


def test_several_late_payments_catch_up_together():
    late = [came(10_000, 24), came(15_000, 25), came(100_000, 26)]
    stands = standings(plan(40_000, 40_000), late, after(30))
    assert [s.received_minor for s in stands] == [40_000, 40_000]
    stands = standings(plan(40_000, 40_000), late[:2], after(30))
    assert [s.received_minor for s in stands] == [25_000, 0]


def test_a_plan_takes_from_several_late_payments_what_it_lacks_and_no_more():
    other = [promise(30_000, after(10 * n), n + 5, plan_id=9) for n in (1, 2)]
    late = [came(50_000, 24), came(50_000, 25), came(60_000, 26)]
    stands = standings([*plan(40_000, 40_000), *other], late, after(30))
    assert [s.received_minor for s in stands] == [40_000, 30_000, 40_000, 30_000]


def test_what_the_tolerance_forgave_an_instalment_is_not_taken_from_late_money():
    paid = [came(38_000, 5), came(42_000, 26)]  # 95 % of the first; then the second, late
    other = promise(2_000, after(10), 9, plan_id=9)  # missed too
    stands = standings([*plan(40_000, 40_000), other], paid, after(27))
    assert [(s.state, s.received_minor) for s in stands] == [
        ("kept", 38_000), ("broken", 2_000), ("broken", 40_000),
    ]  # fmt: skip
    stands = standings(plan(40_000, 40_000), [paid[0], came(10_000, 26)], after(27))
    assert [s.received_minor for s in stands] == [38_000, 10_000]


def test_a_plan_of_before_everything_catches_up_with_any_money():
    parts = [promise(40_000, after(10 * n), n, plan_id=4, made_on=None) for n in (1, 2)]
    stands = standings(parts, [came(40_000, 14)], after(24))
    assert [(s.state, s.received_minor) for s in stands] == [("broken", 0), ("kept", 40_000)]
    stands = standings(parts, [came(40_000, 25)], after(26))
    assert [(s.state, s.received_minor) for s in stands] == [("broken", 40_000), ("broken", 0)]


def test_two_promises_stand_each_for_itself_one_broken_one_running():
    first, second = promise(50_000), promise(60_000, after(30), 2, made_on=after(14))
    word = commitments(facts(item(due=MADE), promises=[first, second]), after(15))
    assert [b.on for b in word.breaks] == [after(13)]
    assert word.misses == ()
    assert {i: c.amount_minor for i, c in word.covers.items()} == {1: 60_000}
    assert word.ends == [after(34)]


def test_two_plans_stand_each_for_itself():
    one = plan(40_000, 40_000)
    other = [promise(30_000, after(10 * n), n + 5, plan_id=9) for n in (1, 2)]
    stands = [came(40_000, 9), came(40_000, 19)]  # serves the first of each date
    word = commitments(facts(item(due=MADE), promises=[*one, *other], receipts=stands), after(24))
    assert [(b.on, b.made_on) for b in word.breaks] == [(after(24), MADE)]
    assert [b.on for b in word.misses] == [after(14), after(24)]


def test_missed_instalments_of_two_plans_are_remembered_for_the_debts_of_each():
    one = plan(40_000, 40_000)
    other = [promise(30_000, after(10 * n), n + 5, plan_id=9, made_on=after(9)) for n in (1, 2)]
    old, new = item(1, due=MADE), item(2, due=after(5), issue_date=after(5))
    word = commitments(facts(old, new, promises=[*one, *other]), after(15))
    assert [(b.on, b.made_on) for b in word.misses] == [
        (after(14), MADE),
        (after(14), after(9)),
    ]
    only = commitments(facts(old, new, promises=one), after(15))
    assert (only.events(old), only.events(new)) == ({"instalment_missed": after(14)}, {})


def test_what_a_kept_promise_forgave_is_left_for_the_next_to_cover():
    kept, next_one = promise(100_000), promise(60_000, after(20), 2)
    assert covered(
        item(open_minor=60_000), promises=[kept, next_one], receipts=[came(95_000, 3)]
    ) == {1: 60_000}


def test_the_tolerance_forgives_to_the_cent():
    assert covered(item(open_minor=105_000), promises=[promise()]) == {1: 105_000}
    assert covered(item(open_minor=105_001), promises=[promise()]) == {1: 100_000}


def test_a_promise_covers_to_its_last_cent():
    debts = item(1, open_minor=99_999), item(2, open_minor=100_000)
    assert covered(*debts, promises=[exact(100_000)]) == {1: 99_999, 2: 1}
    debts = item(1, open_minor=1), item(2, open_minor=100_000)
    assert covered(*debts, promises=[exact(100_000)]) == {1: 1, 2: 99_999}


def test_two_promises_cover_one_invoice_together_and_no_more_than_it():
    both = [exact(30_000), exact(80_000, due=after(20), number=2)]
    assert covered(item(open_minor=100_000), promises=both) == {1: 100_000}
    word = commitments(facts(item(open_minor=100_000), promises=both), after(5))
    assert word.covers[1].promise.id == 1  # the first to fall due is the one that is named


def test_an_invoice_it_does_not_speak_of_does_not_hide_the_next():
    """Due first, and yet issued after the promise."""
    new = item(1, due=MADE, issue_date=after(1))
    old = item(2, due=after(3), issue_date=MADE)  # issued on the very day
    paid = item(3, due=MADE, open_minor=0)
    assert covered(new, old, paid, promises=[exact(50_000)]) == {2: 50_000}


def test_a_day_after_grace_an_unkept_promise_covers_nothing():
    assert covered(item(due=MADE), promises=[promise()], today=after(12)) == {1: 100_000}
    assert covered(item(due=MADE), promises=[promise()], today=after(13)) == {}


amounts = st.integers(1, 300_000)
days = st.integers(0, 60)
promised = st.builds(
    lambda amount, due, made, grace, tolerance, plan_id: Promise(
        amount, after(made + due), grace, after(made), tolerance, plan_id
    ),
    amounts, st.integers(0, 30), st.integers(0, 20), st.integers(0, 10), st.integers(0, 100),
    st.sampled_from([None, None, 1, 2]),
)  # fmt: skip
received = st.builds(came, st.integers(-200_000, 300_000), days)


@given(st.lists(promised, max_size=6), st.lists(received, max_size=10), days)
def test_no_receipt_is_counted_twice(given_promises, receipts, day):
    today = after(day)
    stands = standings(given_promises, receipts, today)
    money_in = sum(r.amount_minor for r in receipts if r.amount_minor > 0 and r.on <= today)
    assert sum(s.received_minor for s in stands) <= money_in
    assert all(0 <= s.received_minor <= s.promise.amount_minor for s in stands)


@given(st.lists(promised, max_size=6), st.lists(received, max_size=10), days)
def test_every_promise_has_one_state_that_its_date_allows(given_promises, receipts, day):
    today = after(day)
    stands = standings(given_promises, receipts, today)
    assert len(stands) == len(given_promises)
    for s in stands:
        over = today > last_day(s.promise)
        assert (s.broken_on is not None) == (s.state in {"broken", "partly_kept"})
        assert not over or s.state != "running"
        assert over or s.state in {"running", "kept"}


@given(
    st.lists(promised, max_size=6),
    st.lists(received, max_size=10),
    st.lists(st.tuples(amounts, st.integers(-60, 40), st.integers(0, 300_000)), max_size=6),
    days,
)
def test_covers_never_exceed_what_is_open(given_promises, receipts, debts, day):
    items = [
        item(n, due=after(due), open_minor=opened, disputed_minor=min(disputed, opened))
        for n, (opened, due, disputed) in enumerate(debts)
    ]
    word = commitments(facts(*items, promises=given_promises, receipts=receipts), after(day))
    for owed in items:
        if owed.id in word.covers:
            assert 0 < word.covers[owed.id].amount_minor <= owed.chased_minor
    running = [s for s in word.standings if s.state == "running"]
    slack = sum(s.promise.amount_minor * (100 - s.promise.tolerance_pct) // 100 for s in running)
    promised_minor = sum(s.remaining_minor for s in running)
    assert sum(c.amount_minor for c in word.covers.values()) <= promised_minor + slack


@given(st.lists(promised, max_size=4), st.lists(received, max_size=8), amounts)
def test_more_money_never_breaks_what_was_kept(given_promises, receipts, more):
    """Promises by themselves: an extra receipt leaves no promise worse off."""
    alone = [
        Promise(p.amount_minor, p.due_on, p.grace_days, MADE, p.tolerance_pct, id=n)
        for n, p in enumerate(given_promises)
    ]
    before = standings(alone, receipts, after(90))
    now = standings(alone, [came(more, 0), *receipts], after(90))
    assert sum(s.received_minor for s in now) >= sum(s.received_minor for s in before)
