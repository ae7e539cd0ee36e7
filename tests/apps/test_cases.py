"""Pauses, disputes and promises are dated facts that wake the planner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.cases import services
from amiable.apps.cases.models import Case, Dispute, Hold
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "claire@vauban.example"}


@pytest.fixture
def installment():
    debtor = factories.customer(factories.creditor(factories.organization()))
    row = factories.invoice(debtor)
    Case.objects.update(next_plan_on=None)
    return row


def test_a_hold_wakes_the_planner_and_is_told_in_the_file(installment):
    case = Case.objects.get()
    services.hold_place(case.organization_id, case.id, reason="talks", **WHO)
    case.refresh_from_db()
    assert case.next_plan_on == TODAY
    assert list(Event.objects.values_list("kind", "case_id")) == [("hold.placed", case.id)]


def test_a_hold_lifted_is_over_on_the_same_day(installment):
    case = Case.objects.get()
    hold_id = services.hold_place(case.organization_id, case.id, reason="talks", **WHO)
    assert services.hold_lift(case.organization_id, hold_id, **WHO)
    assert Hold.objects.get().ends_on == TODAY - timedelta(days=1)
    assert not services.hold_lift(case.organization_id, hold_id, **WHO)


def test_a_second_dispute_on_the_same_invoice_is_the_first_one(installment):
    organization_id = installment.organization_id
    first = services.dispute_open(organization_id, installment.id, reason="price", **WHO)
    second = services.dispute_open(organization_id, installment.id, reason="quality", **WHO)
    assert first == second
    assert services.dispute_close(organization_id, first, outcome="credit note", **WHO)
    assert Dispute.objects.get().closed_on == TODAY


@pytest.mark.parametrize(
    ("amount", "due"), [(0, TODAY), (-5, TODAY), (100, TODAY - timedelta(days=1))]
)
def test_a_promise_without_sense_is_refused_with_a_sentence(installment, amount, due):
    case = Case.objects.get()
    with pytest.raises(services.CaseError) as refusal:
        services.promise_record(
            case.organization_id, case.id, amount_minor=amount, due_on=due, **WHO
        )
    assert refusal.value.sentence.code.startswith("case.")


def test_another_organization_cannot_touch_the_case(installment):
    stranger = factories.organization("stranger")
    case = Case.objects.get()
    with pytest.raises(services.CaseError):
        services.hold_place(stranger.id, case.id, reason="talks", **WHO)
    with pytest.raises(services.CaseError):
        services.dispute_open(stranger.id, installment.id, reason="price", **WHO)
    assert Hold.objects.count() == Dispute.objects.count() == 0
