"""The legal order of payments, and cents that are conserved."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from amiable.core.allocation import Debt, allocate

ON = date(2026, 4, 1)
F1 = Debt(1, date(2026, 2, 1), 100_000)
F2 = Debt(2, date(2026, 3, 15), 50_000)
F3 = Debt(3, date(2026, 6, 1), 70_000)


def test_the_payers_choice_comes_first_then_the_oldest_due():
    assert allocate(120_000, [F1, F2, F3], on=ON, chosen=[2]) == [(2, 50_000), (1, 70_000)]


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
    used = allocate(amount, debts, on=ON, chosen=chosen)
    by_id = {d.id: d.open_minor for d in debts}
    assert sum(part for _, part in used) == min(amount, sum(by_id.values()))
    assert all(0 < part <= by_id[i] for i, part in used)
    assert len({i for i, _ in used}) == len(used)
