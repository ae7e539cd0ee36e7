"""Links to the payment page on a customer's file: shown, made, revoked, and told in the history."""

from __future__ import annotations

import pytest
from django.test import Client

from amiable.apps.cases.links import link_find, link_used
from amiable.apps.cases.models import PaymentLink
from amiable.apps.insights.timeline import timeline
from amiable.apps.receivables.models import Installment
from tests import factories
from tests.apps.portal_pages import owing, path_of, today
from tests.browser.portfolio import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return owing()


@pytest.fixture
def client(case) -> Client:
    browser = Client()
    browser.force_login(member(case.organization, "lea@vauban.example", "collector"))
    return browser


def file(client: Client, case) -> str:
    response = client.get(f"/customers/{case.customer_id}/")
    assert response.status_code == 200
    return response.content.decode()


def test_a_link_is_made_shown_and_revoked(client, case):
    assert "Pas encore de lien" in file(client, case)
    assert client.post("/links/", {"case": case.id}).status_code == 302
    link = PaymentLink.objects.get()
    assert f'id="link-{link.id}"' in file(client, case)
    assert "/p/" in file(client, case)
    client.post("/links/revoke/", {"case": case.id, "link": link.id})
    assert f'id="link-{link.id}"' not in file(client, case)
    assert "Révoqué" in file(client, case)
    link.refresh_from_db()
    assert link.revoked_by == "lea@vauban.example"


def test_a_link_for_one_invoice_says_so(client, case):
    invoice = Installment.objects.filter(customer=case.customer).first().invoice_id
    client.post("/links/", {"case": case.id, "invoice": invoice})
    assert PaymentLink.objects.get().invoice_id == invoice
    assert "FA-1" in file(client, case)


def test_all_links_of_a_case_are_revoked_together(client, case):
    for _ in range(3):
        path_of(case)
    client.post("/links/revoke/", {"case": case.id})
    assert not PaymentLink.objects.filter(revoked_on=None).exists()


def test_the_history_tells_when_the_page_was_used(client, case):
    token = path_of(case).split("/")[2]
    link_used(link_find(token, on=today()), on=today())
    entries = timeline(case.organization_id, case.customer_id, [case.id])
    assert [entry.kind for entry in entries] == ["link_used"]
    assert "Page de paiement utilisée" in file(client, case)


def test_readers_see_no_address_and_change_nothing(case):
    reader = Client()
    reader.force_login(member(case.organization, "rea@vauban.example", "reader"))
    path = path_of(case)
    assert path not in file(reader, case)
    assert reader.post("/links/", {"case": case.id}).status_code == 403
    assert reader.post("/links/revoke/", {"case": case.id}).status_code == 403


def test_another_organization_reaches_nothing(client, case):
    theirs = owing(org=factories.organization("other"))
    path_of(theirs)
    client.post("/links/", {"case": theirs.id})
    client.post("/links/revoke/", {"case": theirs.id})
    assert PaymentLink.objects.get().revoked_on is None
