"""The inbox of answers in the console: seen, decided, taken back; files are downloads only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from amiable.apps.cases.models import Promise
from amiable.apps.messaging.models import Reply
from amiable.apps.messaging.replies.receiving import reply_receive
from amiable.apps.tenants.services import user_create
from tests import factories
from tests.apps import mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def org():
    return factories.organization()


@pytest.fixture
def case(org):
    debtor = factories.customer(factories.creditor(org))
    factories.invoice(debtor, due=timezone.localdate() - timedelta(days=12))
    return factories.case(debtor)


def signed_in(client, org, role: str = "manager"):
    user = user_create(org.id, email=f"{role}@acme.example", password="correct-horse", role=role)
    client.force_login(user)
    return client


def received(org, content: bytes) -> Reply:
    now = timezone.now()
    stored = reply_receive(org.id, content, source="mailbox", received_at=now)
    return Reply.objects.get(id=stored.reply_id)


def test_an_empty_inbox_says_how_to_connect_a_mailbox(client, org):
    text = signed_in(client, org).get("/replies/").content.decode()
    assert "AMIABLE_MAILBOX_URLS" in text


def test_an_answer_is_shown_with_its_evidence_and_nothing_of_it_runs(client, org, case):
    row = received(org, mails.reply("Je règle <script>alert(1)</script> 100 € demain, promis."))
    text = signed_in(client, org).get(f"/replies/{row.id}/").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert "<mark>" in text
    assert 'class="count">1<' in text


def test_one_press_validates_and_the_undo_takes_it_back(client, org, case):
    row = received(org, mails.reply())
    signed_in(client, org)
    due = timezone.localdate() + timedelta(days=5)
    fields = {"verdict": "promise", "amount": "1200,00", "due_on": due.isoformat()}
    answer = client.post(f"/replies/{row.id}/decide/", fields, follow=True)
    assert answer.redirect_chain[-1][0] == "/replies/"
    assert f"/replies/{row.id}/reopen/" in answer.content.decode()
    promise = Promise.objects.get()
    assert (promise.amount_minor, promise.due_on) == (120_000, due)
    client.post(f"/replies/{row.id}/reopen/")
    promise.refresh_from_db()
    assert promise.cancelled_on == timezone.localdate()


def test_a_promise_in_two_parts_is_two_promises_and_one_gesture_back(client, org, case):
    first, second = (timezone.localdate() + timedelta(days=days) for days in (5, 20))
    text = f"Je paie 200 € le {first:%d/%m/%Y} et 300 € le {second:%d/%m/%Y}."
    row = received(org, mails.reply(text))
    page = signed_in(client, org).get(f"/replies/{row.id}/").content.decode()
    assert (
        f'name="due_on_2" type="date" min="{timezone.localdate():%Y-%m-%d}" value="{second}"'
        in page
    )
    assert 'name="due_on_3"' not in page
    fields = {
        "verdict": "promise", "amount": "200", "due_on": first.isoformat(),
        "amount_2": "300", "due_on_2": second.isoformat(),
    }  # fmt: skip
    client.post(f"/replies/{row.id}/decide/", fields)
    kept = Promise.objects.order_by("due_on").values_list("amount_minor", "due_on")
    assert list(kept) == [(20_000, first), (30_000, second)]
    client.post(f"/replies/{row.id}/reopen/")
    assert not Promise.objects.filter(cancelled_on=None).exists()


@pytest.mark.parametrize("more", [{"amount_2": "300"}, {"due_on_2": "2030-01-01"}])
def test_half_a_part_of_a_promise_is_refused_and_nothing_happens(client, org, case, more):
    row = received(org, mails.reply())
    signed_in(client, org)
    fields = {"verdict": "promise", "amount": "200", "due_on": timezone.localdate().isoformat()}
    client.post(f"/replies/{row.id}/decide/", fields | more)
    assert not Promise.objects.exists()


def test_what_is_missing_is_said_and_nothing_happens(client, org, case):
    row = received(org, mails.reply())
    signed_in(client, org)
    answer = client.post(f"/replies/{row.id}/decide/", {"verdict": "promise"}, follow=True)
    assert "is-error" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == "unread"


def test_an_answer_of_nobody_is_put_into_a_file_by_hand(client, org, case):
    row = received(org, mails.reply(sender="x@nowhere.example"))
    signed_in(client, org)
    page = client.get(f"/replies/{row.id}/?q=duval").content.decode()
    assert f'name="case" value="{case.id}"' in page
    client.post(f"/replies/{row.id}/file/", {"case": case.id})
    row.refresh_from_db()
    assert row.case_id == case.id


def test_what_a_collector_may_not_see_is_not_there(client, org, case):
    row = received(org, mails.reply(sender="x@nowhere.example"))
    signed_in(client, org, "collector")
    for path in (f"/replies/{row.id}/", f"/replies/{row.id}/source/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/replies/{row.id}/decide/", {"verdict": "ignored"}).status_code == 404


def test_a_reader_decides_nothing(client, org, case):
    row = received(org, mails.reply())
    signed_in(client, org, "reader")
    assert client.get(f"/replies/{row.id}/").status_code == 200
    for path in ("decide", "reopen", "task", "file"):
        assert client.post(f"/replies/{row.id}/{path}/").status_code == 403


def test_another_organization_finds_nothing(client, org, case):
    row = received(org, mails.with_file("a.pdf", b"%PDF-1"))
    signed_in(client, factories.organization("other"))
    file = row.files.get()
    for path in ("", "source/", f"files/{file.id}/"):
        assert client.get(f"/replies/{row.id}/{path}").status_code == 404
    assert client.post(f"/replies/{row.id}/decide/", {"verdict": "other"}).status_code == 404
    client.post(f"/replies/{row.id}/task/")
    row.refresh_from_db()
    assert (row.state, row.task_done_on) == ("unread", None)


@pytest.mark.parametrize("name", ["facture.pdf", "page.html", "image.svg"])
def test_a_file_is_kept_from_the_browser(client, org, case, name):
    row = received(org, mails.with_file(name, b"<html><script>alert(1)</script>"))
    signed_in(client, org)
    paths = (f"/replies/{row.id}/files/{row.files.get().id}/", f"/replies/{row.id}/source/")
    for path in paths:
        answer = client.get(path)
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_inbox_costs_a_bounded_number_of_queries(
    client, org, case, django_assert_max_num_queries
):
    for number in range(30):
        received(org, mails.reply(f"Réponse {number}", own_id=f"{number}@x"))
    signed_in(client, org).get("/replies/")
    with django_assert_max_num_queries(26):
        client.get("/replies/")


def test_an_answer_stands_in_the_customers_history(client, org, case):
    row = received(org, mails.reply(subject="Re: la facture de mai"))
    page = signed_in(client, org).get(f"/customers/{case.customer_id}/").content.decode()
    assert f'href="/replies/{row.id}/"' in page
    assert "la facture de mai" in page
