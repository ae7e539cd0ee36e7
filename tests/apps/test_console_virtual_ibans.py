"""The pages of virtual IBANs: the pool, one with its history, a customer's own, imports, alerts."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from amiable.apps.payments.models import VirtualIban, VirtualIbanAssignment, VirtualIbanPolicy
from amiable.apps.tenants.models import Membership, User
from tests import factories
from tests.apps.test_virtual_ibans import give, ibans, take

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate()


def member(org, role: str) -> Client:
    user = User.objects.create_user(username=role, email=f"{role}@acme.example", password="x")
    Membership.objects.create(organization=org, user=user, role=role)
    http = Client()
    http.cookies["django_language"] = "en"
    http.force_login(user)
    return http


@pytest.fixture
def owner():
    return factories.creditor(factories.organization())


@pytest.fixture
def http(owner) -> Client:
    return member(owner.organization, "manager")


def shown(http: Client, path: str) -> str:
    response = http.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def test_an_empty_pool_teaches_and_leads_to_the_import(http):
    page = shown(http, "/bank/virtual-ibans/")
    assert 'href="/imports/?kind=virtual_ibans"' in page
    assert 'class="blank"' in page


def test_a_pool_is_handed_in_checked_imported_and_listed(http, owner):
    content = "IBAN virtuel\n" + "\n".join(ibans(3)) + "\n"

    def hand_in(**more):
        upload = SimpleUploadedFile("pool.csv", content.encode(), "text/csv")
        return http.post("/imports/file/", {"kind": "virtual_ibans", "file": upload, **more})

    assert hand_in(check="yes").status_code == 200
    assert not VirtualIban.objects.exists()
    assert hand_in().status_code == 302
    assert VirtualIban.objects.count() == 3
    page = shown(http, "/bank/virtual-ibans/?state=free")
    assert page.count('class="row-title iban"') == 3


def test_the_list_costs_the_same_for_many(http, owner, django_assert_max_num_queries):
    take(owner, ibans(60), on=today())
    for row in VirtualIban.objects.all()[:40]:
        give(row, factories.customer(owner, f"C{row.pk}", email=""), on=today())
    with django_assert_max_num_queries(22):
        page = shown(http, "/bank/virtual-ibans/")
    assert page.count('class="row-title iban"') == 50
    assert shown(http, "/bank/virtual-ibans/?page=2").count('class="row-title iban"') == 10


def test_an_iban_is_assigned_by_code_ended_and_remembers(http, owner):
    take(owner, ibans(1), on=today())
    row, debtor = VirtualIban.objects.get(), factories.customer(owner, payer_group="Groupe Duval")
    path = f"/bank/virtual-ibans/{row.pk}/"
    http.post(f"{path}assign/", {"customer": "nobody"})
    assert not VirtualIbanAssignment.objects.exists()
    http.post(f"{path}assign/", {"customer": "c001"})
    held = VirtualIbanAssignment.objects.get()
    assert (held.customer_id, held.assigned_by) == (debtor.pk, "manager@acme.example")
    assert "outlet of Groupe Duval" in shown(http, path)
    http.post(f"/bank/virtual-ibans/held/{held.pk}/end/", {"next": path})
    held.refresh_from_db()
    assert (held.until_on, held.ended_by) == (today(), "manager@acme.example")
    other = factories.customer(owner, "C002", name="Noël", email="")
    http.post(f"{path}assign/", {"customer": "C002"})
    assert not VirtualIbanAssignment.objects.filter(customer=other).exists()
    assert http.post(f"/bank/virtual-ibans/held/{held.pk + 99}/end/").status_code == 404


def test_a_customers_file_gives_one_for_an_invoice(http, owner):
    take(owner, ibans(2), on=today())
    debtor = factories.customer(owner)
    item = factories.invoice(debtor)
    path = f"/customers/{debtor.pk}/"
    assert 'id="give-iban"' in shown(http, path)
    row = VirtualIban.objects.order_by("id").first()
    http.post(f"{path}virtual-iban/", {"virtual_iban": row.pk, "invoice": item.invoice_id})
    assert VirtualIbanAssignment.objects.get().invoice_id == item.invoice_id
    page = shown(http, path)
    assert page.count("virtual-ibans/held/") == 1
    assert item.invoice.number in page


def test_the_policy_is_a_managers(http, owner):
    told = {"creditor": owner.pk, "assign": "customer", "quarantine_days": 200}
    accountant = member(owner.organization, "accountant")
    assert accountant.post("/bank/virtual-ibans/policy/", told).status_code == 403
    http.post("/bank/virtual-ibans/policy/", {**told, "quarantine_days": 9999})
    assert not VirtualIbanPolicy.objects.exists()
    http.post("/bank/virtual-ibans/policy/", told)
    row = VirtualIbanPolicy.objects.get()
    assert (row.assign, row.quarantine_days) == ("customer", 200)
    assert http.post("/bank/virtual-ibans/policy/", {**told, "creditor": 0}).status_code == 404


def test_a_pool_that_runs_low_is_said_where_people_look(http, owner):
    take(owner, ibans(3), on=today() - timedelta(days=1))
    factories.invoice(factories.customer(owner))
    link = 'href="/bank/virtual-ibans/"'
    assert "running low" not in shown(http, "/bank/virtual-ibans/")
    assert link not in shown(http, "/")
    VirtualIbanPolicy.objects.create(
        organization=owner.organization, creditor=owner, assign="customer"
    )
    assert "running low" in shown(http, "/bank/virtual-ibans/")
    assert link in shown(http, "/")


def test_readers_look_and_change_nothing(owner):
    take(owner, ibans(1), on=today())
    reader, row = member(owner.organization, "reader"), VirtualIban.objects.get()
    assert "<form" not in shown(reader, f"/bank/virtual-ibans/{row.pk}/").partition("<main")[2]
    for path in ("fetch/", f"{row.pk}/assign/", "held/1/end/", "policy/"):
        assert reader.post(f"/bank/virtual-ibans/{path}").status_code == 403


def test_another_organization_sees_nothing(http, owner):
    stranger = factories.creditor(factories.organization("other"))
    take(stranger, ibans(1), on=today())
    row = VirtualIban.objects.get()
    assert http.get(f"/bank/virtual-ibans/{row.pk}/").status_code == 404
    factories.customer(owner)
    http.post(f"/bank/virtual-ibans/{row.pk}/assign/", {"customer": "C001"})
    assert not VirtualIbanAssignment.objects.exists()


def test_asking_the_provider_says_what_went_wrong(http, settings):
    settings.VIRTUAL_IBAN_URLS = ["swan+http://me:s@127.0.0.1:1/acc"]
    assert 'action="/bank/virtual-ibans/fetch/"' in shown(http, "/bank/virtual-ibans/")
    response = http.post("/bank/virtual-ibans/fetch/", follow=True)
    assert "does not answer" in response.content.decode()
