"""The match tick of every five minutes: nothing new costs next to nothing, anything new is seen."""

from __future__ import annotations

import pytest

from amiable.apps.banking.models import StatementLine
from amiable.apps.banking.services import line_ignore, line_restore, statement_import
from amiable.apps.customers.models import CustomerIban
from amiable.apps.tenants.models import Organization
from amiable.apps.work.models import Job
from amiable.core.records import StatementEntry, StatementRecord
from amiable.project.tasks import match_task
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "camille"}


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture
def left(debtor):
    """A line that names an invoice nobody has sent yet."""
    entry = StatementEntry(
        1, TODAY, TODAY, 50_000, "EUR", "FACT FA2026-0042", payer_name="INCONNU",
        payer_iban="FR7630001007941234567890185",
    )  # fmt: skip
    record = StatementRecord(
        account="FR1420041010050500013M02606", currency="EUR", opening_minor=0,
        closing_minor=50_000, opening_on=TODAY, closing_on=TODAY, entries=(entry,),
    )  # fmt: skip
    statement_import(debtor.organization_id, [record], source="s", on=TODAY, actor="t")
    return StatementLine.objects.get()


def tick(org_id: int) -> int:
    """How many lines the tick decided on."""
    match_task.func(org_id, TODAY.isoformat())
    return Job.objects.filter(kind="match").latest("id").result["lines"]


def test_what_was_left_is_not_decided_again_while_nothing_is_new(
    left, django_assert_max_num_queries
):
    org_id = left.organization_id
    assert tick(org_id) == 1
    left.refresh_from_db()
    assert left.state == "left"
    with django_assert_max_num_queries(40):
        assert tick(org_id) == 0


@pytest.mark.parametrize("news", ["invoice", "iban", "line", "limits"])
def test_what_is_new_makes_the_tick_look_again(debtor, left, news):
    org_id = left.organization_id
    assert tick(org_id) == 1
    if news == "invoice":
        factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    elif news == "iban":
        CustomerIban.objects.create(
            organization_id=org_id, customer=debtor, iban="FR7630001007941234567890185",
            source="file", since=TODAY,
        )  # fmt: skip
    elif news == "line":
        line_ignore(org_id, left.pk, **WHO)
        assert tick(org_id) == 0
        line_restore(org_id, left.pk, **WHO)
    else:
        Organization.objects.filter(id=org_id).update(rest_fee_minor=500)
    assert tick(org_id) == 1
    left.refresh_from_db()
    assert left.state == {"invoice": "posted", "iban": "proposed"}.get(news, "left")


def test_a_run_that_posts_is_followed_by_one_more_look(debtor, left):
    factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    assert tick(left.organization_id) == 1
    assert tick(left.organization_id) == 0
