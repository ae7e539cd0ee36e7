"""Creditor references: the vectors of ISO 11649 and of practice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from amiable.core.references import grouped, is_rf_reference, rf_reference

NUMBERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/ é", min_size=1, max_size=21)


@pytest.mark.parametrize(
    ("number", "reference"),
    [
        ("539007547034", "RF18539007547034"),
        ("FA20260042", "RF83FA20260042"),
        ("fa-2026/0042", "RF83FA20260042"),
        ("C000123", "RF60C000123"),
    ],
)
def test_reference_carries_the_number_and_its_key(number, reference):
    assert rf_reference(number) == reference
    assert is_rf_reference(reference)


@pytest.mark.parametrize("number", ["", "---", "日本", "A" * 22])
def test_number_that_cannot_be_carried_is_refused(number):
    with pytest.raises(ValueError):
        rf_reference(number)


@pytest.mark.parametrize("text", ["RF84FA20260042", "FA20260042", "RF", "", "RF8XFA20260042"])
def test_wrong_key_or_shape_is_no_reference(text):
    assert not is_rf_reference(text)


@given(NUMBERS)
def test_every_reference_is_valid_for_an_independent_checker(number):
    try:
        reference = rf_reference(number)
    except ValueError:
        return
    assert iso11649.is_valid(reference)
    assert is_rf_reference(grouped(reference).lower())


def test_references_and_accounts_are_read_in_fours():
    assert grouped("FR1420041010050500013M02606") == "FR14 2004 1010 0505 0001 3M02 606"
