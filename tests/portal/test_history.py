"""The history on the payment page: behind a code, of one case and one customer, and no more."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from amiable.apps.cases.codes import PROOF_FOR
from amiable.apps.cases.links import link_find, links_revoke
from amiable.apps.cases.models import Case, PortalCode
from amiable.apps.cases.services import dispute_open, promise_record
from amiable.apps.dunning.portal import Saying, portal_say
from amiable.apps.insights.customer_history import customer_history
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.payments.debits.mandates import MandateIn, mandate_sign
from amiable.apps.payments.services import PaymentIn, payment_record, payment_undo
from amiable.apps.receivables.models import Installment
from tests import factories
from tests.apps.portal_codes import hidden, proof_for, typed
from tests.apps.portal_pages import owing, path_of, plain, send, shown, today

pytestmark = pytest.mark.django_db
LETTER = b"%PDF-1.7 the letter"


@pytest.fixture
def case() -> Case:
    return owing(language="en", ics="FR72ZZZ123456")


def message(case: Case, number: int, *, on: date | None = None, **fields) -> Message:
    fields = {
        "medium": "email", "recipient": "ap@client.example", "subject": f"Reminder {number}",
        "text": f"Please pay. Words {number}.", "content": b"x", "content_type": "message/rfc822",
        "state": "sent", **fields,
    }  # fmt: skip
    return Message.objects.create(
        organization=case.organization, case=case, key=f"m{case.pk}-{number}", channel="memory",
        sha256="0" * 64, on_date=on or today(), frozen_at=timezone.now(), **fields,
    )  # fmt: skip


def opened(client: Client, path: str) -> str:
    """The history, once the code was typed."""
    answer = typed(client, f"{path}history/", shown(client, f"{path}history/"))
    assert answer.status_code == 200
    return plain(answer.content.decode())


def link_of(path: str):
    return link_find(path.split("/")[2], on=today())


def asked(response) -> bool:
    """Whether a code is asked for, and nothing of the history shown."""
    text = response.content.decode()
    return 'name="code_step"' in text and "data-history" not in text and "Reminder" not in text


def test_the_history_tells_what_was_written_said_paid_and_signed(client, case, path):
    message(case, 1, text="Pay at https://pay.example/p/SECRET22/ or ask jane@other.example")
    item = Installment.objects.get(invoice__number="FA-1")
    paid = PaymentIn(
        case.customer_id, 50_000, "EUR", today(), "p1", method="transfer",
        parts=((item.pk, 40_000),),
    )  # fmt: skip
    payment_record(case.organization_id, paid, cases={}, on=today(), actor="test")
    promise_record(
        case.organization_id, case.pk, amount_minor=30_000, due_on=today() + timedelta(days=5),
        note="sounded annoyed", on=today(), actor="camille",
    )  # fmt: skip
    dispute_open(
        case.organization_id, Installment.objects.get(invoice__number="FA-2").pk, reason="price",
        on=today(), actor="camille", note="we doubt it",
    )  # fmt: skip
    account = "FR7630006000011234567890189"
    given = MandateIn(case.customer_id, "Menuiserie Duval", account, today(), "paper")
    mandate_sign(case.organization_id, given, on=today(), actor="camille", case_id=case.pk)
    text = opened(client, path)
    for told in (
        "Reminder 1", "a•••@c•••.example", "j•••@o•••.example", "https://pay.example/•••",
        "500.00 received", "FA-1: €400.00", "€100.00 on your account", "You announced €300.00",
        "You contested FA-2", "account FR.. .... 0189",
    ):  # fmt: skip
        assert told in text, told
    for hidden_one in (
        "SECRET22", "jane@other", "ap@client", "annoyed", "doubt", "camille", "1234567890189",
    ):  # fmt: skip
        assert hidden_one not in text, hidden_one


def test_nothing_is_shown_without_a_code_and_no_address_carries_it(client, case, path):
    message(case, 1)
    first = client.get(f"{path}history/")
    assert asked(first)
    assert "no-store" in first.headers["Cache-Control"]
    assert "noindex" in first.headers["X-Robots-Tag"]
    for sent in ({}, {"proof": "x"}, {"page": "2"}, {"letter": "1"}, {"code_step": "check"}):
        assert asked(send(client, f"{path}history/", **sent)), sent
    assert asked(client.get(f"{path}history/?proof=x&page=1"))
    answer = typed(client, f"{path}history/", shown(client, f"{path}history/"))
    assert "Reminder 1" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert not answer.cookies
    assert asked(client.get(f"{path}history/"))


def test_a_proof_of_another_case_link_or_purpose_opens_nothing(client, case, path):
    message(case, 1)
    other = factories.customer(case.customer.creditor, "C900", email="other@far.example")
    factories.invoice(other, "FB-1")
    stranger = Case.objects.get(customer=other)
    proofs = (
        proof_for(link_of(path_of(stranger)), "history", ticket="a"),
        proof_for(link_of(path_of(case)), "history", ticket="b"),
        proof_for(link_of(path), "plan", ticket="c"),
    )
    for proof in proofs:
        assert asked(send(client, f"{path}history/", proof=proof))
    right = proof_for(link_of(path), "history", ticket="d")
    for bad in (right[:-1], f"{right}x", right.swapcase(), right.replace(":", "", 1)):
        assert asked(send(client, f"{path}history/", proof=bad))
    assert "Reminder 1" in send(client, f"{path}history/", proof=right).content.decode()


def test_a_proof_ends_after_half_an_hour_and_with_its_link(client, case, path):
    message(case, 1)
    proof, ticket = proof_for(link_of(path), "history", ticket="a"), "x"
    PortalCode.objects.update(confirmed_at=timezone.now() - PROOF_FOR)
    assert asked(send(client, f"{path}history/", ticket=ticket, proof=proof))
    PortalCode.objects.update(confirmed_at=timezone.now())
    links_revoke(case.organization_id, case.pk, on=today(), actor="camille")
    answer = send(client, f"{path}history/", ticket=ticket, proof=proof)
    assert answer.status_code == 404
    assert "Reminder 1" not in answer.content.decode()


def test_a_link_of_one_invoice_or_of_a_stopped_case_has_no_history(client, case):
    narrow = path_of(case, invoice_id=Installment.objects.first().invoice_id)
    assert client.get(f"{narrow}history/").status_code == 302
    assert "history/" not in shown(client, narrow)
    broad = path_of(case)
    assert "history/" in shown(client, broad)
    case.customer.insolvent_since = today()
    case.customer.save()
    assert client.get(f"{broad}history/").status_code == 302


def test_nothing_of_others_and_nothing_that_never_left_is_told(client, case, path):
    other = factories.customer(case.customer.creditor, "C900", email="other@far.example")
    item = factories.invoice(other, "FB-1")
    foreign = message(Case.objects.get(customer=other), 1, subject="For somebody else")
    paid = PaymentIn(other.pk, 7_700, "EUR", today(), "p7", parts=((item.pk, 7_700),))
    payment_record(case.organization_id, paid, cases={}, on=today(), actor="test")
    mistake = PaymentIn(case.customer_id, 8_800, "EUR", today(), "p8")
    row = payment_record(case.organization_id, mistake, cases={}, on=today(), actor="test")
    payment_undo(case.organization_id, row.pk, on=today(), actor="test", cases={})
    message(case, 2, state="withdrawn", subject="Never left")
    message(case, 3, is_test=True, subject="To the house")
    for number, state in enumerate(("unread", "ignored", "done")):
        Reply.objects.create(
            organization=case.organization, case=case, medium="email", source="mail",
            external_id=f"r{number}", sender="jane@far.example", text=f"We wrote {state}",
            content=b"x", sha256="0" * 64, received_at=timezone.now(), kind="reply", state=state,
            decided_by="camille", proposals=[{"label": "refusal"}], notes=[],
        )  # fmt: skip
    text = opened(client, path)
    for told in ("somebody else", "77.00", "88.00", "Never left", "To the house", "FB-1",
                 "jane@", "camille", "refusal", "wrote unread", "wrote ignored"):  # fmt: skip
        assert told not in text, told
    assert "We wrote done" in text
    answer = send(client, f"{path}history/", **{**hidden_of(case, path), "letter": foreign.pk})
    assert answer.status_code == 404


def hidden_of(case: Case, path: str) -> dict[str, str]:
    count = PortalCode.objects.count()
    return {"proof": proof_for(link_of(path), "history", ticket=f"h{count}")}


def test_a_letter_is_downloaded_as_it_left(client, case, path):
    kept = message(
        case, 1, medium="letter", recipient="8 avenue du Port", content=LETTER,
        content_type="application/pdf",
    )  # fmt: skip
    page = opened(client, path)
    assert "avenue du Port" not in page
    answer = send(client, f"{path}history/", **hidden(page), letter=kept.pk)
    assert (answer.content, answer.headers["Content-Type"]) == (LETTER, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    mail = message(case, 2, content=b"raw mail")
    fields = hidden_of(case, path)
    assert send(client, f"{path}history/", **fields, letter=mail.pk).status_code == 404


def test_what_was_said_on_the_page_stands_once(client, case, path):
    due = today() + timedelta(days=6)
    saying = Saying("promise", "s", note="Salary on Friday", amount_minor=20_000, due_on=due)
    portal_say(link_of(path), saying, ticket="p", on=today(), now=timezone.now())
    text = opened(client, path)
    assert text.count("You announced €200.00") == 1
    assert "Salary on Friday" in text


def test_pages_follow_each_other_without_gap_and_cost_the_same(
    client, case, path, django_assert_max_num_queries
):
    for number in range(30):
        message(case, number, on=today() - timedelta(days=number // 7), text="Pay\n" * 40)
    for number in range(6):
        paid = PaymentIn(case.customer_id, 100 + number, "EUR", today(), f"p{number}")
        payment_record(case.organization_id, paid, cases={}, on=today(), actor="test")
    fields, seen = hidden_of(case, path), []
    for page in ("1", "2", "3", "4"):
        text = plain(send(client, f"{path}history/", **fields, page=page).content.decode())
        assert len(text.encode()) < 60_000
        seen.append(re.findall(r"Reminder \d+|€1\.0\d received", text))
    assert [len(each) for each in seen] == [12, 12, 12, 0]
    assert len({each for page in seen for each in page}) == 36
    link = link_of(path)
    with django_assert_max_num_queries(13):
        moments, has_more = customer_history(
            link, with_tests=False, keep=set(), limit=12, offset=12
        )
    assert (len(moments), has_more) == (12, True)


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "a", "٣", "51"])
def test_a_page_that_cannot_be_is_the_first(client, case, path, page):
    message(case, 1)
    answer = send(client, f"{path}history/", **hidden_of(case, path), page=page)
    assert "Reminder 1" in answer.content.decode()


def test_it_is_told_in_french_too(client, path):
    assert client.get(f"{path}history/?lang=fr").headers["Content-Language"] == "fr"
