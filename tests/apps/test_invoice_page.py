"""The page of an invoice: what moved it, how it reached the customer, sending it once more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.links import link_make
from amiable.apps.cases.models import PaymentLink
from amiable.apps.cases.services import CaseError
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.confirming.invoices import invoice_resend, invoice_resend_undo
from amiable.apps.dunning.confirming.leaving import confirmations_tick
from amiable.apps.insights.invoice_page import invoice_page
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.queries import message_parts
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.lines import lines_keep
from amiable.apps.receivables.models import InvoiceDocument
from amiable.core.invoice_lines import LineRow
from tests import factories
from tests.apps.test_import_documents import pdf
from tests.browser.portfolio import member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = date(2026, 11, 20)
ROUTES = {"email": ("memory", {"box": {}})}


@pytest.fixture
def item(tmp_path):
    """An open invoice with its PDF."""
    debtor = factories.customer(factories.creditor(factories.organization()))
    found = factories.invoice(debtor, "FA-7", total_minor=120_000, due=TODAY - timedelta(days=10))
    factories.case(debtor)
    keep(found, pdf(tmp_path / "FA-7.pdf").read_bytes())
    return found


def keep(item, content: bytes, name: str = "Facture FA-7 é.pdf") -> None:
    InvoiceDocument.objects.create(
        organization_id=item.organization_id, invoice_id=item.invoice_id, filename=name,
        content=content, sha256="0" * 64,
    )  # fmt: skip


def shown(item):
    return invoice_page(item.organization_id, item.invoice_id, TODAY)


def verdict(item) -> str:
    return shown(item).proof.verdict.sentence.code


def resend(item) -> int:
    return invoice_resend(item.organization_id, item.invoice_id, now=NOW, actor="anna@acme.example")


def leave(item, *, at: datetime = NOW + timedelta(minutes=11)) -> int:
    return confirmations_tick(item.organization_id, now=at, routes=ROUTES)


def test_the_account_tells_what_moved_the_balance_and_what_is_left(item):
    payment = PaymentIn(
        item.customer_id, 50_000, "EUR", TODAY, "VIR 1", method="cheque", parts=((item.pk, 50_000),)
    )
    payment_record(item.organization_id, payment, on=TODAY, actor="x", cases={})
    found = shown(item)
    assert [(m.kind, m.amount_minor, m.left_minor) for m in found.movements] == [
        ("invoice", 120_000, 120_000), ("payment", -50_000, 70_000),
    ]  # fmt: skip
    assert (found.movements[1].method, found.balance_minor) == ("cheque", 70_000)
    assert [row.item.open_minor for row in found.items] == [70_000]


@pytest.mark.django_db(transaction=True)
def test_a_copy_goes_to_the_customer_with_the_document_and_stays_in_the_history(item):
    message_id = resend(item)
    assert leave(item, at=NOW + timedelta(minutes=9)) == 0  # it can still be taken back
    assert leave(item) == 1
    parts = message_parts(item.organization_id, message_id)
    assert (parts.row.state, parts.row.recipient) == ("sent", "ap@client.example")
    assert [file.filename for file in parts.attachments] == ["Facture FA-7 é.pdf"]
    assert "FA-7" in parts.row.subject
    assert "joint" in parts.text
    told = Event.objects.get(kind="invoice.resent")
    assert told.payload == {"invoice": item.invoice_id, "number": "FA-7", "message": message_id}
    (carrier,) = shown(item).proof.carriers
    assert (carrier.id, carrier.carries) == (message_id, True)


def test_a_copy_is_never_doubled_however_often_it_is_asked_for(item):
    resend(item)
    with pytest.raises(CaseError) as refused:
        resend(item)
    assert refused.value.sentence.code == "invoice.resent_today"
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_copy_that_was_taken_back_does_not_leave_and_may_be_asked_for_again(item):
    who = {"now": NOW, "actor": "anna@acme.example"}
    invoice_resend_undo(item.organization_id, resend(item), **who)
    assert leave(item) == 0
    again = resend(item)
    assert leave(item) == 1
    with pytest.raises(CaseError) as refused:
        invoice_resend_undo(item.organization_id, again, **who)
    assert refused.value.sentence.code == "invoice.too_late"


def test_a_settled_invoice_can_be_sent_too(item):
    payment = PaymentIn(
        item.customer_id, 120_000, "EUR", TODAY, "VIR 1", parts=((item.pk, 120_000),)
    )
    payment_record(item.organization_id, payment, on=TODAY, actor="x", cases={})
    message = message_parts(item.organization_id, resend(item))
    assert len(message.attachments) == 1


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda: InvoiceDocument.objects.all().delete(), "invoice.no_document"),
        (
            lambda: ContactPoint.objects.update(opted_out_at=timezone.now()),
            "confirm.no_email",
        ),
    ],
)
def test_a_copy_that_cannot_leave_says_why(item, spoil, why):
    spoil()
    with pytest.raises(CaseError) as refused:
        resend(item)
    assert refused.value.sentence.code == why
    assert not Message.objects.exists()


def test_an_insolvent_customer_is_sent_nothing(item):
    type(item.customer).objects.update(insolvent_since=TODAY)
    with pytest.raises(CaseError) as refused:
        resend(item)
    assert refused.value.sentence.code == "confirm.stopped"


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_proves_nothing_until_something_is_told_of_it(item):
    assert verdict(item) == "reached.nothing"
    message_id = resend(item)
    assert verdict(item) == "reached.nothing"  # it has not left
    leave(item)
    assert verdict(item) == "reached.sent"
    told = {"organization_id": item.organization_id, "message_id": message_id, "at": NOW}
    DeliveryEvent.objects.create(kind="delivered", **told)
    assert verdict(item) == "reached.delivered"


@pytest.mark.django_db(transaction=True)
def test_what_came_back_is_no_receipt(item):
    message_id = resend(item)
    leave(item)
    DeliveryEvent.objects.create(
        organization_id=item.organization_id, message_id=message_id, at=NOW, kind="bounced"
    )
    assert verdict(item) == "reached.returned"


def page_of(item) -> tuple[str, PaymentLink]:
    url = link_make(
        item.organization_id, factories.case(item.customer).pk, on=timezone.localdate(), actor="x"
    )
    return "/p/" + url.rstrip("/").rpartition("/")[2] + "/", PaymentLink.objects.latest("id")


def test_a_download_on_the_payment_page_proves_receipt_when_a_person_used_the_page(item):
    path, link = page_of(item)
    address = f"{path}invoices/{item.invoice_id}/"
    assert Client().head(address).status_code == 200
    assert not Event.objects.filter(kind="invoice.taken").exists()
    for _ in range(3):
        assert Client().get(address).status_code == 200
    assert Event.objects.filter(kind="invoice.taken").count() == 1  # once a day
    assert shown(item).proof.downloads == ()  # a mail scanner may have fetched it
    PaymentLink.objects.filter(pk=link.pk).update(first_used_on=timezone.localdate())
    assert verdict(item) == "reached.downloaded"
    assert len(shown(item).proof.downloads) == 1


def test_what_somebody_of_the_house_downloads_is_no_receipt(item):
    path, _ = page_of(item)
    client = browser(item)
    client.get(f"{path}invoices/{item.invoice_id}/")
    assert not Event.objects.filter(kind="invoice.taken").exists()


def browser(item, role: str = "collector") -> Client:
    client = Client()
    client.force_login(member(item.organization, f"{role}@acme.example", role))
    return client


def test_the_page_shows_the_invoice_and_a_stranger_nothing(item):
    address = f"/invoices/{item.invoice_id}/"
    text = browser(item).get(address).content.decode()
    assert "FA-7" in text
    assert 'id="proof"' in text
    assert f"{address}send/" in text
    reader = browser(item, "reader").get(address).content.decode()
    assert f"{address}send/" not in reader
    assert browser(item, "accountant").get(f"/items/{item.pk}/").headers["Location"] == address


def test_the_document_opens_and_is_kept_and_another_takes_its_place(item, tmp_path):
    client, address = browser(item), f"/invoices/{item.invoice_id}/"
    opened = client.get(f"{address}document/")
    assert opened.headers["Content-Disposition"].startswith("inline")
    assert opened.content.startswith(b"%PDF")
    kept = client.get(f"{address}document/?keep=1")
    assert kept.headers["Content-Disposition"].startswith("attachment")
    new = pdf(tmp_path / "other.pdf", pages=3).read_bytes()
    client.post(f"{address}attach/", {"file": SimpleUploadedFile("../../FA 7.pdf", new)})
    assert bytes(InvoiceDocument.objects.get().content) == new
    assert InvoiceDocument.objects.get().filename == "FA 7.pdf"


def test_what_is_no_pdf_is_refused_and_changes_nothing(item):
    before = InvoiceDocument.objects.get().sha256
    client, address = browser(item), f"/invoices/{item.invoice_id}/"
    file = SimpleUploadedFile("FA-7.pdf", b"%PDF-1.7 not really")
    answer = client.post(f"{address}attach/", {"file": file}, follow=True)
    assert "PDF" in answer.content.decode()
    assert InvoiceDocument.objects.get().sha256 == before


def test_the_console_sends_a_copy_and_takes_it_back(item):
    client, address = browser(item), f"/invoices/{item.invoice_id}/"
    client.post(f"{address}send/", {"next": address})
    message = Message.objects.get()
    client.post(f"/invoices/copies/{message.pk}/undo/", {"next": address})
    message.refresh_from_db()
    assert message.state == "withdrawn"


def test_prices_of_lines_are_written_as_prices_and_quantities_as_they_are(item):
    rows = (
        LineRow("1", "Labour", 241_800, "20", "39", "HUR", "62"),
        LineRow("2", "Bolts", 1_235, "20", "1000.5", "C62", "0.01234"),
    )
    lines_keep(item.organization_id, {item.invoice_id: rows})
    text = browser(item).get(f"/invoices/{item.invoice_id}/").content.decode()
    text = text.replace("\u202f", " ")
    assert "39 × 62,00" in text
    assert "1 000,5 × 0,01234" in text
