"""Claims: principal by the books, interest by law, the fixed fee, and nothing on a consumer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.claims import Reduction, claim
from amiable.core.interest import UnknownRateError
from amiable.core.law.fr import Debt, late_interest


def day(text: str) -> date:
    return date.fromisoformat(text)


def debt(amount: int, due: str, until: str, regime: str = "b2b", **more) -> Debt:
    return Debt(amount, day(due), day(until), regime=regime, **more)


def test_without_payments_the_claim_is_the_interest_of_the_command_line():
    whole = debt(120_000, "2026-09-30", "2026-10-30")
    found = claim(whole)
    assert (found.principal_minor, found.interest_minor) == (120_000, 1_223)
    assert found.fixed_fee_minor == 4_000
    assert found.interest_minor == late_interest(whole).interest_minor


def test_a_partial_payment_pays_interest_first_and_both_countings_ask_the_same():
    # 10,000.00 due 31 July, 4,000.00 received 30 September: 207.23 of interest first, so that
    # 6,207.23 of principal bear 65.37 up to 31 October.
    found = claim(
        debt(1_000_000, "2026-07-31", "2026-10-31"), [Reduction(day("2026-09-30"), 400_000)]
    )
    assert found.principal_minor == 600_000
    assert found.interest_minor == 20_723 + 6_537
    assert [run.base_minor for run in found.runs] == [1_000_000, 620_723]


def test_a_credit_note_lowers_the_principal_and_leaves_the_interest():
    found = claim(
        debt(1_000_000, "2026-07-31", "2026-10-31"),
        [Reduction(day("2026-09-30"), 400_000, lowers_debt=True)],
    )
    after = late_interest(debt(600_000, "2026-07-31", "2026-10-31", since=day("2026-09-30")))
    assert found.principal_minor == 600_000
    assert found.interest_minor == 20_723 + after.interest_minor


def test_what_came_before_the_due_date_bears_nothing():
    found = claim(debt(120_000, "2026-09-30", "2026-10-30"), [Reduction(day("2026-09-15"), 20_000)])
    assert (
        found.interest_minor
        == late_interest(debt(100_000, "2026-09-30", "2026-10-30")).interest_minor
    )


def test_what_comes_later_is_left_out():
    whole = debt(120_000, "2026-09-30", "2026-10-30")
    assert claim(whole, [Reduction(day("2026-11-02"), 120_000)]) == claim(whole)


def test_an_invoice_paid_late_still_owes_interest_and_fee():
    found = claim(
        debt(120_000, "2026-09-30", "2026-10-30"), [Reduction(day("2026-10-30"), 120_000)]
    )
    assert (found.principal_minor, found.interest_minor) == (0, 1_223)
    assert found.fixed_fee_minor == 4_000


def test_a_consumer_owes_interest_from_the_notice_and_never_a_fee():
    found = claim(debt(80_000, "2026-08-01", "2026-10-09", "consumer", notice=day("2026-09-09")))
    assert (found.interest_minor, found.fixed_fee_minor) == (181, 0)


def test_a_public_purchaser_keeps_its_rate_through_a_partial_payment():
    found = claim(
        debt(5_000_000, "2026-06-10", "2026-08-20", "public"),
        [Reduction(day("2026-07-10"), 1_000_000)],
    )
    assert {str(s.rate_pct) for run in found.runs for s in run.segments} == {"10.15"}


def test_an_invoice_paid_in_time_owes_nothing_more():
    found = claim(
        debt(120_000, "2026-09-30", "2026-10-30"), [Reduction(day("2026-09-30"), 120_000)]
    )
    assert (found.principal_minor, found.interest_minor, found.fixed_fee_minor) == (0, 0, 0)


def test_an_unknown_half_year_raises_and_nothing_is_guessed():
    with pytest.raises(UnknownRateError):
        claim(debt(120_000, "2026-09-30", "2031-01-30"))


@given(
    amount=st.integers(1, 10**9),
    late=st.integers(1, 500),
    regime=st.sampled_from(["b2b", "consumer", "public"]),
    parts=st.lists(st.tuples(st.integers(-30, 500), st.integers(1, 99), st.booleans()), max_size=4),
)
def test_no_counting_asks_less_than_the_books_nor_charges_a_consumer_a_fee(
    amount, late, regime, parts
):
    due = date(2024, 11, 20)
    reductions, left = [], amount
    for after, share, lowers in parts:
        part = left * share // 100
        if part:
            reductions.append(Reduction(due + timedelta(after), part, lowers_debt=lowers))
            left -= part
    until = due + timedelta(late)
    found = claim(Debt(amount, due, until, regime=regime), reductions)
    applied = sum(r.amount_minor for r in reductions if r.on <= until)
    assert found.principal_minor == amount - applied
    assert found.interest_minor >= 0
    # Never more than interest on the whole invoice for the whole time, compounded by nobody.
    whole = late_interest(Debt(amount, due, until, regime=regime)).interest_minor
    assert found.interest_minor <= whole + len(reductions) + 1
    if regime == "consumer":
        assert found.fixed_fee_minor == 0
    # What the table of rates adds up to is what is claimed.
    assert sum(s.amount_minor for run in found.runs for s in run.segments) == found.interest_minor
