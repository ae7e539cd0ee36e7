"""A payment while its reminder is being sent: before it or after it, and nobody waits for the other."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_tick
from amiable.apps.dunning.sending import send_tick
from amiable.apps.messaging.models import Message
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances
from tests import factories
from tests.apps.test_sending import NOW
from tests.factories import TODAY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def item() -> Installment:
    debtor = factories.customer(factories.creditor(factories.organization()))
    item = factories.invoice(debtor, due=TODAY - timedelta(days=1))
    Case.objects.update(next_plan_on=TODAY)
    plan_tick(item.organization_id, on=TODAY)
    return item


def pay(item: Installment) -> None:
    """All of it."""
    incoming = PaymentIn(item.customer_id, 120_000, "EUR", TODAY, "p1", parts=((item.pk, 120_000),))
    payment_record(item.organization_id, incoming, on=TODAY, actor="bank", cases={})


def routes(answer=None) -> dict:
    return {"email": ("memory", {"box": {}, "answer": answer})}


def together(*works) -> list[str]:
    """Errors of these, begun at the same moment."""
    barrier, errors = threading.Barrier(len(works)), list[str]()

    def run(work) -> None:
        try:
            barrier.wait(timeout=30)
            work()
        except Exception as error:  # any: it is told by the assertion
            errors.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return errors


def assert_settled(item: Installment) -> None:
    """Nothing is open, and the days to come ask for nothing."""
    assert installment_balances(item.organization_id, [item.pk]).get(item.pk, 0) == 0
    for days in (0, 7, 30):
        Case.objects.update(next_plan_on=TODAY)
        plan_tick(item.organization_id, on=TODAY + timedelta(days=days))
    assert not Action.objects.exclude(state__in=["done", "cancelled", "skipped"]).exists()
    assert broken_invariants() == []


def test_a_payment_enters_while_the_mail_server_still_has_the_reminder(item):
    """Nothing is locked while a message leaves, however slow its channel is."""
    came = []

    def answer(message) -> None:
        came.extend(together(lambda: pay(item)))
        came.append(installment_balances(item.organization_id, [item.pk]).get(item.pk, 0))

    counts = send_tick(item.organization_id, now=NOW, routes=routes(answer))

    assert (counts.sent, came) == (1, [0])
    assert_settled(item)


@pytest.mark.parametrize("turn", range(4))
def test_a_payment_while_a_reminder_is_sent_is_before_or_after_it(item, turn):
    """Either the reminder saw it and stays, or it left with what was owed at that moment."""
    counts = []

    def send() -> None:
        counts.append(send_tick(item.organization_id, now=NOW, routes=routes()))

    assert together(send, lambda: pay(item)) == []
    assert (counts[0].sent, counts[0].cancelled) in {(1, 0), (0, 1)}
    assert Message.objects.count() == counts[0].sent
    assert_settled(item)
