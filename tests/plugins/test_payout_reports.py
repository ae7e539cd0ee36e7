"""Payout reports of providers as files: what they say to the cent, and what is wrong with them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from amiable.core.payouts import totals
from amiable.interfaces.cli.main import amiable
from amiable.plugins.base import ReadOptions
from amiable.plugins.registry import plugins
from amiable.plugins.sniffing import read_file

SAMPLES = Path(__file__).parents[1] / "samples"
CODES = sorted(plugins("payouts"))


def sample(code: str) -> Path:
    (path,) = (SAMPLES / code).iterdir()
    return path


@pytest.mark.parametrize("code", CODES)
def test_every_report_is_known_by_its_columns_and_adds_up(code):
    found = read_file(sample(code))
    assert (found.kind, found.format, found.errors) == ("payouts", code, ())
    for row in found.payouts:
        assert row.net_minor == totals(row.parts).net
    assert read_file(sample(code), kind="statement").errors[0].code == "file.wrong_kind"


def sums(code: str) -> list[tuple[object, ...]]:
    return [
        (row.name, str(row.arrives_on), *totals(row.parts)[:4], row.net_minor, len(row.parts))
        for row in read_file(sample(code)).payouts
    ]


def test_what_the_report_of_stripe_says():
    assert sums("payouts_stripe") == [
        ("po_1SampleAAAAAAAA", "2026-11-18", 159_050, 9_000, 2_477, 0, 147_573, 4),
        ("po_1SampleBBBBBBBB", "2026-11-19", 6_000, 4_500, 1_609, 0, -109, 2),
    ]
    part = read_file(sample("payouts_stripe")).payouts[0].parts[0]
    assert (part.reference, part.payer_name) == ("pi_sample_01", "Boulangerie Martin")


def test_what_the_report_of_mollie_says():
    assert sums("payouts_mollie") == [
        ("7654321.2611.02", "2026-11-13", 22_540, 5_000, 312, 0, 17_228, 5)
    ]


def test_what_the_report_of_gocardless_says():
    assert sums("payouts_gocardless") == [
        ("PO0001SAMPLE", "2026-11-13", 68_000, 7_500, 640, 0, 59_860, 4)
    ]


def test_what_the_report_of_paypal_says():
    """50.00 were there before, 19.00 stay, a payment waits: the transfer of 1,200.00 adds up."""
    (row,) = read_file(sample("payouts_paypal")).payouts
    assert (row.name, row.net_minor, str(row.arrives_on)) == (
        "1AB00000000000005", 120_000, "2026-11-14",
    )  # fmt: skip
    assert totals(row.parts)[:4] == (122_540, 2_000, 3_640, 3_100)
    assert [part.kind for part in row.parts] == [
        "adjustment", "payment", "payment", "refund", "adjustment",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "before", "after", "line", "column", "error"),
    [
        ("payouts_stripe", "1250.00,17.75", "12x50.00,17.75", 2, "gross", "payout.amount"),
        ("payouts_stripe", "17.75,1232.25", "17.75,1232.26", 2, "net", "payout.row_sum"),
        ("payouts_stripe", "txn_sample_02", "txn_sample_01", 3, "balance_transaction_id",
         "payout.twice"),
        ("payouts_stripe", "po_1SampleBBBBBBBB,2026", "po_1SampleAAAAAAAA,2026", 6, "automatic_payout_id",
         "payout.mixed"),
        ("payouts_mollie", "2026-11-11 11", "2026-13-11 11", 3, "Date", "payout.date"),
        ("payouts_mollie", "GKCCBEBB,EUR", "GKCCBEBB,€€", 3, "Settlement currency",
         "payout.currency"),
        ("payouts_gocardless", ",payment,Facture FA-302", ",,Facture FA-302", 3, "resources.type",
         "payout.empty"),
        ("payouts_paypal", '"144,55"', '"144,56"', 2, "Net", "payout.row_sum"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_with_its_column(tmp_path, code, before, after, line, column, error):
    text = sample(code).read_text(encoding="utf-8")
    assert text.count(before) >= 1
    path = tmp_path / "report.csv"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    found = read_file(path)
    assert [(e.line, e.column, e.code) for e in found.errors] == [(line, column, error)]
    assert (
        "again" in str(found.errors[0].sentence)
        or "rows" in str(found.errors[0].sentence)
        or ("code" in str(found.errors[0].sentence))
    )
    # The payout of that row is left out whole.
    whole = {row.name for row in read_file(sample(code)).payouts}
    assert len({row.name for row in found.payouts}) < len(whole)


def test_read_prints_movements_and_sums():
    done = CliRunner().invoke(amiable, ["read", str(sample("payouts_stripe"))])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["kind"], told["format"], len(told["records"])) == ("payouts", "payouts_stripe", 6)
    first = told["summary"]["payouts"][0]
    assert (first["gross"], first["fees"], first["net"], first["difference"]) == (
        "1590.50", "24.77", "1475.73", "0.00",
    )  # fmt: skip


@pytest.mark.parametrize("code", CODES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_damaged_reports_are_read_or_refused(code, data):
    content = bytearray(sample(code).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.csv"
        path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
        found = plugins("payouts")[code].read(path, ReadOptions())
        plugins("payouts")[code].sniff(bytes(content), "report.csv")
    assert all(str(error.sentence) for error in found.errors)
    for row in found.payouts:
        assert row.net_minor == totals(row.parts).net or code == "payouts_paypal"
