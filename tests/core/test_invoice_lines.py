"""Lines of invoices: with VAT to the cent, and parts of them."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.invoice_lines import (
    LineRow,
    grosses,
    half_up,
    part_minor,
    plain_decimal,
    proposed_minor,
)

ROWS = st.lists(
    st.builds(
        LineRow, number=st.just("1"), name=st.just("x"), net_minor=st.integers(-(10**6), 10**9),
        vat_pct=st.sampled_from(["0", "2.1", "5.5", "10", "20"]),
    ),
    max_size=30,
)  # fmt: skip


def row(net: int, rate: str = "20") -> LineRow:
    return LineRow("1", "x", net, rate)


def test_lines_of_a_rate_sum_to_what_the_invoice_says():
    # 3 x 0.33 at 20 %: each alone is 0.40, together 1.19.
    assert grosses([row(33), row(33), row(33)]) == [40, 40, 39]
    assert grosses([row(2331), row(2400, "5.5"), row(-331)]) == [2797, 2532, -397]
    assert grosses([]) == []


@given(rows=ROWS)
def test_cents_are_conserved_by_rate_and_no_line_is_off_by_more_than_one(rows):
    found = grosses(rows)
    nets: dict[str, int] = defaultdict(int)
    sums: dict[str, int] = defaultdict(int)
    for each, gross in zip(rows, found, strict=True):
        nets[each.vat_pct] += each.net_minor
        sums[each.vat_pct] += gross
        exact = each.net_minor * (100 + Decimal(each.vat_pct)) / 100
        assert abs(gross - exact) <= 1
    for rate, net in nets.items():
        whole = net * (100 + Decimal(rate)) / 100
        assert sums[rate] == int(whole.quantize(Decimal(1), ROUND_HALF_UP))


@given(rows=ROWS, opened=st.integers(-100, 10**10), data=st.data())
def test_disputed_lines_are_never_more_than_is_open_nor_than_the_lines(rows, opened, data):
    costs = [gross for gross in grosses(rows) if gross > 0]
    parts = [
        part_minor(gross, "7.5", part=Decimal(data.draw(st.integers(1, 75))) / 10)
        for gross in costs
    ]
    assert all(0 < part <= gross for part, gross in zip(parts, costs, strict=True))
    assert proposed_minor(parts, open_minor=opened) <= max(opened, 0)
    assert proposed_minor(parts, open_minor=10**12) == sum(parts) <= sum(costs)


def test_a_part_is_rounded_half_up_and_the_whole_is_the_whole():
    assert part_minor(2797, "7", part=Decimal(7)) == 2797
    assert part_minor(2797, "7", part=Decimal(2)) == 799  # 799.14
    assert part_minor(1, "4", part=Decimal(2)) == 1  # 0.5
    assert part_minor(1, "1000", part=Decimal(1)) == 1  # never nothing
    assert (half_up(Fraction(-1, 2)), half_up(Fraction(-2, 5))) == (-1, 0)


@pytest.mark.parametrize(
    ("gross", "quantity", "part"),
    [(100, "7", "8"), (100, "7", "0"), (100, "7", "-1"), (100, "", "1"), (-100, "7", "1")],
)
def test_a_part_is_of_what_was_invoiced(gross, quantity, part):
    with pytest.raises(ValueError, match=part):
        part_minor(gross, quantity, part=Decimal(part))


def test_decimals_are_read_without_idle_zeros_or_refused():
    assert [plain_decimal(text) for text in ("10.00", "0.50", "-0", " 3 ", "100")] == [
        "10", "0.5", "0", "3", "100"
    ]  # fmt: skip
    for text in ("", "1,5", "1e9", "NaN", "٣", "1" * 16, "0x1"):
        with pytest.raises(ValueError, match=r"^.*$"):
            plain_decimal(text)
