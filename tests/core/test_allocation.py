"""The legal order of payments, and cents that are conserved."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from amiable.core.allocation import (
    ORDERS,
    Debt,
    allocate,
    allocation_reasons,
    impute,
    interest_article,
    order_article,
)

ON = date(2026, 4, 1)
F1 = Debt(1, date(2026, 2, 1), 100_000)
F2 = Debt(2, date(2026, 3, 15), 50_000)
F3 = Debt(3, date(2026, 6, 1), 70_000)


def test_the_payers_choice_comes_first_then_the_oldest_due():
    assert allocate(120_000, [F1, F2, F3], on=ON, chosen=[2]) == [(2, 50_000), (1, 70_000)]
    assert allocate(120_000, [F1, F2, F3], on=ON, chosen=[3, 2]) == [(3, 70_000), (2, 50_000)]


def test_what_is_not_due_comes_last_or_not_at_all():
    assert allocate(160_000, [F3, F2, F1], on=ON) == [(1, 100_000), (2, 50_000), (3, 10_000)]
    assert allocate(160_000, [F3, F2, F1], on=ON, not_due=False) == [(1, 100_000), (2, 50_000)]


def test_the_dearest_debt_goes_before_the_oldest():
    dear = Debt(4, date(2026, 3, 20), 30_000, burden=1240)
    assert allocate(40_000, [F1, F2, dear], on=ON) == [(4, 30_000), (1, 10_000)]


def test_equal_debts_share_in_proportion():
    twin = Debt(5, F1.due_date, 200_000)
    assert allocate(100_001, [F1, twin], on=ON) == [(1, 33_334), (5, 66_667)]


def test_principal_part_of_a_payment_already_net_of_interest():
    # Domain sheet A1 case 6: 4,000.00 received, 207.23 of interest first, the rest on principal.
    principal = Debt(1, date(2026, 7, 31), 1_000_000)
    used = allocate(400_000 - 20_723, [principal], on=date(2026, 9, 30))
    assert used == [(1, 379_277)]
    assert principal.open_minor - used[0][1] == 620_723


def test_a_partial_payment_counts_against_interest_before_principal():
    # Domain sheet A1 case 6, whole: 4,000.00 on 10,000.00 with 207.23 of interest run up.
    (found,) = impute(
        allocate(400_000, [Debt(1, date(2026, 7, 31), 1_000_000)], on=ON), {1: 20_723}
    )
    assert (found.interest_minor, found.principal_minor) == (20_723, 379_277)
    (small,) = impute([(1, 10_000)], {1: 20_723})
    assert (small.interest_minor, small.principal_minor) == (10_000, 0)


def test_an_agreed_order_takes_equal_subscriptions_one_after_the_other():
    twins = [Debt(7, date(2026, 3, 1), 10_000), Debt(6, date(2026, 3, 1), 10_000)]
    assert allocate(15_000, twins, on=ON) == [(6, 7_500), (7, 7_500)]
    assert allocate(15_000, twins, on=ON, order="oldest") == [(6, 10_000), (7, 5_000)]
    dear = Debt(4, date(2026, 3, 20), 30_000, burden=1240)
    assert allocate(40_000, [dear, F1], on=ON, order="oldest") == [(1, 40_000)]
    # Never before what the payer says.
    assert allocate(40_000, [dear, F1], on=ON, chosen=[4], order="oldest")[0] == (4, 30_000)


def said(debts_, amount, **more) -> list[str]:
    parts = allocate(amount, debts_, on=ON, **{k: v for k, v in more.items() if k != "agreed"})
    return [each.code for each in allocation_reasons(debts_, parts, on=ON, **more)]


def test_the_reasons_name_the_rules_that_made_a_difference():
    assert said([F1, F2, F3], 120_000, chosen=[2]) == ["order.named", "order.due"]
    assert said([F1, F2, F3], 120_000) == ["order.due", "order.oldest"]
    dear = Debt(4, date(2026, 3, 20), 30_000, burden=1240)
    assert said([F1, dear], 120_000) == ["order.burden", "order.oldest"]
    assert said([F1, Debt(5, F1.due_date, 1)], 10) == ["order.shares"]
    assert said([F1], 10) == []
    assert said([F1, F2], 10, chosen=[1]) == ["order.named"]
    assert said([F1, F2], 10, order="oldest") == ["order.agreed_oldest"]
    assert said([F1, F2], 10, order="agreed", agreed="site by site")[0] == "order.agreed"


def test_the_articles_are_those_of_the_day():
    assert (order_article(ON), interest_article(ON)) == ("C. civ. 1342-10", "C. civ. 1343-1")
    before = date(2016, 9, 30)
    assert (order_article(before), interest_article(before)) == (
        "C. civ. 1253-1256",
        "C. civ. 1254",
    )


debts = st.lists(
    st.builds(
        Debt,
        id=st.integers(1, 10**6),
        due_date=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        open_minor=st.integers(0, 10**7),
        burden=st.integers(0, 2),
    ),
    unique_by=lambda d: d.id,
    max_size=12,
)


@given(debts=debts, amount=st.integers(1, 10**8), data=st.data())
def test_cents_are_conserved_and_no_debt_is_overpaid(debts, amount, data):
    chosen = data.draw(st.lists(st.sampled_from([d.id for d in debts] or [0]), max_size=3))
    order = data.draw(st.sampled_from(ORDERS))
    used = allocate(amount, debts, on=ON, chosen=chosen, order=order)
    by_id = {d.id: d.open_minor for d in debts}
    assert sum(part for _, part in used) == min(amount, sum(by_id.values()))
    assert all(0 < part <= by_id[i] for i, part in used)
    assert len({i for i, _ in used}) == len(used)


@given(debts=debts, amount=st.integers(1, 10**8), order=st.sampled_from(ORDERS))
def test_nothing_reaches_a_debt_before_those_that_come_first_are_paid(debts, amount, order):
    paid = dict(allocate(amount, debts, on=ON, order=order))

    def rank(debt: Debt):
        oldest = (debt.due_date, debt.id)
        return oldest if order == "oldest" else (debt.due_date > ON, -debt.burden, debt.due_date)

    reached = [debt for debt in debts if debt.id in paid]
    short = [debt for debt in debts if debt.open_minor > paid.get(debt.id, 0)]
    assert all(rank(late) <= rank(first) for late in reached for first in short)


@given(parts=st.dictionaries(st.integers(1, 5), st.integers(1, 10**8)), interest=st.data())
def test_imputation_conserves_every_part(parts, interest):
    owed = interest.draw(st.dictionaries(st.integers(1, 5), st.integers(0, 10**6)))
    for each in impute(parts.items(), owed):
        assert each.interest_minor + each.principal_minor == parts[each.id]
        assert each.principal_minor == 0 or each.interest_minor == owed.get(each.id, 0)
