"""A reminder carries a link; its page is opened, and what is said there stops the next reminder."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from amiable.apps.cases.links import links_revoke
from amiable.apps.cases.models import Case, Dispute, PaymentLink
from amiable.apps.dunning.answers import reply_reopen
from amiable.apps.insights import inbox
from amiable.apps.insights.customer_file import customer_file
from amiable.apps.insights.day import day_run
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from tests import factories
from tests.apps.portal_pages import no_limits, send, shown, today

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _reached_over_https(settings):
    settings.BASE_URL = "https://relance.vauban.example"
    settings.CHANNEL_URLS = dict.fromkeys(settings.CHANNEL_URLS, "")
    no_limits()


@pytest.fixture
def case() -> Case:
    """Reminded for the first time in the last days; without an answer more would follow."""
    due = today() - timedelta(days=9)
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.case(debtor, on=due)
    factories.invoice(debtor, due=due)
    case = factories.case(debtor)
    assert live(case, due, today())
    return case


def live(case: Case, first: date, last: date) -> list[date]:
    """Run every day of a period; the days on which something left, what reminds of a promise aside."""
    for number in range((last - first).days + 1):
        now = timezone.make_aware(datetime.combine(first + timedelta(days=number), time(10)))
        day_run(case.organization_id, now=now)
    sent = Message.objects.filter(case=case, on_date__range=(first, last))
    sent = sent.exclude(key__startswith="promise/")
    return list(sent.order_by("id").values_list("on_date", flat=True))


def opened(case: Case) -> str:
    """The address that the customer's last message carries."""
    text = Message.objects.filter(case=case, text__contains="/p/").latest("id").text
    return re.search(r"https://relance\.vauban\.example(/p/[0-9A-Za-z]{22}/)", text)[1]


def later(days: int) -> date:
    return today() + timedelta(days=days)


def test_without_an_answer_the_next_reminder_leaves(case):
    assert live(case, later(1), later(45))


def test_a_customer_disagrees_and_nothing_leaves_that_night_or_after_it(case):
    browser, path = Client(), opened(case)
    item = Installment.objects.get(customer=case.customer)

    # On the telephone: what is owed, one tap, a reason, a few words.
    assert "1 200,00 €" in shown(browser, path)
    answer = send(browser, f"{path}disagree/", item=item.id, reason="quality", note="Porte rayée")
    assert "mise de côté" in shown(browser, answer.headers["Location"])

    # The collector sees a task at once, and the history tells it.
    (task,) = inbox.inbox(case.organization_id, "tasks", on=today(), with_unmatched=False).rows
    assert (task.task, task.customer) == ("answer_dispute", "Menuiserie Duval")
    told = customer_file(case.organization_id, case.customer_id, today()).history
    assert {"reply", "dispute"} <= {entry.kind for entry in told}

    # No reminder leaves that night, nor in the weeks that it takes to look into it.
    assert live(case, later(1), later(45)) == []


def test_what_was_pressed_by_mistake_is_taken_back_and_reminders_go_on(case):
    path = opened(case)
    item = Installment.objects.get(customer=case.customer)
    send(Client(), f"{path}disagree/", item=item.id, reason="price")
    reply = Reply.objects.get()
    assert reply_reopen(case.organization_id, reply.id, on=today(), actor="camille")
    assert Dispute.objects.get().is_mistake
    Reply.objects.update(state="ignored")
    assert live(case, later(1), later(45))


def test_a_promise_is_kept_and_the_page_says_thank_you(case):
    browser, path = Client(), opened(case)
    send(browser, f"{path}later/", kind="promise", day=later(10).isoformat(), amount="1200")
    assert live(case, later(1), later(9)) == []
    item = Installment.objects.get(customer=case.customer)
    incoming = PaymentIn(
        case.customer_id, 120_000, "EUR", later(9), "bank-1", parts=((item.id, 120_000),)
    )
    payment_record(case.organization_id, incoming, on=later(9), actor="bank", cases={})
    assert live(case, later(10), later(30)) == []
    assert "Tout est réglé" in shown(browser, path)


def test_a_promise_that_is_broken_brings_the_reminders_back(case):
    send(Client(), f"{opened(case)}later/", kind="promise", day=later(3).isoformat(), amount="1200")
    assert live(case, later(1), later(6)) == []
    assert live(case, later(7), later(45))


def test_who_says_it_is_paid_is_not_reminded_while_the_bank_is_watched(case):
    path = opened(case)
    day = today().isoformat()
    send(Client(), f"{path}paid/", paid_on=day, amount="1200", method="transfer")
    assert live(case, later(1), later(7)) == []
    (task,) = inbox.inbox(case.organization_id, "tasks", on=later(8), with_unmatched=False).rows
    assert task.task == "check_payment"
    assert live(case, later(8), later(45))


def test_a_revoked_link_opens_nothing_and_the_next_message_carries_one_that_does(case):
    path = opened(case)
    assert links_revoke(case.organization_id, case.id, on=today(), actor="camille")
    assert Client().get(path).status_code == 404
    assert live(case, later(1), later(45))
    assert opened(case) != path
    assert PaymentLink.objects.filter(revoked_on=None).exists()
    assert shown(Client(), opened(case))
