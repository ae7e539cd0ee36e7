"""What the menu counts of the bank, and what of it a customer's history tells."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from amiable.apps.banking.habits import habit_forbid
from amiable.apps.banking.models import Match, Rest
from amiable.apps.banking.services import lines_match, match_confirm, statement_import
from amiable.apps.banking.terms import Agreed, terms_set
from amiable.apps.banking.virtual_ibans import virtual_iban_assign
from amiable.apps.insights.bank_waits import bank_waits
from amiable.apps.payments.decisions import Wish, credit_decision_undo, credit_keep
from amiable.apps.payments.models import VirtualIban
from amiable.apps.payments.refunds import refund_make, refund_request
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.browser.portfolio import member
from tests.days import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_same_day")]
WHO = {"on": TODAY, "actor": "lea@example.org"}
IBAN, OURS = "FR7630006000011234567890189", "FR1420041010050500013M02606"


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


def test_the_menu_counts_all_that_waits_at_the_bank(debtor, django_assert_num_queries):
    org = debtor.organization_id
    assert bank_waits(org) == 0
    item = factories.invoice(debtor, "FA2026-0042", total_minor=9_000)
    entry = StatementEntry(1, TODAY, TODAY, 4_000, "EUR", "ACOMPTE", payer_name=debtor.name)
    record = StatementRecord(OURS, "EUR", None, None, TODAY, TODAY, (entry,), "1")
    statement_import(org, [record], source="test.xml", **WHO)
    lines_match(org, on=TODAY)
    assert bank_waits(org) == 1  # a proposal
    match = match_confirm(org, Match.objects.get(state="proposed", rank=1).id, **WHO)
    assert bank_waits(org) == 0
    Rest.objects.create(
        organization_id=org, match=match, installment=item, reason="bank_fee", amount_minor=500,
        state="waiting", asked_by="lea@example.org", asked_on=TODAY,
    )  # fmt: skip
    assert bank_waits(org) == 1  # a rest to approve
    credit = payment_record(org, PaymentIn(debtor.id, 5_000, "EUR", TODAY, "p"), cases={}, **WHO)
    assert bank_waits(org) == 2  # money that pays nothing
    with django_assert_num_queries(1):
        assert bank_waits(org) == 2
    kept = credit_keep(org, Wish(credit.entry_id, 0), cases={}, **WHO)
    assert bank_waits(org) == 1
    credit_decision_undo(org, kept.pk, cases={}, **WHO)
    refund = refund_request(
        org, Wish(credit.entry_id, 1), amount_minor=5_000, iban=IBAN, name="", cases={}, **WHO
    )
    assert bank_waits(org) == 2  # a refund to order
    refund_make(org, refund.pk, made=True, cases={}, **WHO)
    assert bank_waits(org) == 1
    other = factories.organization("other")
    assert bank_waits(other.pk) == 0


def test_a_customers_history_tells_terms_habits_and_virtual_ibans(debtor):
    org = debtor.organization_id
    factories.invoice(debtor, due=TODAY - timedelta(days=3))
    terms_set(org, debtor.id, Agreed("agreed", "Les loyers d’abord", None, 20), **WHO)
    habit_forbid(org, debtor.id, "payer", forbidden=True, **WHO)
    iban = VirtualIban.objects.create(
        organization_id=org, creditor=debtor.creditor, iban="FR7699901000490000000000163",
        source="test", imported_on=TODAY,
    )  # fmt: skip
    virtual_iban_assign(org, iban.pk, customer_id=debtor.id, **WHO)
    client = Client()
    client.force_login(member(debtor.organization, "lea@example.org", "manager"))
    client.cookies["django_language"] = "en"
    page = client.get(f"/customers/{debtor.id}/").content.decode()
    history = page[page.index("story-mark") :]
    for said in ("Les loyers d’abord", "20 ‰", "FR76 9990 1000 4900 0000 0000 163"):
        assert said in history
    assert history.count("lea@example.org") >= 3
