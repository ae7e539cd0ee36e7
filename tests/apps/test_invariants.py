"""Invariants are able to fail: each damage is named by the invariant that watches it."""

from __future__ import annotations

import hashlib
from datetime import date
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from amiable.apps.audit.queries import broken_invariants, invariants
from amiable.apps.customers.models import ContactPoint
from amiable.apps.messaging.models import Message
from amiable.apps.payments.models import Payment
from amiable.apps.receivables.allocations import entries_reverse
from amiable.apps.receivables.models import Allocation, Entry, Installment, OpenCredit
from amiable.apps.receivables.services import credits_settle
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
OPEN = "a credit is noted as open exactly while something is left of it"
SETTLED = "an installment is settled exactly when its balance is zero"


@pytest.fixture
def item() -> Installment:
    return factories.invoice(factories.customer(factories.creditor(factories.organization())))


def _credit(item: Installment, amount_minor: int = 1000, **fields) -> Entry:
    credit = Entry.objects.create(
        organization_id=item.organization_id, customer=item.customer, kind=Entry.Kind.PAYMENT,
        amount_minor=-amount_minor, on_date=DAY, source="test", **fields,
    )  # fmt: skip
    credits_settle(item.organization_id, [credit.pk])
    return credit


def _allocate(credit: Entry, item: Installment, amount_minor: int) -> Allocation:
    return Allocation.objects.create(
        organization_id=item.organization_id, credit=credit, installment=item,
        amount_minor=amount_minor, on_date=DAY, source="test",
    )  # fmt: skip


def _names() -> set[str]:
    return {broken.name for broken in broken_invariants()}


def test_sound_facts_break_nothing(item):
    _allocate(_credit(item), item, 400)
    assert broken_invariants() == []
    assert len(list(invariants())) > 20
    assert len({(app, name) for app, name, _ in invariants()}) == len(list(invariants()))


def test_settled_on_that_lies_is_named(item):
    Installment.objects.update(settled_on=DAY)
    assert _names() == {SETTLED}


def test_paid_installment_that_is_not_settled_is_named(item):
    credit = _credit(item, 120_000)
    _allocate(credit, item, 120_000)
    credits_settle(item.organization_id, [credit.pk])
    assert _names() == {SETTLED}


@pytest.mark.parametrize("used", [400, 1_000])
def test_credit_noted_otherwise_than_it_is_left_is_named(item, used):
    """Spent and noted as open, or open and forgotten."""
    credit = _credit(item, 1_000)
    _allocate(credit, item, used)
    assert _names() == ({OPEN} if used == 1_000 else set())
    OpenCredit.objects.all().delete()
    assert _names() == ({OPEN} if used == 400 else set())


def test_credits_held_before_are_noted_as_those_that_have_something_left(item):
    """By the statement of the migration, as by the service."""
    spent, open_, reversed_ = (_credit(item, amount) for amount in (1_000, 900, 800))
    _allocate(spent, item, 1_000)
    _allocate(open_, item, 400)
    entries_reverse(item.organization_id, [reversed_], kind=None, on=DAY, source="test")
    OpenCredit.objects.all().delete()
    migration = import_module("amiable.apps.receivables.migrations.0007_open_credits")
    with connection.cursor() as cursor:
        cursor.execute(migration.FILL)
    assert list(OpenCredit.objects.values_list("credit", flat=True)) == [open_.pk]
    assert broken_invariants() == []


def test_credit_used_twice_is_named(item):
    credit = _credit(item, 1000)
    _allocate(credit, item, 900)
    _allocate(credit, item, 200)
    assert _names() == {"a credit is never used for more than it is"}


def test_allocation_in_another_currency_is_named(item):
    _allocate(_credit(item, currency="CHF"), item, 100)
    assert _names() == {"an allocation stays with its customer and currency"}


def test_payment_of_another_amount_than_its_entry_is_named(item):
    Payment.objects.create(
        organization_id=item.organization_id, customer=item.customer, entry=_credit(item, 1000),
        method="transfer", amount_minor=999, received_on=DAY, external_id="x",
    )  # fmt: skip
    assert _names() == {"a payment and its entry say the same"}


def test_altered_message_is_named(item):
    Message.objects.create(
        organization_id=item.organization_id, case=factories.case(item.customer), key="k",
        medium="letter", channel="memory", recipient="Duval", content=b"frozen",
        content_type="application/pdf", sha256=hashlib.sha256(b"frozen").hexdigest(),
        on_date=DAY, frozen_at=timezone.now(),
    )  # fmt: skip
    assert "a message is as it was frozen" not in _names()
    Message.objects.update(content=b"other")
    assert "a message is as it was frozen" in _names()


def test_row_of_another_organization_is_named(item):
    ContactPoint.objects.update(organization=factories.organization("other"))
    assert _names() == {"no row points into another organization"}


def test_every_rule_runs_on_this_database(item):
    for _, name, rule in invariants():
        if isinstance(rule, str):
            with connection.cursor() as cursor:
                cursor.execute(rule)
                assert cursor.fetchall() == [], name
        else:
            assert list(rule()) == [], name
