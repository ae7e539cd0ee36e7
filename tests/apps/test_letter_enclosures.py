"""Letters with the invoices they ask for: announced, printed behind, or refused by name."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from amiable.apps.messaging.rendering.messages import Material, Rendered, drafts_render
from amiable.apps.messaging.services import messages_freeze
from amiable.apps.receivables.models import InvoiceDocument
from amiable.core.sentences import Sentence
from tests import factories
from tests.apps.messaging_drafts import NOW, draft, line
from tests.plugins.test_letters import file


def rendered(*files, medium="letter", lines=None, **fields):
    wanted = draft("reminder_1", *(lines or (line(1), line(2))),
                   key="k", medium=medium, attachments=("invoices",), **fields)  # fmt: skip
    material = Material(attachments=files)
    return drafts_render([wanted], {"k": material}, organization_id=1, now=NOW)["k"]


def pages(found) -> int:
    assert isinstance(found, Rendered), found
    return len(PdfReader(io.BytesIO(found.content)).pages)


def test_letter_names_and_holds_the_invoices():
    alone, whole = rendered(), rendered(file(2, name="FA2026-0001"), file(name="FA2026-0002"))
    assert pages(whole) == pages(alone) + 3
    assert "Les factures sont jointes à cette lettre." in whole.text
    assert "jointe" not in alone.text
    some = rendered(file(name="FA2026-0001"))
    assert "Une des 2 factures est jointe à cette lettre." in some.text


def test_statement_of_a_letter_is_announced_apart():
    account = (line(1), line(2))
    wanted = draft("reminder_1", *account, key="k", medium="letter", account=account,
                   attachments=("invoices", "statement"))  # fmt: skip
    material = Material(attachments=(file(name="A"), file(name="B")))
    found = drafts_render([wanted], {"k": material}, organization_id=1, now=NOW)["k"]
    assert (
        "Les factures sont jointes à cette lettre. Un relevé de votre compte figure" in found.text
    )
    assert pages(found) == 4


def test_broken_invoice_stops_its_letter_and_is_named():
    found = rendered(file(name="FA2026-0001"), file(password="x", name="FA2026-0002"))
    assert isinstance(found, Sentence)
    assert found.code == "letter.enclosure_locked"
    assert "FA2026-0002" in str(found)


@pytest.mark.django_db
def test_stored_invoice_goes_with_its_letter():
    creditor = factories.creditor(factories.organization())
    customer = factories.customer(creditor)
    installment = factories.invoice(customer)
    content = file(3).content
    InvoiceDocument.objects.create(
        organization=creditor.organization, invoice=installment.invoice, filename="x.pdf",
        content=content, sha256="0" * 64,
    )  # fmt: skip
    case = factories.case(customer)
    lines = (line(installment.invoice_id),)
    wanted = draft("reminder_1", *lines, key="k", case=case, medium="letter",
                   creditor_id=creditor.id, attachments=("invoices",))  # fmt: skip
    done = messages_freeze(creditor.organization_id, [wanted], now=NOW)
    message = type(case).objects.get().messages.get(id=done["k"])
    assert len(PdfReader(io.BytesIO(bytes(message.content))).pages) == 4
