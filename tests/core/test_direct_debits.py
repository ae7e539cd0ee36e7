"""Direct debits: identifiers, calendar, lapse, and what each reason code asks for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.direct_debits import (
    EARLIEST_DAYS,
    add_months,
    collect_on,
    consequence,
    is_creditor_identifier,
    lapses_on,
    mandate_reference,
    masked,
    may_sign,
    sequence_of,
    submit_by,
    submit_from,
)
from amiable.core.workdays import add_target_days, is_target_day, next_target_day

ON = date(2026, 11, 20)  # a Friday
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    "day",
    [date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25),
     date(2027, 3, 26), date(2027, 3, 29), date(2028, 12, 26), date(2026, 11, 21)],
)  # fmt: skip
def test_payments_settle_on_no_target_closing_day(day):
    assert not is_target_day(day)


@pytest.mark.parametrize("day", [date(2026, 5, 8), date(2026, 7, 14), date(2026, 11, 11)])
def test_payments_settle_on_french_holidays_that_target_does_not_keep(day):
    assert is_target_day(day)


@given(DAYS, st.integers(-12, 12))
def test_counting_settlement_days_there_and_back(day, count):
    start = next_target_day(day)
    assert add_target_days(add_target_days(start, count), -count) == start


@pytest.mark.parametrize("ics", ["FR72ZZZ123456", "fr72 zzz 123456", "FR72A1B123456"])
def test_the_business_code_of_a_creditor_identifier_does_not_count(ics):
    assert is_creditor_identifier(ics)


@pytest.mark.parametrize("ics", ["", "FR73ZZZ123456", "FR72ZZZ123457", "72ZZZ123456", "FR72ZZZ"])
def test_a_creditor_identifier_with_a_wrong_key_is_none(ics):
    assert not is_creditor_identifier(ics)


def test_references_of_mandates_fit_the_rulebook():
    assert mandate_reference("main", 42) == "AM-MAIN-00000042"
    assert mandate_reference("é/ü", 1) == "AM-00000001"
    assert len(mandate_reference("x" * 80, 10**8 - 1)) <= 35
    assert masked("FR1420041010050500013M02606") == "FR.. .... 2606"


def test_a_mandate_lapses_36_months_after_it_was_last_presented():
    assert lapses_on(date(2023, 11, 20), None) == date(2026, 11, 20)
    assert lapses_on(date(2020, 1, 1), date(2024, 2, 29)) == date(2027, 2, 28)


@given(DAYS, st.integers(0, 60))
def test_months_later_is_the_same_day_or_the_last_of_the_month(day, months):
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(1)).day == 1)


@given(DAYS, st.integers(-60, 60), st.integers(1, 60), st.integers(1, 10))
def test_a_collection_is_announced_in_time_and_can_still_be_handed_over(on, due, notice, lead):
    due_on = on + timedelta(days=due)
    day = collect_on(due_on, on=on, notice_days=notice, lead_days=lead)
    assert is_target_day(day)
    assert day >= due_on
    assert (day - on).days >= notice
    assert submit_by(day, lead) >= on
    assert (day - submit_from(day)).days == EARLIEST_DAYS


@pytest.mark.parametrize(
    ("one_off", "before", "sequence"),
    [(False, False, "FRST"), (False, True, "RCUR"), (True, False, "OOFF"), (True, True, "OOFF")],
)
def test_the_sequence_of_collections(one_off, before, sequence):
    assert sequence_of(one_off=one_off, settled_before=before) == sequence


def test_a_consumer_signs_no_b2b_mandate():
    assert not may_sign("B2B", "consumer")
    assert may_sign("CORE", "consumer")
    assert may_sign("B2B", "company")


@pytest.mark.parametrize(
    ("code", "remedy", "blocks", "asks"),
    [
        ("MS03", "chase", False, False),
        ("AC01", "new_account", True, True),
        ("RC01", "new_account", True, True),
        ("AC04", "other_means", True, True),
        ("AC06", "other_means", True, True),
        ("AG01", "other_means", True, True),
        ("MD01", "proof", True, True),
        ("MD02", "fix", False, True),
        ("MD06", "dispute", True, True),
        ("MD07", "estate", True, True),
        ("MS02", "call", False, True),
        ("SL01", "allow", False, True),
        ("AM05", "check", False, True),
        ("RR01", "fix", False, True),
        ("", "fix", False, True),
        ("ZZ99", "fix", False, True),
    ],
)  # fmt: skip
def test_only_lack_of_funds_is_presented_again(code, remedy, blocks, asks):
    found = consequence(code, attempt=1, on=ON, ics="FR72ZZZ123456")
    assert (found.remedy, found.blocks, found.asks) == (remedy, blocks, asks)
    assert found.retry_on is None
    assert str(found.sentence)


def test_lack_of_funds_is_presented_once_more_and_never_a_third_time():
    first = consequence("am04", attempt=1, on=ON, notice_days=14)
    assert first.remedy == "retry"
    assert first.retry_on == date(2026, 12, 4)
    assert not first.blocks
    assert consequence("AM04", attempt=1, on=ON, notice_days=2).retry_on == date(2026, 11, 27)
    second = consequence("AM04", attempt=2, on=ON)
    assert (second.retry_on, second.asks, second.sentence.code) == (None, True, "debit.no_retry")


def test_a_second_presentation_can_still_be_handed_over():
    late = consequence("AM04", attempt=1, on=ON, notice_days=2, lead_days=10)
    assert submit_by(late.retry_on, 10) >= ON
    assert late.retry_on == date(2026, 12, 4)


def test_a_mandate_for_one_collection_is_not_presented_again():
    found = consequence("AM04", attempt=1, on=ON, one_off=True)
    assert (found.retry_on, found.asks, found.sentence.code) == (None, True, "debit.used_up")
