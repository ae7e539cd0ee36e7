"""The first page's figures are kept until something happens, and never longer."""

from __future__ import annotations

import pytest

from amiable.apps.insights.board import board
from amiable.apps.payments.services import PaymentIn, payment_record, payment_undo
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY
WHO = {"on": TODAY, "actor": "ann", "cases": {}}


def test_the_board_costs_one_query_until_money_moves(django_assert_num_queries):
    debtor = factories.customer(factories.creditor(factories.organization()))
    item = factories.invoice(debtor, total_minor=50_000)
    org = debtor.organization_id
    paid = PaymentIn(debtor.pk, 20_000, "EUR", TODAY, "p1", parts=((item.pk, 20_000),))
    payment = payment_record(org, paid, **WHO)
    assert board(org, TODAY).currencies[0].outstanding_minor == 30_000
    with django_assert_num_queries(1):
        assert board(org, TODAY).currencies[0].outstanding_minor == 30_000
    payment_undo(org, payment.pk, **WHO)
    assert board(org, TODAY).currencies[0].outstanding_minor == 50_000


def test_where_nothing_ever_happened_nothing_is_kept():
    """What is entered past every service leaves no trace to go by."""
    debtor = factories.customer(factories.creditor(factories.organization("quiet")))
    factories.invoice(debtor, total_minor=50_000)
    assert board(debtor.organization_id, TODAY).currencies[0].outstanding_minor == 50_000
    factories.invoice(debtor, "F2", total_minor=1_000)
    assert board(debtor.organization_id, TODAY).currencies[0].outstanding_minor == 51_000
