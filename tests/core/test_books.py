"""What the open amount of a file changes in our account of an item."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from amiable.core.books import books_delta

amounts = st.integers(0, 10**9)


@st.composite
def accounts(draw):
    base = draw(amounts)
    return base, draw(st.integers(0, base))


def test_books_that_lag_behind_the_bank_change_nothing():
    assert books_delta(100_00, 100_00, stated_minor=100_00) == 0
    assert books_delta(100_00, 60_00, stated_minor=100_00) == 0
    assert books_delta(100_00, 60_00, stated_minor=40_00) == 0
    assert books_delta(100_00, 60_00, stated_minor=70_00) == 0


def test_what_the_books_know_beyond_us_is_entered():
    assert books_delta(100_00, 0, stated_minor=30_00) == -70_00
    assert books_delta(100_00, 60_00, stated_minor=0) == -40_00
    assert books_delta(100_00, 0, stated_minor=120_00) == 20_00


@given(accounts(), amounts)
def test_a_matched_payment_is_never_reopened_by_a_file_within_the_invoice(account, stated):
    base, allocated = account
    if stated <= base:
        assert books_delta(base, allocated, stated_minor=stated) <= 0


@given(accounts(), amounts)
def test_balance_never_falls_below_zero_nor_above_what_the_file_says(account, stated):
    base, allocated = account
    delta = books_delta(base, allocated, stated_minor=stated)
    assert 0 <= base + delta - allocated <= max(stated, base - allocated)


@given(accounts(), amounts)
def test_the_same_file_again_changes_nothing(account, stated):
    base, allocated = account
    delta = books_delta(base, allocated, stated_minor=stated)
    assert books_delta(base + delta, allocated, stated_minor=stated) == 0


@given(amounts, amounts)
def test_without_payments_the_books_are_followed_exactly(base, stated):
    assert base + books_delta(base, 0, stated_minor=stated) == stated
