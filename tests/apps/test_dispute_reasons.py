"""The reasons that a creditor words are offered, and taken, wherever a dispute is opened."""

from __future__ import annotations

import pytest
from django.utils import timezone

from amiable.apps.cases.dispute_reasons import ReasonRow, reason_set
from amiable.apps.cases.models import Dispute
from amiable.apps.customers.models import Customer
from tests import factories
from tests.apps import mails, test_console_calls, test_console_replies

pytestmark = pytest.mark.django_db
org, calls = test_console_calls.org, test_console_calls.calls


def worded(creditor_id: int, organization_id: int) -> str:
    row = ReasonRow("", "Taux de TVA faux", "Wrong VAT rate", "", is_active=True, is_shipped=False)
    on = timezone.localdate()
    return reason_set(organization_id, creditor_id, row, on=on, actor="test")


def test_a_call_opens_a_dispute_for_a_reason_of_the_creditor(client, org, calls):
    creditor_id = Customer.objects.values_list("creditor_id", flat=True).first()
    code = worded(creditor_id, org.pk)
    test_console_calls.signed_in(client, org)
    address = f"/calls/{calls[0].pk}/"
    assert f'value="{code}"' in client.get(address).content.decode()
    sent = {"result": "dispute", "invoice": "FA-1", "reason": code}
    client.post(f"{address}close/", sent)
    assert Dispute.objects.get().reason == code


def test_an_answer_opens_a_dispute_for_a_reason_of_the_creditor(client, org):
    debtor = factories.customer(factories.creditor(org))
    item = factories.invoice(debtor, due=timezone.localdate())
    code = worded(debtor.creditor_id, org.pk)
    row = test_console_replies.received(org, mails.reply())
    test_console_replies.signed_in(client, org)
    assert f'value="{code}"' in client.get(f"/replies/{row.pk}/").content.decode()
    sent = {"verdict": "dispute", "invoice": item.invoice.number, "reason": "nobody_knows_it"}
    client.post(f"/replies/{row.pk}/decide/", sent)
    assert not Dispute.objects.exists()
    client.post(f"/replies/{row.pk}/decide/", {**sent, "reason": code})
    assert Dispute.objects.get().reason == code


def test_the_quick_form_of_a_call_offers_the_reasons_of_the_creditor(client, org, calls):
    creditor_id = Customer.objects.values_list("creditor_id", flat=True).first()
    code = worded(creditor_id, org.pk)
    test_console_calls.signed_in(client, org)
    page = client.get(f"/customers/{calls[0].case.customer_id}/").content.decode()
    assert f'value="{code}"' in page[page.index("call-reason-") :]
    sent = {"result": "dispute", "invoice": "FA-1", "reason": code}
    client.post(f"/actions/{calls[0].pk}/call/", sent)
    assert Dispute.objects.get().reason == code
