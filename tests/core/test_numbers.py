"""Amounts and dates as people type them: read exactly, or refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.numbers import ParseError, PlainNumber, amount, day, decimal_mark


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("1252.23", "1252.23", ""),
        ("1252,23", "1252.23", ""),
        ("1 252,23", "1252.23", ""),
        ("1\u202f252,23\u00a0€", "1252.23", "EUR"),
        ("1'234.50", "1234.50", ""),
        ("1’234.50", "1234.50", ""),
        ("1.234,56", "1234.56", ""),
        ("1,234.56", "1234.56", ""),
        ("1.234.567", "1234567", ""),
        ("1 234 567", "1234567", ""),
        ("-12,50", "-12.50", ""),
        ("−12,50", "-12.50", ""),
        ("12,50-", "-12.50", ""),
        ("(12,50)", "-12.50", ""),
        ("(12,50 €)", "-12.50", "EUR"),
        ("(12,50) €", "-12.50", "EUR"),
        ("-$12.50", "-12.50", "USD"),
        ("EUR 12", "12", "EUR"),
        ("12 GBP", "12", "GBP"),
        (",50", "0.50", ""),
        ("+5", "5", ""),
        ("0,00", "0", ""),
        ("1234.567", "1234.567", ""),
        ("0.234", "0.234", ""),
    ],
)
def test_amounts_are_read_exactly(text, value, currency):
    assert amount(text) == (Decimal(value), currency)


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "()", "€", "abc", "12..34", "12,3,4", "1.23.45", "12 50", "1 2345", "--5",
     "(-5)", "5-5", "5 XXX", "EUR 5 EUR", "NaN", "Infinity", "1e5", "1_000", "٣", "=1+1",
     "1.252.23", "9" * 50],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ParseError) as error:
        amount(text)
    assert error.value.code == "amount.unreadable"


def test_thousands_or_decimals_is_never_guessed():
    for text in ("1.234", "1,234", "-12.345", "1,234 €"):
        with pytest.raises(ParseError) as error:
            amount(text)
        assert error.value.code == "amount.ambiguous"
    assert amount("1.234", ",") == (Decimal(1234), "")
    assert amount("1.234", ".") == (Decimal("1.234"), "")
    assert amount(PlainNumber("1.234")) == (Decimal("1.234"), "")


def test_other_amounts_of_a_file_tell_its_decimal_mark():
    assert decimal_mark(["1.234", "12,50", ""]) == ","
    assert decimal_mark(["1,234", "12.50"]) == "."
    assert decimal_mark(["1.234.567"]) == ","
    assert decimal_mark(["1.234", "100"]) == ""
    assert decimal_mark(["12,50", "12.50"]) == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("31/12/2026", date(2026, 12, 31)),
        ("2026-12-31", date(2026, 12, 31)),
        ("20261231", date(2026, 12, 31)),
        ("31.12.26", date(2026, 12, 31)),
        ("31-12-2026", date(2026, 12, 31)),
        ("1/2/2026", date(2026, 2, 1)),
        ("1er février 2026", date(2026, 2, 1)),
        ("15 janv. 2026", date(2026, 1, 15)),
        ("15-Aug-2026", date(2026, 8, 15)),
        ("2026-12-31 00:00:00", date(2026, 12, 31)),
        ("2026-12-31T10:00:00Z", date(2026, 12, 31)),
        ("31/12/2026 10:15", date(2026, 12, 31)),
    ],
)
def test_dates_are_read_day_first_or_iso(text, value):
    assert day(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "12/31/2026", "31/02/2026", "2026-13-01", "46000", "31/12", "1/1/1899", "2126-01-01",
     "15 brumaire 2026", "31/12-2026", "demain"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ParseError):
        day(text)


def _french(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}".replace(",", "\u202f") + f",{abs(cents) % 100:02d} €"


@given(st.integers(-(10**12), 10**12))
def test_amounts_survive_french_writing(cents):
    assert amount(_french(cents)) == (Decimal(cents) / 100, "EUR")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    for read in (amount, day):
        refused = ""
        try:
            read(text)
        except ParseError as error:
            refused = error.code
        assert refused in ("", "amount.unreadable", "amount.ambiguous", "date.unreadable")


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("12/31/2026", "mdy", date(2026, 12, 31)),
        ("1/2/26", "mdy", date(2026, 1, 2)),
        ("26/12/31", "ymd", date(2026, 12, 31)),
        ("261231", "ymd", date(2026, 12, 31)),
        ("31/12/2026", "ymd", date(2026, 12, 31)),
        ("2026-12-31", "mdy", date(2026, 12, 31)),
    ],
)
def test_dates_are_read_in_the_order_that_a_source_writes_them(text, order, expected):
    assert day(text, order) == expected


@pytest.mark.parametrize(
    ("text", "order"), [("12/31/2026", "dmy"), ("31/12/2026", "mdy"), ("26/13/01", "ymd")]
)
def test_dates_in_another_order_are_refused(text, order):
    with pytest.raises(ParseError):
        day(text, order)


@pytest.mark.parametrize("text", ["23/11/0001", "01/02/0026", "3 mars 0026"])
def test_a_year_of_four_digits_is_never_taken_for_one_of_two(text):
    with pytest.raises(ParseError):
        day(text)
