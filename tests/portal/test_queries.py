"""What each page of a customer costs: queries do not grow with what it lists, nor with what else
there is, and none is kept from one visit to the next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amiable.apps.cases.policies import policy_set
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Creditor
from amiable.core.plans import Policy
from tests import factories
from tests.apps.portal_pages import no_limits, owing, path_of, shown, ticket_of, today

pytestmark = pytest.mark.django_db

CEILINGS = {
    "": 16,
    "?chosen=1": 16,
    "later/": 26,
    "plan/": 30,
    "disagree/": 16,
    "paid/": 14,
    "contact/": 14,
    "mandate/": 22,
    "statement.pdf": 14,
    "statement.xlsx": 14,
    "logo/": 14,
}


@pytest.fixture
def case():
    no_limits()
    found = owing()
    Creditor.objects.update(ics="FR72ZZZ123456")
    policy_set(
        found.organization_id, Policy(mode="automatic"), creditor_id=None, segment="",
        on=today(), actor="camille",
    )  # fmt: skip
    return found


def queries(path: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert Client().get(path).status_code in {200, 404}
    return len(asked)


def pay(case, *amounts: int) -> None:
    """Pay the oldest invoices, each so much."""
    items = Installment.objects.filter(customer=case.customer).order_by("due_date")
    parts = tuple(zip(items.values_list("id", flat=True), amounts, strict=False))
    incoming = PaymentIn(case.customer_id, sum(amounts), "EUR", today(), "test", parts=parts)
    payment_record(case.organization_id, incoming, on=today(), actor="bank", cases={})


@pytest.mark.parametrize("page", CEILINGS)
def test_a_page_costs_as_many_queries_for_one_invoice_as_for_many(case, page):
    path = path_of(case)
    few = queries(path + page)
    for number in range(40):
        factories.invoice(case.customer, f"MORE-{number}", due=today() - timedelta(days=3))
    assert queries(path + page) == few
    assert few <= CEILINGS[page]


def test_a_payment_of_a_moment_ago_shows(case):
    path = path_of(case)
    assert "1 500,00 €" in shown(Client(), path)
    pay(case, 120_000)
    text = shown(Client(), path)
    assert "300,00 €" in text
    assert "1 500,00 €" not in text


def test_the_page_of_a_settled_case_costs_few_queries(case):
    path = path_of(case)
    pay(case, 120_000, 30_000, 5_000)
    assert "1 500,00 €" not in shown(Client(), path)
    assert queries(path) <= 21


def test_what_was_said_is_shown_in_few_queries(case):
    path, client = path_of(case), Client()
    ticket = ticket_of(client, f"{path}paid/")
    answer = client.post(
        f"{path}paid/",
        f"ticket={ticket}&paid_on={today()}&amount=1+500%2C00&method=transfer",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 303, answer.content.decode()
    assert queries(answer.headers["Location"]) <= 17
    assert queries(path) <= CEILINGS[""] + 1
