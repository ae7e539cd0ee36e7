"""Disputes from the payment page to their end: files, conversation, colleagues, outcomes, causes;
payments said to be made; and who should be written to instead."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from amiable.apps.audit.models import Event
from amiable.apps.cases import colleagues, dispute_reasons
from amiable.apps.cases.disputes import disputes_escalate
from amiable.apps.cases.models import Dispute, DisputeEntry, DisputeQuestion, Hold
from amiable.apps.cases.services import CaseError, dispute_open
from amiable.apps.customers.models import Contact, ContactPoint
from amiable.apps.dunning.services import plan_tick
from amiable.apps.dunning.watching import claims_close
from amiable.apps.insights import dispute_report
from amiable.apps.messaging.models import Message, Reply, ReplyFile
from amiable.apps.receivables.models import Entry, Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.receivables.services import credits_settle
from tests import factories
from tests.apps.portal_pages import owing, path_of, plain, shown, ticket_of, today
from tests.browser.portfolio import member
from tests.plugins.pictures import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return owing(language="en")


@pytest.fixture
def staff(case) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(member(case.organization, "camille@acme.example", "manager"))
    return client


def item(case, number: str = "FA-1") -> Installment:
    return Installment.objects.get(customer=case.customer, invoice__number=number)


def paper(*, script: bool = False) -> bytes:
    writer, stream = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    if script:
        action = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject("app.alert(1)")}
        opening = DictionaryObject({NameObject(key): value for key, value in action.items()})
        writer.root_object[NameObject("/OpenAction")] = opening
    writer.write(stream)
    return stream.getvalue()


def upload(client: Client, path: str, *files: tuple[str, bytes], **fields):
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    ticket = ticket_of(client, path.partition("#")[0])
    return client.post(path, {"ticket": ticket, "files": sent, **fields})


def contested(case, client, path, *files, **fields) -> Dispute:
    answer = upload(
        client, f"{path}disagree/", *files, item=item(case).id, reason="quality", note="Broken.",
        **fields,
    )  # fmt: skip
    assert answer.status_code == 303, plain(answer.content.decode())
    return Dispute.objects.get(closed_on__isnull=True)


def test_files_come_with_a_dispute_and_stand_on_both_sides(client, staff, case, path):
    dispute = contested(case, client, path, ("pallet.jpg", jpeg()), ("note.pdf", paper()))
    kept = ReplyFile.objects.filter(reply__dispute=dispute)
    assert sorted(kept.values_list("filename", "content_type")) == [
        ("note.pdf", "application/pdf"), ("pallet.jpg", "image/jpeg"),
    ]  # fmt: skip
    assert dispute.respond_by == today() + timedelta(days=14)
    page = shown(client, f"{path}disputes/{dispute.pk}/")
    assert "pallet.jpg" in page
    first = kept.order_by("id").first()
    for who, address in (
        (client, f"{path}disputes/{dispute.pk}/reply/{first.pk}/"),
        (staff, f"/disputes/{dispute.pk}/reply/{first.pk}/"),
    ):
        answer = who.get(address)
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "pallet.jpg" in staff.get(f"/disputes/{dispute.pk}/").content.decode()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("a.pdf", paper(script=True))], "opened safely"),
        ([("a.pdf", b"%PDF-1.7 broken")], "opened safely"),
        ([("photo.jpg", b"MZ\x90")], "cannot be taken"),
        ([(f"{n}.txt", b"x%d" % n) for n in range(6)], "at most 5 files"),
        ([("big.txt", b"x" * (10 * 2**20 + 1))], "larger than 10 MB"),
    ],
)
def test_what_is_broken_hostile_or_too_much_is_refused_and_nothing_is_written(
    client, case, path, files, words
):
    address = f"{path}disagree/?lang=en"
    answer = upload(client, address, *files, item=item(case).id, reason="price")
    assert answer.status_code == 422
    assert words in plain(answer.content.decode())
    assert not Reply.objects.exists()


def test_a_form_that_announces_too_much_is_not_read(client, path):
    answer = client.post(
        f"{path}paid/", b"x", content_type="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(40 * 2**20),
    )  # fmt: skip
    assert answer.status_code == 413
    torn = client.post(f"{path}paid/", b"--b\r\n", content_type="multipart/form-data")
    assert torn.status_code == 400


def test_a_dispute_is_talked_about_and_the_customer_never_sees_notes(client, staff, case, path):
    dispute = contested(case, client, path)
    here = f"/disputes/{dispute.pk}/"
    staff.post(f"{here}say/", {"kind": "note", "text": "Ask the warehouse"})
    staff.post(
        f"{here}say/",
        {"kind": "message", "text": "Which pallet?\nSend us a photo.",
         "files": SimpleUploadedFile("plan.txt", b"row 3")},
    )  # fmt: skip
    mail = Message.objects.get(key__startswith="dispute/")
    assert "Which pallet?" in mail.text
    assert mail.retry_at > mail.frozen_at
    page = shown(client, f"{path}disputes/{dispute.pk}/?lang=en")
    assert "Which pallet?" in page
    assert "plan.txt" in page
    assert "warehouse" not in page
    Reply.objects.update(state="done")
    answer = upload(client, f"{path}disputes/{dispute.pk}/", ("p.jpg", jpeg()), note="This one.")
    assert answer.status_code == 303
    written = Reply.objects.get(state="unread")
    assert (written.dispute_id, written.text) == (dispute.pk, "This one.")
    text = staff.get(here).content.decode()
    assert "This one." in text
    assert "warehouse" in text
    assert "1 new message" in staff.get("/disputes/").content.decode()


def test_a_link_of_one_invoice_sees_no_dispute_of_another(client, case, path):
    dispute = contested(case, client, path)
    narrow = path_of(case, invoice_id=item(case, "FA-2").invoice_id)
    other = owing(org=factories.organization("other"))
    for link in (narrow, path_of(other)):
        assert client.get(f"{link}disputes/{dispute.pk}/").status_code == 404


@pytest.mark.parametrize("outcome", ["rejected", "credit_note", "goodwill", "corrected"])
def test_every_outcome_tells_the_customer_and_resumes_closes_or_waits(
    client, staff, case, path, outcome
):
    dispute = contested(case, client, path, amount="200")
    words = {"outcome": outcome, "sentence": f"Our answer: {outcome}."}
    staff.post(f"/disputes/{dispute.pk}/settle/", words)
    dispute.refresh_from_db()
    assert (dispute.settled_as, dispute.closed_on) == (outcome, today())
    assert f"Our answer: {outcome}." in Message.objects.get(key__startswith="dispute/").text
    assert f"Our answer: {outcome}." in shown(client, f"{path}disputes/{dispute.pk}/")
    left = installment_balances(case.organization_id, [dispute.installment_id])
    assert left[dispute.installment_id] == (100_000 if outcome == "goodwill" else 120_000)
    holds = Hold.objects.filter(installment=dispute.installment_id, ends_on__gte=today())
    assert holds.exists() == (outcome in {"credit_note", "corrected"})
    # Taken back on the same day, everything is as it was.
    staff.post(f"/disputes/{dispute.pk}/reopen/")
    dispute.refresh_from_db()
    assert (dispute.settled_as, dispute.closed_on) == ("", None)
    left = installment_balances(case.organization_id, [dispute.installment_id])
    assert left[dispute.installment_id] == 120_000
    assert not Hold.objects.filter(
        installment=dispute.installment_id, ends_on__gte=today()
    ).exists()


def test_only_a_manager_gives_up_out_of_goodwill(client, staff, case, path):
    dispute = contested(case, client, path)
    staff.force_login(member(case.organization, "lea@acme.example", "collector"))
    words = {"outcome": "goodwill", "sentence": "Given up."}
    staff.post(f"/disputes/{dispute.pk}/settle/", words)
    dispute.refresh_from_db()
    assert dispute.closed_on is None


def test_a_dispute_that_is_late_is_put_before_the_managers_once(staff, case):
    dispute_id = dispute_open(
        case.organization_id, item(case).id, reason="price", on=today() - timedelta(days=20),
        actor="camille@acme.example",
    )  # fmt: skip
    assert Dispute.objects.get().owner.email == "camille@acme.example"
    plan_tick(case.organization_id, on=today())
    assert disputes_escalate(case.organization_id, on=today()) == 0
    assert Event.objects.filter(kind="dispute.escalated").count() == 1
    assert "tab=late" in staff.get("/").content.decode()
    later = (today() + timedelta(days=2)).isoformat()
    staff.post(f"/disputes/{dispute_id}/take/", {"owner": "", "respond_by": later})
    row = Dispute.objects.get()
    assert (row.owner_id, row.escalated_on) == (None, None)
    assert disputes_escalate(case.organization_id, on=today() + timedelta(days=3)) == 1


def test_a_creditor_words_its_own_reasons(client, staff, case, path):
    creditor = case.customer.creditor_id
    own = {"creditor": creditor, "label_fr": "Taux de TVA faux", "label_en": "Wrong VAT rate",
           "einvoicing": "TX_TVA_ERR", "active": "on"}  # fmt: skip
    staff.post("/disputes/reasons/set/", own)
    off = {"creditor": creditor, "code": "duplicate", "label_fr": "Deux fois", "label_en": "Twice"}
    staff.post("/disputes/reasons/set/", off)
    page = shown(client, f"{path}disagree/?lang=en")
    assert "Wrong VAT rate" in page
    assert "Twice" not in page
    sent = {"item": item(case).id, "reason": "wrong_vat_rate"}
    assert upload(client, f"{path}disagree/", **sent).status_code == 303
    assert "Wrong VAT rate" in staff.get("/disputes/").content.decode()
    (row,) = dispute_report.counted(case.organization_id, today(), language="en")
    assert (row.label, row.einvoicing, row.opened) == ("Wrong VAT rate", "TX_TVA_ERR", 1)
    with pytest.raises(CaseError):
        dispute_open(case.organization_id, item(case, "FA-2").id, reason="no", on=today(), actor="")
    wrong = dispute_reasons.ReasonRow("", "a", "b", "NOT_A_CODE", is_active=True, is_shipped=False)
    with pytest.raises(CaseError):
        dispute_reasons.reason_set(case.organization_id, creditor, wrong, on=today(), actor="")


def test_root_causes_are_counted_with_days_and_amounts(client, staff, case, path):
    dispute = contested(case, client, path, amount="200")
    staff.post(f"/disputes/{dispute.pk}/settle/", {"outcome": "goodwill", "sentence": "Yes."})
    Dispute.objects.update(opened_on=today() - timedelta(days=6))
    dispute_open(
        case.organization_id, item(case, "FA-2").id, reason="price", on=today(), actor="camille"
    )
    report = dispute_report.disputes(case.organization, today())
    rows = {row["reason"]: row for row in report.document["rows"]}
    assert rows["quality"]["goodwill"] == 1
    assert (rows["quality"]["average_days"], rows["quality"]["contested"]) == (6, "200.00")
    assert rows["quality"]["given_up"] == "200.00"
    assert (rows["price"]["open"], rows["price"]["contested"]) == (1, "300.00")
    earlier = dispute_report.disputes(case.organization, today() - timedelta(days=1)).document
    assert [(row["reason"], row["open"]) for row in earlier["rows"]] == [("quality", 1)]
    assert "disputes-data" in staff.get("/disputes/figures/").content.decode()


def question(case, dispute: Dispute) -> tuple[DisputeQuestion, str]:
    asked = colleagues.question_ask(
        case.organization_id, dispute.pk, name="Marc", email="marc@acme.example",
        question="Was it delivered?", now=timezone.now(), actor="camille@acme.example",
    )  # fmt: skip
    url = colleagues.question_url(case.organization_id, asked)
    return DisputeQuestion.objects.get(id=asked), "/ask/" + url.rstrip("/").rpartition("/")[2] + "/"


def test_a_colleague_answers_once_without_an_account_and_sees_nothing_else(
    client, staff, case, path
):
    dispute = contested(case, client, path, ("pallet.jpg", jpeg()))
    row, ask = question(case, dispute)
    assert ask.strip("/").rpartition("/")[2] not in str(row.__dict__)
    text = shown(client, ask)
    assert "Was it delivered?" in text
    assert "FA-1" in text
    assert "FA-2" not in text
    assert "pallet.jpg" in text
    file = ReplyFile.objects.get()
    assert client.get(f"{ask}files/{file.pk}/").headers["Content-Disposition"].startswith("attach")
    answer = upload(client, ask, ("slip.pdf", paper()), text="Signed by the guard.")
    assert answer.status_code == 303
    assert client.get(ask).status_code == 404
    assert client.get(answer.headers["Location"]).status_code == 200
    page = staff.get(f"/disputes/{dispute.pk}/").content.decode()
    assert "Signed by the guard." in page
    assert "slip.pdf" in page
    assert "Signed by the guard." not in shown(client, f"{path}disputes/{dispute.pk}/")


def test_a_question_that_is_revoked_over_or_closed_opens_nothing(client, staff, case, path):
    dispute = contested(case, client, path)
    row, ask = question(case, dispute)
    other, second = question(case, dispute)
    staff.post(f"/disputes/{dispute.pk}/questions/{row.pk}/revoke/")
    assert client.get(ask).status_code == 404
    DisputeQuestion.objects.filter(id=other.pk).update(expires_on=today() - timedelta(days=1))
    assert client.get(second).status_code == 404
    assert client.get("/ask/guess/").status_code == 404
    assert not DisputeEntry.objects.filter(kind="answer").exists()


def test_a_closed_dispute_asks_nobody_and_a_reopened_one_asks_again(client, staff, case, path):
    dispute = contested(case, client, path)
    row, ask = question(case, dispute)
    taken_back, second = question(case, dispute)
    staff.post(f"/disputes/{dispute.pk}/questions/{taken_back.pk}/revoke/")
    words = {"outcome": "rejected", "sentence": "It was delivered."}
    staff.post(f"/disputes/{dispute.pk}/settle/", words)
    row.refresh_from_db()
    assert row.revoked_on == today()
    assert client.get(ask).status_code == 404
    staff.post(f"/disputes/{dispute.pk}/reopen/")
    assert client.get(ask).status_code == 200
    assert client.get(second).status_code == 404


def claimed(client, case, path, **fields) -> Reply:
    sent = {"paid_on": today().isoformat(), "amount": "1200", "method": "transfer", **fields}
    answer = upload(client, f"{path}paid/", ("proof.pdf", paper()), **sent)
    assert answer.status_code == 303
    return Reply.objects.get(label="already_paid")


def arrived(case, minor: int) -> None:
    credit = Entry.objects.create(
        organization=case.organization, customer=case.customer, kind="payment",
        amount_minor=-minor, currency="EUR", on_date=today(), source="test",
    )  # fmt: skip
    credits_settle(case.organization_id, [credit.pk])


def test_a_payment_that_arrives_closes_what_was_said_with_a_sentence(client, case, path):
    reply = claimed(client, case, path)
    assert reply.files.get().filename == "proof.pdf"
    arrived(case, 5_000)
    assert claims_close(case.organization_id, on=today()) == 0
    arrived(case, 120_000)
    plan_tick(case.organization_id, on=today())
    reply.refresh_from_db()
    assert reply.task_done_on == today()
    assert reply.notes[-1]["code"] == "claim.arrived"
    assert not Hold.objects.filter(ends_on__gte=today()).exists()
    assert claims_close(case.organization_id, on=today()) == 0


def test_a_payment_that_does_not_arrive_becomes_a_task_with_its_proof(client, staff, case, path):
    reply = claimed(client, case, path)
    later = today() + timedelta(days=8)
    assert claims_close(case.organization_id, on=later) == 0
    assert (reply.task, reply.task_on) == ("check_payment", later)
    assert "proof.pdf" in staff.get(f"/replies/{reply.pk}/").content.decode()


def test_the_right_person_is_proposed_and_validated_in_one_gesture(client, staff, case, path):
    known = ContactPoint.objects.filter(customer=case.customer).values_list("value", flat=True)
    page = shown(client, f"{path}contact/?lang=en")
    assert not any(value in page for value in known)
    fields = {"name": "Anne Morel", "email": "anne@client.example", "phone": "0612345678"}
    address = f"{path}contact/"
    form = {"ticket": ticket_of(client, address), **fields, "note": "I left."}
    assert client.post(address, {**form, "email": "", "phone": ""}).status_code in {415, 422}
    from urllib.parse import urlencode

    kind = "application/x-www-form-urlencoded"
    empty = client.post(address, urlencode({**form, "email": "", "phone": ""}), content_type=kind)
    assert empty.status_code == 422
    assert client.post(address, urlencode(form), content_type=kind).status_code == 303
    reply = Reply.objects.get()
    assert reply.state == "unread"
    assert not Contact.objects.filter(name="Anne Morel").exists()
    decision = {"verdict": "wrong_contact", "contact_name": "Anne Morel",
                "contact_email": "anne@client.example", "contact_phone": "0612345678"}  # fmt: skip
    page = staff.get(f"/replies/{reply.pk}/").content.decode()
    assert "data-first" in page
    assert 'value="anne@client.example"' in page
    staff.post(f"/replies/{reply.pk}/decide/", decision)
    person = Contact.objects.get(name="Anne Morel")
    points = ContactPoint.objects.filter(contact=person).values_list("kind", flat=True)
    assert sorted(points) == ["email", "phone"]


def test_what_was_said_is_kept_as_it_came(client, case, path):
    dispute = contested(case, client, path, ("pallet.jpg", jpeg()))
    upload(client, f"{path}disputes/{dispute.pk}/", note="One more thing.")
    said = [json.loads(bytes(row.content))["said"] for row in Reply.objects.order_by("id")]
    assert said == ["dispute", "dispute_message"]
