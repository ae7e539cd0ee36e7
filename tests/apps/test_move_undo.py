"""A move of many customers is taken back whole: scenario, version, choice and what waited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.models import Case
from amiable.apps.dunning.enrollment.enrollments import (
    CaseFilter,
    enrollment_choose,
    enrollments_move,
)
from amiable.apps.dunning.enrollment.undoing import move_name, move_undo
from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.models import Action, Enrollment, Scenario
from amiable.apps.dunning.services import action_approve, cases_replan, plan_tick
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario import Step
from tests import factories
from tests.browser.portfolio import member
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "camille@acme.example"}


def scenario(code: str, step: str) -> Definition:
    ask = Step(step, 1, "email", "friendly", "reminder_1", approval="batch")
    return Definition(code, 1, code.title(), (ask,))


@pytest.fixture
def creditor():
    """Three late customers on a scenario whose step waits for a yes; another scenario beside."""
    owner = factories.creditor(factories.organization())
    organization = owner.organization
    scenario_import(organization.pk, scenario("calm", "ask"), make_default=True)
    scenario_import(organization.pk, scenario("firm", "demand"))
    for code in ("C1", "C2", "C3"):
        row = factories.customer(owner, code)
        factories.invoice(row, f"FA-{code}", due=TODAY - timedelta(days=2))
    Case.objects.update(next_plan_on=TODAY)
    plan_tick(organization.pk, on=TODAY)
    return owner


def moved(creditor, name: str) -> int:
    to = Scenario.objects.get(organization=creditor.organization, code="firm").pk
    count = enrollments_move(creditor.organization_id, CaseFilter(), to=to, name=name, **WHO)
    cases_replan(creditor.organization_id, _customers(), on=TODAY)
    return count


def _customers() -> list[int]:
    return list(Case.objects.values_list("customer_id", flat=True))


def states() -> list[tuple]:
    rows = Enrollment.objects.order_by("case_id")
    return list(rows.values_list("scenario__code", "is_manual", "started_on"))


def waiting() -> list[tuple]:
    rows = Action.objects.filter(state__in=Action.PENDING).order_by("case_id")
    return list(rows.values_list("step", "state", "occurrence"))


def test_a_move_is_taken_back_with_what_waited(creditor):
    first = Action.objects.order_by("id")[0]
    action_approve(creditor.organization_id, [first.pk], **WHO)
    before, pending = states(), waiting()
    assert {state for _, state, _ in pending} == {"approved", "to_approve"}
    name = move_name(creditor.organization_id)
    assert moved(creditor, name) == 3
    assert {step for step, _, _ in waiting()} == {"demand"}
    assert move_undo(creditor.organization_id, name, **WHO) == 3
    cases_replan(creditor.organization_id, _customers(), on=TODAY)
    assert (states(), waiting()) == (before, pending)
    assert move_undo(creditor.organization_id, name, **WHO) == 0
    assert broken_invariants() == []


def test_a_customer_changed_since_stays_where_it_is(creditor):
    name = move_name(creditor.organization_id)
    moved(creditor, name)
    chosen = Case.objects.order_by("id")[0]
    calm = Scenario.objects.get(organization=creditor.organization, code="calm")
    enrollment_choose(creditor.organization_id, chosen.pk, scenario_id=calm.pk, **WHO)
    assert move_undo(creditor.organization_id, name, **WHO) == 2
    assert Enrollment.objects.get(case=chosen).is_manual


def test_nobody_takes_back_a_move_of_another_organization_or_of_no_name(creditor):
    name = move_name(creditor.organization_id)
    moved(creditor, name)
    other = factories.organization("other")
    assert move_undo(other.pk, name, **WHO) == 0
    for wrong in ("", "x", "0-", f"{name}0", "9" * 30):
        assert move_undo(creditor.organization_id, wrong, **WHO) == 0
    assert Enrollment.objects.filter(scenario__code="firm").count() == 3


def test_a_call_agreed_with_a_customer_outlives_a_move(creditor):
    action = Action.objects.order_by("id")[0]
    Action.objects.filter(pk=action.pk).update(
        state="todo", medium="phone", due_on=TODAY + timedelta(days=3), retry_at="2026-11-23T14:00Z"
    )
    action.items.update(step="")  # a call that was agreed on is no step of its own
    moved(creditor, "0-x")
    action.refresh_from_db()
    assert (action.state, action.outcome) == ("todo", [])


def test_the_console_offers_the_way_back(creditor):
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(member(creditor.organization, "camille@acme.example", "manager"))
    firm = Scenario.objects.get(organization=creditor.organization, code="firm").pk
    page = client.post("/assignment/move/", {"to": firm}, follow=True).content.decode()
    assert "3 customers were moved" in page
    undo = page.partition('action="/assignment/move/undo/')[2].partition('"')[0]
    page = client.post(f"/assignment/move/undo/{undo}", follow=True).content.decode()
    assert "3 customers are back where they were" in page
    assert set(Enrollment.objects.values_list("scenario__code", flat=True)) == {"calm"}


def test_taking_back_costs_a_fixed_number_of_queries(creditor, django_assert_max_num_queries):
    name = move_name(creditor.organization_id)
    moved(creditor, name)
    with django_assert_max_num_queries(24):
        move_undo(creditor.organization_id, name, **WHO)


def test_a_yes_is_not_asked_for_again_when_the_other_scenario_had_planned_a_step_of_that_name(
    creditor,
):
    """Both scenarios have a step "ask", each its own: what waits is that of the scenario."""
    organization = creditor.organization
    step = Step("ask", 1, "email", "firm", "reminder_2", approval="batch")
    scenario_import(organization.pk, Definition("brisk", 1, "Brisk", (step,)))
    first = Action.objects.order_by("id")[0]
    action_approve(organization.pk, [first.pk], **WHO)
    before, pending = states(), waiting()
    to = Scenario.objects.get(organization=organization, code="brisk").pk
    for _ in range(2):
        name = move_name(organization.pk)
        assert enrollments_move(organization.pk, CaseFilter(), to=to, name=name, **WHO) == 3
        cases_replan(organization.pk, _customers(), on=TODAY)
        assert {state for _, state, _ in waiting()} == {"to_approve"}
        assert move_undo(organization.pk, name, **WHO) == 3
        cases_replan(organization.pk, _customers(), on=TODAY)
        assert states() == before
        assert [state for _, state, _ in waiting()] == [state for _, state, _ in pending]
    approved = Action.objects.get(state="approved")
    assert (approved.case_id, approved.decided_by) == (first.case_id, WHO["actor"])
    assert approved.items.count() == first.items.count() == 1
    assert broken_invariants() == []
