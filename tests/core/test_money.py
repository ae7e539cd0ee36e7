"""Amounts have as many decimals as their currency: none for yens, three for dinars."""

from __future__ import annotations

import pytest

from amiable.core.money import AmountError, Money, exponent, major, minor, split
from amiable.core.numbers import CURRENCIES


@pytest.mark.parametrize(
    ("text", "currency", "amount_minor"),
    [
        ("1252.23", "EUR", 125_223),
        ("-0.05", "EUR", -5),
        ("1252", "JPY", 1252),
        ("1252", "XPF", 1252),
        ("1252", "RWF", 1252),
        ("1.252", "TND", 1252),
        ("1252.230", "KWD", 1_252_230),
        ("0.001", "IQD", 1),
    ],
)
def test_an_amount_is_read_and_written_with_the_decimals_of_its_currency(
    text, currency, amount_minor
):
    assert minor(text, currency) == amount_minor
    assert major(amount_minor, currency) == text
    assert str(Money(amount_minor, currency)) == text


@pytest.mark.parametrize(
    ("text", "currency"),
    [("1.5", "JPY"), ("1.234", "EUR"), ("1.2345", "TND"), ("x", "EUR"), ("NaN", "EUR"),
     ("1e30", "EUR"), ("12345678901234567", "EUR")],
)  # fmt: skip
def test_an_amount_that_the_currency_cannot_hold_is_refused(text, currency):
    with pytest.raises(AmountError):
        minor(text, currency)


def test_every_currency_without_two_decimals_is_one_that_files_may_name():
    odd = {code for code in CURRENCIES if exponent(code) != 2}
    assert {"JPY", "KRW", "GNF", "RWF", "UGX", "PYG"} <= odd
    assert {"TND", "LYD", "IQD", "KWD"} == {c for c in odd if exponent(c) == 3} - {
        "BHD", "JOD", "OMR",
    }  # fmt: skip


def test_currencies_do_not_mix_and_parts_sum_up():
    with pytest.raises(AmountError):
        Money(1, "EUR") + Money(1, "JPY")
    assert Money(3) - Money(5) == -Money(2)
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    with pytest.raises(AmountError):
        split(1, [0])
