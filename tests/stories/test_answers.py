"""A customer answers a reminder: nobody chases him, one key is pressed, the promise is kept."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from email import message_from_bytes

import pytest
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Promise
from amiable.apps.cases.queries import words_given
from amiable.apps.dunning.answers import Decision, reply_decide
from amiable.apps.insights import inbox
from amiable.apps.insights.day import day_run
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from tests import factories
from tests.apps import mails
from tests.plugins.dovecot import dovecot_server, installed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not installed(), reason="needs Debian's dovecot-imapd"),
]
DUE = date(2026, 10, 1)


@pytest.fixture
def mailbox(settings):
    with dovecot_server() as server:
        settings.MAILBOX_URLS = [server.url() + "&reply=replies@vauban.example"]
        settings.CHANNEL_URLS = dict.fromkeys(settings.CHANNEL_URLS, "")
        yield server


@pytest.fixture
def case(mailbox):
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.case(debtor, on=DUE)
    factories.invoice(debtor, due=DUE)
    return factories.case(debtor)


def live(case, first: date, last: date) -> list[date]:
    """Run every day of a period; the days on which something left."""
    day = first
    while day <= last:
        now = timezone.make_aware(datetime.combine(day, time(10)))
        day_run(case.organization_id, now=now)
        day += timedelta(days=1)
    sent = Message.objects.filter(case=case, on_date__range=(first, last))
    return list(sent.order_by("id").values_list("on_date", flat=True))


def test_an_answer_is_heard_and_its_promise_kept_closes_the_case(case, mailbox):
    # A reminder leaves the day after the due date.
    assert live(case, DUE, DUE + timedelta(days=6))[-1] == DUE + timedelta(days=1)
    reminder = Message.objects.filter(case=case).latest("id")
    headers = message_from_bytes(bytes(reminder.content))

    # The customer answers it the same evening.
    answered_on = DUE + timedelta(days=6)
    text = "Bonjour, nous réglons 1 200 € par virement le 23 octobre.\r\nCordialement"
    answer = mails.reply(
        text, answers=headers["Message-ID"], to=headers["Reply-To"], subject="Re: Facture"
    )
    mailbox.deliver(answer, "1.x")

    # Next morning it is in the inbox, and for five days nobody is chased over it.
    assert live(case, answered_on + timedelta(days=1), answered_on + timedelta(days=5)) == []
    (row,) = inbox.inbox(case.organization_id, "unread", on=answered_on, with_unmatched=False).rows
    assert (row.customer, row.stake.amount_minor) == ("Menuiserie Duval", 120_000)
    facts = row.proposal["facts"]
    assert (row.proposal["label"], facts["day"], facts["amount"]) == (
        "promise", "2026-10-23", [120_000, "EUR"],
    )  # fmt: skip

    # One key.
    decided_on = answered_on + timedelta(days=5)
    decision = Decision("promise", amount_minor=120_000, due_on=date(2026, 10, 23))
    now = timezone.make_aware(datetime.combine(decided_on, time(11)))
    reply_decide(case.organization_id, row.id, decision, on=decided_on, actor="camille", now=now)
    # The day before, an email reminds of it.
    assert live(case, decided_on, date(2026, 10, 22)) == [date(2026, 10, 22)]

    # The money comes on the day; the promise is kept, and nothing more is ever sent.
    item = Installment.objects.get(customer=case.customer)
    money = PaymentIn(
        case.customer_id, 120_000, "EUR", date(2026, 10, 23), "b1", parts=((item.pk, 120_000),)
    )
    payment_record(case.organization_id, money, on=money.received_on, actor="bank", cases={})
    assert live(case, date(2026, 10, 23), date(2026, 12, 1)) == []
    promise = Promise.objects.get()
    given = words_given(case.organization_id, [case.id], on=date(2026, 12, 1))[case.id]
    assert [(view.id, view.state) for view in given.promises] == [(promise.id, "kept")]

    # The evidence file tells it in order.
    told = Event.objects.filter(case_id=case.id).order_by("id").values_list("kind", flat=True)
    story = [kind for kind in told if kind.startswith(("reply.", "promise."))]
    assert story == ["reply.received", "promise.recorded", "reply.decided"]
    assert Reply.objects.get().state == "done"


def test_an_answer_that_nobody_reads_does_not_silence_the_case_for_ever(case, mailbox):
    live(case, DUE, DUE + timedelta(days=6))
    mailbox.deliver(mails.reply("Bonjour, je reviens vers vous."), "1.x")
    held = live(case, DUE + timedelta(days=7), DUE + timedelta(days=11))
    later = live(case, DUE + timedelta(days=12), DUE + timedelta(days=40))
    assert held == []
    assert later
    (late,) = inbox.answers_overdue(case.organization_id, DUE + timedelta(days=12))
    assert late == (case.customer_id, "Menuiserie Duval")
