"""Payouts in the console: what they are made of, whose is what, entered once and undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.models import Case
from amiable.apps.payments.models import Payment, Payout, PayoutPart
from amiable.apps.payments.payouts import payouts_record
from amiable.core.payouts import PayoutPart as Part
from amiable.core.payouts import PayoutRow
from tests import factories
from tests.browser.portfolio import member
from tests.days import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_same_day")]
SAMPLE = Path(__file__).parents[1] / "samples" / "payouts_stripe" / "itemized.csv"


@pytest.fixture(autouse=True)
def _invariants_hold():
    yield
    assert broken_invariants() == []


@pytest.fixture
def owner():
    return factories.creditor(factories.organization())


@pytest.fixture
def client(owner):
    browser = Client()
    browser.force_login(member(owner.organization, "lea@example.org", "accountant"))
    browser.cookies["django_language"] = "en"
    return browser


def kept(owner, *parts: Part, net: int) -> Payout:
    row = PayoutRow(0, "stripe", "po_console1", "EUR", net, TODAY, parts)
    payouts_record(owner.organization_id, [row], source="test", on=TODAY, actor="test")
    return Payout.objects.get()


def payout_objects(case: Case) -> dict[str, int]:
    """A payout with a payment that is on no account, for the tests of addresses."""
    parts = (Part("t1", "payment", 10_000, 200),)
    row = PayoutRow(0, "stripe", "po_1", "EUR", 9_800, TODAY, parts)
    payouts_record(case.organization_id, [row], source="test", on=TODAY, actor="test")
    part = PayoutPart.objects.get(payout__organization=case.organization_id)
    return {"payout_id": part.payout_id, "part_id": part.pk}


def test_a_payment_made_past_us_is_entered_from_its_payout_and_undone(owner, client):
    debtor = factories.customer(owner)
    factories.invoice(debtor, "FA-2041", total_minor=10_000)
    payout = kept(owner, Part("t1", "payment", 10_000, 200, "pi_1", TODAY, "FA-2041"), net=9_800)
    page = f"/bank/payouts/{payout.pk}/"
    (part,) = PayoutPart.objects.all()
    assert "FA-2041" in client.get(page).content.decode()
    chosen = client.get(page, {"part": part.pk, "q": debtor.name}).content.decode()
    assert f'action="/bank/payouts/parts/{part.pk}/settle/"' in chosen
    asked = {"customer": debtor.pk, "next": page}
    for _ in range(2):  # the second time it is there already
        answer = client.post(f"/bank/payouts/parts/{part.pk}/settle/", asked)
        assert answer.headers["Location"] == page
    assert Payment.objects.count() == 1
    # The customer's history leads to the payout.
    assert page in client.get(f"/customers/{debtor.pk}/").content.decode()
    client.post(f"/bank/payouts/parts/{part.pk}/undo/", {"next": page})
    part.refresh_from_db()
    assert part.payment is None
    assert (
        client.post(f"/bank/payouts/parts/{part.pk}/settle/", {"customer": "x"}).status_code == 302
    )
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("state", ["", "late", "on_its_way", "arrived", "failed", "differs", "x"])
def test_payouts_are_listed_by_where_they_stand(owner, client, state):
    assert client.get("/bank/payouts/", {"state": state}).status_code == 200
    kept(owner, Part("t1", "payment", 10_000, 200), net=9_801)
    page = client.get("/bank/payouts/", {"state": state}).content.decode()
    assert ("po_console1" in page) == (state in {"", "on_its_way", "differs", "x"})


def test_a_report_is_imported_from_the_page_of_imports(owner, client):
    for count in (1, 2):
        with SAMPLE.open("rb") as file:
            answer = client.post("/imports/file/", {"kind": "payouts", "file": file})
        assert answer.status_code in {200, 302}, count
    assert Payout.objects.count() == 2
    assert PayoutPart.objects.count() == 6
