"""Marks: mean, share and bounds against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.satisfaction import bounds, marks


def test_figures_equal_those_counted_by_hand():
    found = marks([5, 5, 4, 3, 1, 2, 4])
    assert (found.answered, found.satisfied, found.satisfied_pct) == (7, 4, 57)
    assert found.mean == Decimal("3.43")
    assert found.are_few
    assert marks([]).mean is None
    assert not marks([]).are_few
    assert not marks([5] * 30).are_few


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81/263, 15/148, 0/20, 1/29.
    [
        (81, 263, (25, 37)),
        (15, 148, (6, 17)),
        (0, 20, (0, 17)),
        (1, 29, (0, 18)),
        (3, 3, (43, 100)),
    ],
)
def test_bounds_are_those_of_the_literature_rounded_outwards(part, whole, expected):
    assert bounds(part, whole) == expected


@given(st.lists(st.integers(1, 5), min_size=1, max_size=200))
def test_a_share_lies_within_its_bounds(scores):
    found = marks(scores)
    assert 0 <= found.low_pct <= found.satisfied_pct <= found.high_pct <= 100
    assert 1 <= found.mean <= 5
