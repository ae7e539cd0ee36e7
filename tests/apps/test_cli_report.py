"""`amiable report`: JSON others rely on, files people open, the same for any past date."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from amiable.apps.cases.services import CallOutcome
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.calling.closing import call_close
from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.services import plan_tick
from amiable.apps.insights.call_report import calls
from amiable.apps.receivables.models import Installment
from amiable.core.scenario import Scenario, Step
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.apps.test_insights import credit, pay

TODAY = factories.TODAY
pytestmark = pytest.mark.django_db
CALLED = Scenario("called", 1, "Called", (Step("call", 1, "phone", "friendly"),))


def day(offset: int):
    return TODAY + timedelta(days=offset)


def report(*arguments: str, on=TODAY):
    return CliRunner().invoke(
        amiable, ["report", *arguments, "--on", on.isoformat()], standalone_mode=False
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


def test_calls_are_counted_by_collector_and_scenario_with_what_became_of_promises():
    org = factories.organization("acme")
    scenario_import(org.pk, CALLED, make_default=True)
    owner = factories.creditor(org)
    for number in range(1, 6):
        debtor = factories.customer(owner, f"C{number}", email=f"c{number}@client.example")
        ContactPoint.objects.create(
            organization=org, customer=debtor, kind="phone", value=f"+332400000{number:02d}"
        )
        factories.invoice(debtor, f"F{number}", due=day(-5), total_minor=10_000)
    plan_tick(org.pk, on=TODAY)
    results = [
        ("promise", "claire", day(7)), ("promise", "claire", day(8)), ("promise", "marc", day(25)),
        ("no_answer", "marc", None), ("refused", "marc", None),
    ]  # fmt: skip
    called = list(Action.objects.order_by("case__customer__code"))
    for action, (result, who, due) in zip(called, results, strict=True):
        outcome = CallOutcome(result, amount_minor=10_000 if due else None, due_on=due)
        assert call_close(org.pk, action.pk, outcome, on=TODAY, actor=who)
    pay(Installment.objects.get(invoice__number="F1"), 10_000, day(6))

    found = json.loads(report("calls", "--json", on=day(20)).stdout)
    assert found["period_days"] == 30
    assert found["rows"] == [
        {
            "collector": "claire", "scenario": "called", "made": 2, "reached": 2, "reached_pct": 100,
            "promised": 2, "promised_pct": 100, "due": 2, "kept": 1, "kept_pct": 50,
        },
        {
            "collector": "marc", "scenario": "called", "made": 3, "reached": 2, "reached_pct": 67,
            "promised": 1, "promised_pct": 50, "due": 0, "kept": 0, "kept_pct": None,
        },
    ]  # fmt: skip
    assert found["total"]["made"] == 5
    table = list(
        csv.reader(
            io.StringIO(report("calls", "--format", "csv", on=day(20)).stdout), delimiter=";"
        )
    )
    assert "claire" in str(table)
    # The same for a past date whenever it is asked: nothing of it was due then.
    past = json.loads(report("calls", "--json", on=day(2)).stdout)
    assert [row["due"] for row in past["rows"]] == [0, 0]
    for none in (("--days", "5"), ("--currency", "usd")):
        assert json.loads(report("calls", *none, "--json", on=day(20)).stdout)["rows"] == []
    assert "claire" in report("calls", on=day(20)).stdout


def test_the_report_on_calls_costs_the_same_for_any_number(django_assert_max_num_queries):
    org = factories.organization("acme")
    with django_assert_max_num_queries(4):
        calls(org, TODAY)
