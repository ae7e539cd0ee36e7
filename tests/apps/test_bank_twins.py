"""Twelve open invoices of one amount, one payment: one proposal with the choice among them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amiable.apps.banking import queries
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.services import (
    MatchError,
    lines_match,
    match_confirm,
    match_refuse,
    statement_import,
)
from amiable.apps.receivables.queries import installment_balances
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
RENT = 120_000
WHO = {"on": TODAY, "actor": "camille"}


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture
def rents(debtor):
    days = [TODAY - timedelta(days=30 * months) for months in range(12, 0, -1)]
    return [factories.invoice(debtor, f"LOY-{i:02}", due=day) for i, day in enumerate(days, 1)]


def receive(org, *labels: str, name: str) -> list[StatementLine]:
    entries = tuple(
        StatementEntry(i, TODAY, TODAY, RENT, "EUR", label, payer_name=name)
        for i, label in enumerate(labels, 1)
    )
    record = StatementRecord(
        account="FR1420041010050500013M02606", currency="EUR", opening_minor=0,
        closing_minor=RENT * len(labels), opening_on=TODAY, closing_on=TODAY, entries=entries,
    )  # fmt: skip
    statement_import(org.id, [record], source="s", on=TODAY, actor="t")
    lines_match(org.id, on=TODAY)
    return list(StatementLine.objects.filter(organization=org).order_by("id"))


def test_equal_invoices_are_one_proposal_with_a_choice_oldest_first(debtor, rents):
    org = debtor.organization
    (row,) = receive(org, "VIREMENT", name=debtor.name)
    assert row.state == "proposed"
    line = queries.line(org.id, row.id)
    boxes = [match for match in line.matches if match.kind == "party_twins"]
    assert len(boxes) == 1
    chosen = [choice.installment_id for choice in boxes[0].choices]
    assert chosen == [rent.id for rent in rents]
    assert boxes[0].parts[0].installment_id == rents[0].id


def test_the_invoice_chosen_is_the_one_that_is_paid(debtor, rents):
    org = debtor.organization
    (row,) = receive(org, "VIREMENT", name=debtor.name)
    (box, *_) = queries.line(org.id, row.id).matches
    taken = match_confirm(org.id, box.id, instead=rents[7].id, **WHO)
    balances = installment_balances(org.id, [rent.id for rent in rents])
    assert [i for i, left in balances.items() if left == 0] == [rents[7].id]
    assert [part["installment"] for part in taken.allocations] == [rents[7].id]
    assert set(Match.objects.exclude(id=box.id).values_list("state", flat=True)) == {"superseded"}


def test_only_an_open_invoice_of_the_same_amount_can_be_chosen(debtor, rents):
    org = debtor.organization
    other = factories.invoice(debtor, "LOY-99", total_minor=RENT + 1)
    sister = factories.customer(debtor.creditor, code="C002", name="Autre SARL")
    stranger = factories.invoice(sister, "LOY-01B")
    (row,) = receive(org, "VIREMENT", name=debtor.name)
    (box, *_) = queries.line(org.id, row.id).matches
    for installment in (other, stranger):
        with pytest.raises(MatchError) as refused:
            match_confirm(org.id, box.id, instead=installment.id, **WHO)
        assert refused.value.sentence.code == "bank.not_equal"
    row.refresh_from_db()
    assert row.state == "proposed"


def test_turning_the_box_down_turns_all_its_proposals_down(debtor, rents):
    org = debtor.organization
    (row,) = receive(org, "VIREMENT", name=debtor.name)
    (box, *_) = queries.line(org.id, row.id).matches
    match_refuse(org.id, box.id, **WHO)
    lines_match(org.id, on=TODAY)
    kinds = {match.kind for match in queries.line(org.id, row.id).matches}
    assert "party_twins" not in kinds


def test_a_page_of_boxes_costs_one_query_more(debtor, rents, django_assert_num_queries):
    org = debtor.organization
    receive(org, "VIREMENT 1", "VIREMENT 2", "VIREMENT 3", name=debtor.name)
    with django_assert_num_queries(5):
        found = queries.lines(org.id)
    assert [len(line.matches[0].choices) for line in found] == [12, 12, 12]
