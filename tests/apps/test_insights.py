"""Figures as of any date: from facts, reproducible, never across currencies."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from amiable.apps.cases.models import Dispute
from amiable.apps.insights import balances
from amiable.apps.insights.invariants import snapshot_sums
from amiable.apps.insights.models import Snapshot
from amiable.apps.insights.queries import aged_balance, dashboard, figures_as_of, snapshots
from amiable.apps.insights.services import snapshot_take
from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.apps.receivables.queries import installment_balances
from tests import factories

TODAY = factories.TODAY
pytestmark = pytest.mark.django_db


def days(count: int) -> date:
    """That many days before today."""
    return TODAY - timedelta(days=count)


def credit(debtor, amount: int, on: date, kind: str = "payment", currency: str = "EUR") -> Entry:
    return Entry.objects.create(
        organization=debtor.organization,
        customer=debtor,
        kind=kind,
        amount_minor=-amount,
        currency=currency,
        on_date=on,
        source="test",
    )


def allocate(entry: Entry, item: Installment, amount: int, on: date | None = None, **more):
    return Allocation.objects.create(
        organization=entry.organization,
        credit=entry,
        installment=item,
        amount_minor=amount,
        on_date=on or entry.on_date,
        source="test",
        **more,
    )


def pay(item: Installment, amount: int, on: date) -> Allocation:
    return allocate(credit(item.customer, amount, on, currency=item.currency), item, amount)


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


def main(debtor, on: date = TODAY):
    return figures_as_of(debtor.organization_id, on)[0]


def buckets(figures) -> list[int]:
    return [bucket.amount_minor for bucket in figures.aging.buckets]


def test_open_residuals_fall_in_the_bucket_of_their_lateness(debtor):
    for index, late in enumerate((0, 1, 30, 31, 60, 61, 90, 91)):
        factories.invoice(debtor, f"F{index}", total_minor=10**index, due=days(late))
    pay(Installment.objects.get(invoice__number="F7"), 4_000_000, days(5))
    assert buckets(main(debtor)) == [1, 110, 11_000, 1_100_000, 6_000_000]
    assert main(debtor).aging.count == 8


def test_a_past_date_gives_what_it_gave_then(debtor):
    item = factories.invoice(debtor, total_minor=1000, due=days(40), issued=days(70))
    then = main(debtor, days(20))
    pay(item, 1000, days(10))
    factories.invoice(debtor, "later", total_minor=500, due=days(5), issued=days(15))
    Installment.objects.filter(id=item.id).update(settled_on=days(10))
    assert main(debtor, days(20)) == then
    assert buckets(then) == [0, 1000, 0, 0, 0]
    assert main(debtor, days(71)).outstanding_minor == 0
    assert main(debtor).outstanding_minor == 500


def test_unallocated_credit_stands_apart_with_and_without(debtor):
    item = factories.invoice(debtor, total_minor=1000, due=days(1))
    money = credit(debtor, 700, days(3))
    allocate(money, item, 300, on=days(2))
    figures = main(debtor)
    assert (figures.outstanding_minor, figures.unallocated_minor, figures.net_minor) == (
        700,
        400,
        300,
    )
    assert main(debtor, days(3)).unallocated_minor == 700
    (row,) = aged_balance(debtor.organization_id, TODAY)
    assert (row.aging.total_minor, row.unallocated_minor, row.net_minor) == (700, 400, 300)
    assert figures.dso_net.value < figures.dso.value


def test_a_reversed_allocation_reopens_the_item_from_its_date(debtor):
    item = factories.invoice(debtor, total_minor=1000, due=days(50), issued=days(80))
    used = pay(item, 1000, days(45))
    allocate(used.credit, item, -1000, on=days(30), reverses=used)
    Entry.objects.create(
        organization=debtor.organization, customer=debtor, kind="return", amount_minor=1000,
        on_date=days(30), source="test", reverses=used.credit,
    )  # fmt: skip
    assert main(debtor, days(31)).outstanding_minor == 0
    assert main(debtor, days(30)).outstanding_minor == 1000
    assert main(debtor, days(31)).days_to_pay.value == 35
    assert main(debtor, days(30)).days_to_pay.value is None
    assert main(debtor).unallocated_minor == 0


def test_dso_counts_back_through_sales_with_credit_notes_deducted():
    org = factories.organization()
    debtor = factories.customer(factories.creditor(org))
    june, may = date(2026, 6, 30), date(2026, 5, 15)
    factories.invoice(debtor, "J", total_minor=13_000, due=date(2026, 7, 30), issued=june)
    factories.invoice(debtor, "M", total_minor=10_000, due=date(2026, 6, 14), issued=may)
    note = credit(debtor, 500, june, kind="credit_note")
    allocate(note, Installment.objects.get(invoice__number="J"), 500)
    pay(Installment.objects.get(invoice__number="M"), 2_500, june)
    figures = main(debtor, june)
    assert figures.dso.shown == Decimal("53.25")
    assert figures.best_possible_dso.value == 30
    assert figures.average_days_delinquent.shown == Decimal("23.25")
    assert figures.sales_minor == 22_500
    assert figures.dso_simple.value == 80
    assert figures.overdue_ratio.shown == Decimal("37.50")


def test_payment_delays_come_from_payments_only(debtor):
    item = factories.invoice(debtor, total_minor=1000, due=days(40), issued=days(70))
    pay(item, 300, days(30))
    allocate(credit(debtor, 200, days(20), kind="credit_note"), item, 200)
    Entry.objects.create(
        organization=debtor.organization, customer=debtor, installment=item, kind="books",
        amount_minor=-500, on_date=days(5), source="test",
    )  # fmt: skip
    figures = main(debtor)
    assert (figures.days_to_pay.value, figures.days_late.value) == (40, 10)
    assert figures.outstanding_minor == 0


def test_disputed_items_stay_in_and_can_be_left_out(debtor):
    item = factories.invoice(debtor, total_minor=1000, due=days(10))
    other = factories.invoice(debtor, "G", total_minor=1000, due=days(10))
    owner = factories.case(debtor)
    for target, amount, closed in ((item, 400, None), (other, None, days(3))):
        Dispute.objects.create(
            organization=debtor.organization, case=owner, installment=target, reason="price",
            amount_minor=amount, opened_on=days(5), closed_on=closed,
        )  # fmt: skip
    assert main(debtor).disputed_minor == 400
    assert main(debtor, days(4)).disputed_minor == 1400
    assert main(debtor, days(6)).disputed_minor == 0
    assert main(debtor).outstanding_minor == 2000
    assert main(debtor).dso_undisputed.value < main(debtor).dso.value


def test_currencies_are_never_mixed_and_the_main_one_comes_first(debtor):
    factories.invoice(debtor, "U", total_minor=10**9, due=days(3), currency="USD")
    factories.invoice(debtor, "E1", total_minor=100, due=days(3))
    factories.invoice(debtor, "E2", total_minor=100, due=days(3))
    found = figures_as_of(debtor.organization_id, TODAY)
    assert [(f.currency, f.outstanding_minor) for f in found] == [("EUR", 200), ("USD", 10**9)]
    board = dashboard(debtor.organization_id, TODAY)
    assert board.top_overdue[0].overdue_minor == 200
    assert board.history[-1].outstanding_minor == 200


def test_an_empty_organization_has_figures_of_zero(debtor):
    board = dashboard(debtor.organization_id, TODAY)
    assert (board.main.currency, board.main.outstanding_minor) == ("EUR", 0)
    assert board.main.cei.value is None
    assert board.top_overdue == ()


def portfolio(seed: int = 5, count: int = 60):
    """Random invoices and payments of three customers over a year."""
    dice = random.Random(seed)
    owner = factories.creditor(factories.organization())
    debtors = [factories.customer(owner, f"C{i}") for i in range(3)]
    for number in range(count):
        total = dice.randint(100, 10_000)
        issued = days(dice.randint(0, 365))
        item = factories.invoice(
            dice.choice(debtors),
            f"F{number}",
            total_minor=total,
            due=issued + timedelta(days=30),
            issued=issued,
        )
        if dice.random() < 0.7:
            part = dice.choice((total, total // 2))
            pay(item, part, min(TODAY, issued + timedelta(days=dice.randint(1, 90))))
    return owner.organization


@pytest.mark.parametrize("ago", [0, 45, 200])
def test_figures_equal_item_by_item_arithmetic(ago):
    org = portfolio()
    as_of = days(ago)
    ids = list(Installment.objects.values_list("id", flat=True))
    naive = installment_balances(org.id, ids, as_of)
    expected: Counter[date] = Counter()
    for item in Installment.objects.all():
        expected[item.due_date] += naive[item.id]
    found: Counter[date] = Counter()
    for row in balances.residuals(org.id, as_of):
        found[row.due_date] += row.amount_minor
    assert found == Counter({day: amount for day, amount in expected.items() if amount})
    figures = figures_as_of(org.id, as_of)[0]
    assert figures.aging.count == sum(amount != 0 for amount in naive.values())
    rows = aged_balance(org.id, as_of)
    assert sum(row.aging.total_minor for row in rows) == figures.outstanding_minor


def test_history_equals_the_figures_of_each_of_its_days():
    org = portfolio()
    points = dashboard(org.id, TODAY).history
    assert [point.on for point in points[-3:]] == [date(2026, 9, 30), date(2026, 10, 31), TODAY]
    assert len(points) == 13
    for point in points:
        figures = figures_as_of(org.id, point.on)[0]
        assert point.outstanding_minor == figures.outstanding_minor
        assert point.overdue_minor == figures.overdue_minor
        assert (point.dso.value, point.best_possible_dso.value) == (
            figures.dso.value,
            figures.best_possible_dso.value,
        )


def test_collection_effectiveness_uses_the_balance_a_period_ago(debtor):
    factories.invoice(debtor, "A", total_minor=100, due=days(95), issued=days(120))
    late = factories.invoice(debtor, "B", total_minor=80, due=days(10), issued=days(40))
    pay(late, 30, days(5))
    factories.invoice(debtor, "C", total_minor=60, due=TODAY, issued=days(30))
    # opening 100, sales 140, closing 210 of which 60 not due
    assert main(debtor).cei.shown == Decimal("16.67")


def test_cash_of_the_week_starts_on_monday_and_deducts_returns(debtor):
    item = factories.invoice(debtor, total_minor=10_000, due=days(10))
    pay(item, 500, date(2026, 11, 15))  # a Sunday
    pay(item, 300, date(2026, 11, 16))
    back = pay(item, 200, date(2026, 11, 17))
    Entry.objects.create(
        organization=debtor.organization, customer=debtor, kind="return", amount_minor=200,
        on_date=date(2026, 11, 18), source="test", reverses=back.credit,
    )  # fmt: skip
    board = dashboard(debtor.organization_id, TODAY)
    assert (board.week_starts_on, board.cash_in_week_minor) == (date(2026, 11, 16), 300)


def test_top_customers_are_those_who_owe_most_overdue(debtor):
    for index in range(12):
        other = factories.customer(debtor.creditor, f"T{index}", name=f"Top {index}")
        factories.invoice(other, f"T{index}", total_minor=1000 + index, due=days(index + 1))
    board = dashboard(debtor.organization_id, TODAY)
    assert [row.name for row in board.top_overdue] == [f"Top {i}" for i in range(11, 1, -1)]
    assert board.top_overdue[0].days_late == 12
    assert (board.customers_count, board.overdue_customers_count) == (12, 12)


def test_dashboard_costs_the_same_queries_whatever_the_portfolio(
    debtor, django_assert_max_num_queries
):
    for index in range(40):
        other = factories.customer(debtor.creditor, f"Q{index}")
        factories.invoice(other, f"Q{index}", due=days(index))
    with django_assert_max_num_queries(9):
        dashboard(debtor.organization_id, TODAY)
    with django_assert_max_num_queries(4):
        aged_balance(debtor.organization_id, TODAY)


def test_snapshot_is_taken_once_a_day_and_renewed_when_taken_again(debtor):
    factories.invoice(debtor, total_minor=1000, due=days(3))
    factories.invoice(debtor, "U", total_minor=70, due=days(3), currency="USD")
    assert snapshot_take(debtor.organization_id, on=days(1)) == {"currencies": 2}
    snapshot_take(debtor.organization_id, on=TODAY)
    factories.invoice(debtor, "late", total_minor=500, due=days(3))
    snapshot_take(debtor.organization_id, on=TODAY)
    assert Snapshot.objects.count() == 4
    kept = snapshots(debtor.organization_id, "EUR", since=days(30))
    assert [row.figures["outstanding_minor"] for row in kept] == [1000, 1500]
    assert kept[1].figures["buckets"]["1_30"] == 1500
    assert kept[1].figures["ratios"]["overdue_ratio"] == "100.00"


def test_every_figure_says_its_method_and_its_perimeter(debtor):
    for figure in main(debtor).ratios:
        assert "{" not in str(figure.method)
        assert "EUR" in str(figure.perimeter)


def test_a_snapshot_whose_parts_do_not_add_up_breaks_an_invariant(debtor):
    factories.invoice(debtor, total_minor=1000, due=days(3))
    snapshot_take(debtor.organization_id, on=TODAY)
    assert list(snapshot_sums()) == []
    row = Snapshot.objects.get()
    row.figures["buckets"]["1_30"] += 1
    row.save()
    assert ["buckets" in line for line in snapshot_sums()] == [True]
    row.figures["outstanding_minor"] += 1
    row.save()
    assert ["due and not due" in line for line in snapshot_sums()] == [True]
