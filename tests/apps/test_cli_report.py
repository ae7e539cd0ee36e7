"""`amiable report`: JSON others rely on, files people open, the same for any past date."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.apps.test_insights import credit, pay

TODAY = factories.TODAY
pytestmark = pytest.mark.django_db


def report(*arguments: str):
    return CliRunner().invoke(
        amiable, ["report", *arguments, "--on", TODAY.isoformat()], standalone_mode=False
    )


@pytest.fixture
def org():
    org = factories.organization("acme")
    debtor = factories.customer(factories.creditor(org), "=C1", name="=cmd|' /C calc'!A0")
    item = factories.invoice(debtor, total_minor=100_000, due=TODAY - timedelta(days=45))
    pay(item, 25_050, TODAY - timedelta(days=2))
    factories.invoice(debtor, "F2", total_minor=50_000, due=TODAY + timedelta(days=5))
    factories.invoice(debtor, "F3", total_minor=7_000, due=TODAY, currency="JPY")
    credit(debtor, 1_000, TODAY)
    return org


def test_aged_balance_as_json_has_buckets_per_currency_and_customer(org):
    found = json.loads(report("aged-balance", "--json").stdout)
    assert (found["report"], found["organization"], found["on"]) == (
        "aged-balance",
        "acme",
        "2026-11-20",
    )
    euro, yen = found["currencies"]
    assert euro["buckets"] == {
        "not_due": "500.00",
        "1_30": "0.00",
        "31_60": "749.50",
        "61_90": "0.00",
        "over_90": "0.00",
    }
    assert (euro["total"], euro["overdue"], euro["unallocated"], euro["net"]) == (
        "1249.50",
        "749.50",
        "10.00",
        "1239.50",
    )
    assert euro["customers"][0]["net"] == "1239.50"
    assert (yen["currency"], yen["total"]) == ("JPY", "7000")


def test_format_json_is_the_same_document(org):
    assert report("dso", "--format", "json").stdout == report("dso", "--json").stdout


def test_dso_says_method_period_and_perimeter_beside_each_value(org):
    (euro,) = json.loads(report("dso", "--json", "--currency", "eur").stdout)["currencies"]
    simple = euro["figures"]["dso_simple"]
    # 1249.50 open over 1500.00 of sales in 90 days
    assert (simple["value"], simple["unit"], simple["period_days"]) == ("74.97", "days", 90)
    assert all(f["method"] and f["perimeter"] for f in euro["figures"].values())
    (shorter,) = json.loads(report("dso", "--json", "--currency", "EUR", "--days", "40").stdout)[
        "currencies"
    ]
    assert shorter["figures"]["dso_simple"]["value"] == "99.96"


def test_kpi_holds_every_figure(org):
    (euro, _) = json.loads(report("kpi", "--json").stdout)["currencies"]
    assert {"dso_count_back", "cei", "days_to_pay", "overdue_ratio"} <= set(euro["figures"])


def test_csv_guards_the_names_of_customers(org):
    rows = list(csv.DictReader(io.StringIO(report("aged-balance", "--format", "csv").stdout)))
    assert rows[0]["customer_name"] == "'=cmd|' /C calc'!A0"
    assert (rows[0]["31_60"], rows[0]["total"]) == ("749.50", "1249.50")


@pytest.mark.parametrize(
    ("form", "start"), [("xlsx", b"PK"), ("pdf", b"%PDF"), ("table", b"Balance"), ("json", b"{")]
)
def test_every_format_goes_to_a_file(org, tmp_path, form, start):
    target = tmp_path / f"out.{form}"
    if form == "table":
        start = b""  # its first word depends on the language
    result = report("aged-balance", "--format", form, "--output", str(target))
    assert not result.return_value
    assert result.stdout == ""
    assert target.read_bytes().startswith(start)
    assert target.stat().st_size > 100


def test_table_is_readable_in_a_terminal(org):
    text = report("aged-balance").stdout
    assert "749,50" in text
    assert "=C1" in text


def test_a_past_date_does_not_see_later_payments(org):
    runner = CliRunner()
    arguments = ["report", "aged-balance", "--on", "2026-11-17", "--json"]
    (euro, _) = json.loads(runner.invoke(amiable, arguments, standalone_mode=False).stdout)[
        "currencies"
    ]
    assert (euro["total"], euro["unallocated"]) == ("1500.00", "0.00")


def test_a_file_that_cannot_be_written_is_wrong_use(org, tmp_path):
    result = report("dso", "--output", str(tmp_path / "no" / "x.txt"))
    assert result.exception.exit_code == 2


def test_another_organization_is_never_in_the_report(org):
    other = factories.customer(factories.creditor(factories.organization("other")), name="Alien")
    factories.invoice(other, total_minor=10**9, due=TODAY - timedelta(days=3))
    assert report("aged-balance").exception.exit_code == 2  # which one?
    assert "Alien" not in report("aged-balance", "--organization", "acme").stdout
