"""Money that comes while the file of direct debits is drawn up: it is paid or debited, never both."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.services import CaseError
from amiable.apps.dunning.paying import checkout_note
from amiable.apps.payments.checkouts import CheckoutIn
from amiable.apps.payments.debits.models import Debit
from amiable.apps.payments.models import Checkout
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.core.direct_debits import submit_by
from tests import factories
from tests.apps.plan_debits import agreed
from tests.apps.test_direct_debits import ICS, MONDAY, at, filed
from tests.apps.test_sending_races import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner():
    return factories.creditor(factories.organization(), ics=ICS)


@pytest.fixture
def item(owner):
    debtor = factories.customer(owner)
    return factories.invoice(debtor, "FA-1", due=MONDAY - timedelta(days=30))


@pytest.fixture
def first(item) -> Debit:
    """The first of three instalments of 400.00, on the last day for the file."""
    agreed(item.customer, 120_000, count=3)
    return Debit.objects.earliest("collect_on")


def last_day(debit: Debit, owner):
    return submit_by(debit.collect_on, owner.debit_lead_days)


def draw(owner, debit: Debit) -> None:
    with suppress(CaseError):  # nothing is to be handed over
        filed(owner, last_day(debit, owner))


def book(item, amount_minor: int, day) -> None:
    parts = ((item.pk, amount_minor),)
    paid = PaymentIn(item.customer_id, amount_minor, "EUR", day, "p1", parts=parts)
    payment_record(item.organization_id, paid, cases={}, on=day, actor="bank")


def card(item, amount_minor: int, now) -> None:
    """The customer goes to the gateway's page."""
    case = factories.case(item.customer)
    asked = CheckoutIn(
        item.customer_id, case.pk, link_id=1, gateway="stripe", key="portal:1",
        amount_minor=amount_minor, currency="EUR", parts=((item.pk, amount_minor),), is_test=False,
    )  # fmt: skip
    checkout_note(item.organization_id, asked, now=now)


def behind(work) -> threading.Thread:
    """`work`, begun in another thread."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=1)
    return thread


def test_the_file_waits_for_a_transfer_that_is_being_booked_and_sees_it(owner, item, first):
    with transaction.atomic():
        book(item, 40_000, last_day(first, owner))
        drawing = behind(lambda: draw(owner, first))
        assert drawing.is_alive()
    drawing.join(timeout=60)
    first.refresh_from_db()
    assert first.state != "sent"
    assert not Debit.objects.filter(state="sent").exists()
    assert broken_invariants() == []


def test_the_file_waits_for_a_card_payment_that_is_begun_and_leaves_it_out(owner, item, first):
    now = at(last_day(first, owner))
    with transaction.atomic():
        card(item, 120_000, now)
        drawing = behind(lambda: draw(owner, first))
        assert drawing.is_alive()
    drawing.join(timeout=60)
    first.refresh_from_db()
    assert (first.state, Checkout.objects.count()) == ("announced", 1)


def test_who_goes_to_pay_while_the_file_is_drawn_is_refused_what_it_has(owner, item, first):
    refused: list[str] = []

    def go() -> None:
        try:
            card(item, 120_000, at(last_day(first, owner)))
        except CaseError as error:
            refused.append(error.sentence.code)

    with transaction.atomic():
        draw(owner, first)
        paying = behind(go)
        assert paying.is_alive()
    paying.join(timeout=60)
    first.refresh_from_db()
    assert (first.state, refused, Checkout.objects.count()) == ("sent", ["pay.with_bank"], 0)


@pytest.mark.parametrize("turn", range(3))
def test_at_the_same_moment_it_is_paid_or_debited_never_both(owner, item, first, turn):
    refused: list[str] = []

    def go() -> None:
        try:
            card(item, 120_000, at(last_day(first, owner)))
        except CaseError as error:
            refused.append(error.sentence.code)

    assert together(lambda: draw(owner, first), go) == []
    first.refresh_from_db()
    assert (first.state == "sent", Checkout.objects.count()) in {(True, 0), (False, 1)}
    assert bool(refused) == (first.state == "sent")
    assert broken_invariants() == []
