"""A promise moved by the customer on the payment page: once, within the days of the first one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.models import Promise
from amiable.apps.cases.services import promise_cancel, promise_record
from amiable.apps.dunning.answers import reply_reopen
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from tests.apps.portal_pages import path_of, plain, send, shown, ticket_of, today

pytestmark = pytest.mark.django_db
OFFERED = "Un autre jour pour ce que vous avez annoncé"


def promised(case, *, ago: int = 2, ahead: int = 5, amount_minor: int = 150_000) -> Promise:
    """A promise noted after a call some days ago."""
    made_on = today() - timedelta(days=ago)
    promise_id = promise_record(
        case.organization_id, case.pk, amount_minor=amount_minor, on=made_on, actor="Inès",
        due_on=today() + timedelta(days=ahead),
    )  # fmt: skip
    return Promise.objects.get(pk=promise_id)


def move(client, path: str, days: int, **fields):
    day = (today() + timedelta(days=days)).isoformat()
    return send(client, f"{path}later/", kind="move", day="other", other=day, **fields)


def test_a_promise_is_moved_once_and_the_first_one_is_remembered(client, case, path):
    first = promised(case)
    page = shown(client, f"{path}later/")
    assert OFFERED in page
    assert "Je paierai ce jour-là" in page
    answer = move(client, path, 12, note="Le client nous paie le 10.")
    assert answer.status_code == 303
    first.refresh_from_db()
    second = Promise.objects.exclude(pk=first.pk).get()
    assert first.cancelled_on == today()
    assert (second.amount_minor, second.due_on) == (150_000, today() + timedelta(days=12))
    assert second.note == "Le client nous paie le 10."
    reply = Reply.objects.get()
    assert f"au lieu du {first.due_on:%d/%m/%Y}" in reply.subject
    assert "1 500,00 €" in shown(client, answer.headers["Location"])
    assert "1 500,00 €" in plain(Message.objects.get(key__startswith="portal/").text)
    # Not a second time: a person is asked.
    page = shown(client, f"{path}later/")
    assert OFFERED not in page
    assert "Si cela ne convient plus" in page
    refused = move(client, path, 14)
    assert refused.status_code == 422
    assert "Une nouvelle date doit être convenue avec nous" in plain(refused.content.decode())
    assert Promise.objects.count() == 2
    assert broken_invariants() == []


def test_the_days_count_from_the_day_it_was_first_promised(client, case, path):
    Organization.objects.update(portal_promise_days=10)
    promised(case, ago=4, ahead=3)
    for days, status in ((7, 422), (3, 422), (2, 422), (6, 303)):
        assert move(client, path, days).status_code == status, days
    running = Promise.objects.get(cancelled_on__isnull=True)
    assert running.due_on == today() + timedelta(days=6)


@pytest.mark.parametrize("days", [0, 7])
def test_where_there_is_no_later_day_left_a_person_is_asked(client, case, path, days):
    Organization.objects.update(portal_promise_days=days)
    promised(case, ago=2, ahead=5)
    assert OFFERED not in shown(client, f"{path}later/")
    assert move(client, path, 6).status_code == 422
    assert Promise.objects.filter(cancelled_on__isnull=True).count() == 1


def test_of_two_promises_or_after_a_broken_one_none_is_moved(client, case, path):
    promised(case, amount_minor=100_000)
    other = promised(case, amount_minor=20_000)
    assert OFFERED not in shown(client, f"{path}later/")
    promise_cancel(case.organization_id, other.pk, on=today(), actor="Inès")
    assert OFFERED in shown(client, f"{path}later/")
    Promise.objects.create(
        organization=case.organization, case=case, amount_minor=1_000,
        made_on=today() - timedelta(days=40), due_on=today() - timedelta(days=30),
    )  # fmt: skip
    assert OFFERED not in shown(client, f"{path}later/")


def test_a_payment_meanwhile_asks_again_with_what_is_left(client, case, path):
    promised(case)
    item = Installment.objects.get(invoice__number="FA-2")
    ticket = ticket_of(client, f"{path}later/")
    incoming = PaymentIn(case.customer_id, 30_000, "EUR", today(), "p1", parts=((item.pk, 30_000),))
    payment_record(case.organization_id, incoming, on=today(), actor="bank", cases={})
    assert move(client, path, 12, ticket=ticket).status_code == 303
    assert Promise.objects.get(cancelled_on__isnull=True).amount_minor == 120_000
    assert broken_invariants() == []


def test_the_page_of_one_invoice_moves_nothing_of_the_others(client, case):
    promised(case)
    only = Installment.objects.get(invoice__number="FA-3")
    narrow = path_of(case, invoice_id=only.invoice_id)
    assert OFFERED not in shown(client, f"{narrow}later/")
    assert move(client, narrow, 12).status_code == 422


def test_taken_back_by_a_person_the_first_promise_stands_again(client, case, path):
    first = promised(case)
    move(client, path, 12)
    reply = Reply.objects.get()
    assert reply_reopen(case.organization_id, reply.pk, on=today(), actor="camille")
    first.refresh_from_db()
    assert first.cancelled_on is None
    assert Promise.objects.filter(cancelled_on__isnull=True).count() == 1


def test_the_same_form_twice_moves_once(client, case, path):
    promised(case)
    ticket = ticket_of(client, f"{path}later/")
    assert [move(client, path, 12, ticket=ticket).status_code for _ in range(2)] == [303, 303]
    assert Promise.objects.filter(cancelled_on__isnull=True).count() == 1
