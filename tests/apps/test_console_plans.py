"""Plans in the console: the policy is set, a proposal decided, a plan offered and changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from amiable.apps.cases.models import Case, PaymentPlan, PlanPolicy, PlanProposal, Promise
from amiable.apps.cases.policies import policy_data
from amiable.core.plans import Policy
from amiable.core.workdays import next_workday
from tests import factories
from tests.browser.portfolio import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.invoice(debtor, total_minor=120_000)
    return Case.objects.get()


@pytest.fixture
def client(case) -> Client:
    client = Client()
    client.force_login(member(case.organization, "camille@acme.example", "manager"))
    return client


def day(ahead: int) -> str:
    return next_workday(timezone.localdate() + timedelta(days=ahead)).isoformat()


def test_a_policy_is_set_replaced_and_removed_by_a_manager(client, case):
    values = {**policy_data(Policy("automatic")), "most_minor": "5 000", "first_minor": "50,00"}
    sent = {**values, "creditor": "", "segment": "large", "charges_interest": ""}
    client.post("/plans/policies/set/", sent)
    row = PlanPolicy.objects.get()
    assert (row.segment, row.mode, row.most_minor, row.first_minor) == (
        "large", "automatic", 500_000, 5_000,
    )  # fmt: skip
    client.post("/plans/policies/set/", {**sent, "mode": "off"})
    assert PlanPolicy.objects.get().mode == "off"
    client.post("/plans/policies/set/", {**sent, "most_parts": "1"})
    assert PlanPolicy.objects.get().most_parts == 4
    assert client.get("/plans/policies/").status_code == 200
    client.post(f"/plans/policies/{row.pk}/remove/")
    assert not PlanPolicy.objects.exists()
    client.force_login(member(case.organization, "ines@acme.example", "collector"))
    assert client.post("/plans/policies/set/", sent).status_code == 403


def test_a_proposal_is_approved_then_changed_and_the_file_shows_all(client, case):
    proposal = PlanProposal.objects.create(
        organization=case.organization, case=case, state="waiting", amount_minor=120_000,
        parts=[[day(7), 60_000], [day(40), 60_000]], terms=policy_data(Policy("approval")),
        asked_on=timezone.localdate(), asked_by="portal", text="Signed text",
    )  # fmt: skip
    file = f"/customers/{case.customer_id}/"
    assert "Signed text" in client.get(file).content.decode()
    client.post(f"/plans/proposals/{proposal.pk}/", {"verdict": "approve"})
    plan = PaymentPlan.objects.get()
    terms = {"case": case.pk, "amount": "1200", "count": "3", "first_on": day(9), "every": "month"}
    client.post(f"/plans/{plan.pk}/change/", terms)
    assert PaymentPlan.objects.get(replaces=plan).instalments.count() == 3
    assert Promise.objects.filter(cancelled_on=None).count() == 3
    assert client.get(file).status_code == 200


def test_a_plan_is_offered_and_the_offer_withdrawn(client, case):
    terms = {"case": case.pk, "amount": "1200", "count": "2", "first_on": day(9), "every": "month"}
    client.post("/plans/offer/", {**terms, "note": "Deux fois"})
    offered = PlanProposal.objects.get()
    assert (offered.state, offered.answer, len(offered.parts)) == ("offered", "Deux fois", 2)
    assert not Promise.objects.exists()
    client.post(f"/plans/proposals/{offered.pk}/withdraw/")
    offered.refresh_from_db()
    assert offered.state == "withdrawn"
