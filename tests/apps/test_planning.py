"""The planning tick: what is due is written once, explained, and undone when the facts change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amiable.apps.cases.models import Case, Dispute, Hold, Promise
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import default_scenario, plan_preview, plan_tick
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.services import installments_settle
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def creditor():
    return factories.creditor(factories.organization())


@pytest.fixture
def debtor(creditor):
    return factories.customer(creditor)


def tick(organization_id: int, on=TODAY):
    Case.objects.filter(organization_id=organization_id).update(next_plan_on=on)
    return plan_tick(organization_id, on=on)


def settle(installment, amount_minor: int, on=TODAY):
    """The books say it is paid: the simplest way for a fact to change."""
    Entry.objects.create(
        organization=installment.organization,
        customer=installment.customer,
        installment=installment,
        kind=Entry.Kind.BOOKS,
        amount_minor=-amount_minor,
        on_date=on,
        source="test",
    )
    installments_settle(installment.organization_id, [installment.id], on=on)


def test_an_overdue_invoice_gets_its_reminder_and_the_reason_is_kept(debtor):
    factories.invoice(debtor, due=TODAY - timedelta(days=1))
    counts = tick(debtor.organization_id)
    action = Action.objects.get()
    assert counts.added == 1
    assert (action.step, action.medium, action.state) == ("reminder_1", "email", "approved")
    assert action.reasons[0]["code"] == "plan.step_fits"
    assert list(action.items.values_list("step", flat=True)) == ["reminder_1"]


def test_planning_twice_writes_nothing_the_second_time(debtor):
    factories.invoice(debtor, due=TODAY - timedelta(days=1))
    tick(debtor.organization_id)
    before = list(Action.objects.values())
    counts = tick(debtor.organization_id)
    assert (counts.added, counts.cancelled, counts.kept) == (0, 0, 1)
    assert list(Action.objects.values()) == before


def test_a_paid_invoice_cancels_its_pending_reminder_with_the_reason(debtor):
    installment = factories.invoice(debtor, due=TODAY - timedelta(days=1))
    tick(debtor.organization_id)
    settle(installment, 120_000)
    tick(debtor.organization_id)
    action = Action.objects.get()
    assert action.state == "cancelled"
    assert action.outcome[0]["code"] == "stop.settled"


def test_a_dispute_cancels_and_its_end_brings_a_new_occurrence(debtor):
    installment = factories.invoice(debtor, due=TODAY - timedelta(days=1))
    tick(debtor.organization_id)
    dispute = Dispute.objects.create(
        organization=debtor.organization,
        case=factories.case(debtor),
        installment=installment,
        reason="price",
        opened_on=TODAY,
    )
    tick(debtor.organization_id)
    assert Action.objects.get().outcome[0]["code"] == "stop.disputed"
    dispute.closed_on = TODAY
    dispute.save()
    tick(debtor.organization_id)
    assert list(Action.objects.order_by("id").values_list("state", "occurrence")) == [
        ("cancelled", 1),
        ("approved", 2),
    ]


@pytest.mark.parametrize("model", [Hold, Promise])
def test_a_hold_or_a_promise_stops_the_case_and_dates_the_next_look(debtor, model):
    factories.invoice(debtor, due=TODAY - timedelta(days=1))
    until = TODAY + timedelta(days=10)
    fields = (
        {"reason": "talks", "starts_on": TODAY, "ends_on": until, "placed_by": "a@b.example"}
        if model is Hold
        else {"amount_minor": 120_000, "made_on": TODAY, "due_on": until, "grace_days": 0}
    )
    case = factories.case(debtor)
    model.objects.create(organization=debtor.organization, case=case, **fields)
    tick(debtor.organization_id)
    case.refresh_from_db()
    assert Action.objects.count() == 0
    assert case.next_plan_on >= until + timedelta(days=1)


def test_a_formal_notice_waits_for_approval_and_a_call_for_a_person(creditor):
    first, second = (factories.customer(creditor, code) for code in ("C1", "C2"))
    old = factories.invoice(first, "A1", due=TODAY - timedelta(days=100))
    factories.invoice(second, "A2", due=TODAY - timedelta(days=4))
    second.points.create(organization=creditor.organization, kind="phone", value="+33199000001")
    action = Action.objects.create(
        organization=creditor.organization,
        case=factories.case(first),
        key="past",
        scenario=default_scenario(creditor.organization_id),
        step="last_email",
        occurrence=1,
        medium="email",
        stage="firm",
        due_on=TODAY - timedelta(days=20),
        planned_on=TODAY - timedelta(days=20),
        closed_on=TODAY - timedelta(days=20),
        state="done",
    )
    action.items.create(
        organization=creditor.organization, installment=old, step="last_email", open_minor=1
    )
    tick(creditor.organization_id)
    states = dict(Action.objects.exclude(id=action.id).values_list("step", "state"))
    assert states == {"formal_notice": "to_approve", "call_1": "todo"}


def test_the_number_of_queries_does_not_grow_with_the_cases(
    creditor, django_assert_max_num_queries
):
    for number in range(60):
        debtor = factories.customer(creditor, f"C{number}")
        for piece in range(3):
            factories.invoice(debtor, f"F{number}-{piece}", due=TODAY - timedelta(days=1 + piece))
    with django_assert_max_num_queries(43):
        counts = tick(creditor.organization_id)
    assert counts.cases == 60


def test_a_day_with_nothing_due_costs_two_queries(debtor, django_assert_max_num_queries):
    factories.invoice(debtor, due=TODAY + timedelta(days=90))
    tick(debtor.organization_id)
    with django_assert_max_num_queries(5):
        assert plan_tick(debtor.organization_id, on=TODAY).cases == 0


def test_the_dry_run_writes_nothing_and_explains_everyone(debtor):
    factories.invoice(debtor, "LATE", due=TODAY - timedelta(days=1))
    factories.invoice(debtor, "SOON", due=TODAY + timedelta(days=40))
    (case,) = list(plan_preview(debtor.organization_id, on=TODAY))
    assert [action.step.code for action in case.plan.actions] == ["reminder_1"]
    assert [skip.sentence.code for skip in case.plan.skips] == ["plan.not_yet"]
    assert Action.objects.count() == 0


def test_another_organization_is_never_planned(debtor):
    other = factories.customer(factories.creditor(factories.organization("other")))
    factories.invoice(other, due=TODAY - timedelta(days=1))
    tick(debtor.organization_id)
    assert Action.objects.count() == 0
