"""The customer's file says what comes next, what stops it, and what was not kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from amiable.apps.cases import services
from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.dunning.services import call_record, plan_tick, send_tick, task_record
from amiable.apps.insights.alerts import alerts
from amiable.apps.insights.case_decision import decisions
from amiable.apps.insights.customer_file import customer_file, positions_decide
from amiable.core.schedules import PlanPart
from amiable.core.workdays import add_workdays
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "claire@vauban.example"}
NEXT = TODAY + timedelta(days=7)


@pytest.fixture
def case():
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.invoice(debtor)
    return Case.objects.get()


def decision(case: Case, on=TODAY):
    return decisions(case.organization_id, [case.id], on=on)[case.id]


def position(case: Case, on=TODAY):
    file = customer_file(case.organization_id, case.customer_id, on)
    positions_decide(case.organization_id, file, on=on)
    return file.positions[0]


def send(case: Case) -> None:
    plan_tick(case.organization_id, on=TODAY)
    noon = timezone.make_aware(timezone.datetime.combine(TODAY, timezone.datetime.min.time()))
    send_tick(case.organization_id, now=noon + timedelta(hours=12))


def test_what_is_due_today_is_a_contact_and_then_the_next_step_has_a_day(case):
    assert decision(case).kind == "contact"
    send(case)
    later = decision(case)
    assert later.kind == "waits"
    assert later.upcoming.on > TODAY
    assert later.upcoming.items == 1
    assert later.upcoming.amount_minor == 120_000
    (item,) = later.items.values()
    assert [taken.on for taken in item.taken] == [TODAY]
    assert item.taken[0].medium == "email"
    assert not item.is_stopped


def test_a_case_without_debt_has_nothing_to_do(case):
    debtor = factories.customer(case.customer.creditor, "C002")
    assert decision(factories.case(debtor)).kind == "idle"


def test_a_hold_stops_the_case_and_says_what_comes_after_it(case):
    services.hold_place(case.organization_id, case.id, reason="talks", ends_on=NEXT, **WHO)
    stopped = decision(case)
    assert stopped.kind == "stopped"
    assert [each.code for each in stopped.why] == ["stop.held"]
    assert stopped.other_why == ()  # the hold is shown by itself, with its button
    assert stopped.upcoming.on == add_workdays(NEXT, 1)


def test_old_bank_data_stops_the_case_and_asks_for_a_statement(case):
    case.organization.bank_data_max_age_days = 2
    case.organization.save()
    stopped = decision(case)
    assert [each.code for each in stopped.other_why] == ["stop.no_bank"]
    assert stopped.upcoming is not None  # once a statement has come


def test_an_item_wholly_promised_is_promised_and_one_in_part_is_still_asked_for(case):
    services.promise_record(
        case.organization_id, case.id, amount_minor=120_000, due_on=NEXT, **WHO
    )  # fmt: skip
    (row,) = position(case).items
    assert (row.state, row.decision.is_stopped) == ("promised", True)
    debtor = factories.customer(case.customer.creditor, "C002")
    factories.invoice(debtor, "F2")
    other = factories.case(debtor)
    services.promise_record(case.organization_id, other.id, amount_minor=50_000, due_on=NEXT, **WHO)
    (row,) = position(other).items
    assert (row.state, row.decision.covered_minor) == ("overdue", 50_000)
    assert not row.decision.is_covered


def test_an_item_in_a_plan_says_so(case):
    parts = [PlanPart(NEXT, 60_000), PlanPart(NEXT + timedelta(days=7), 60_000)]
    services.plan_record(case.organization_id, case.id, instalments=parts, **WHO)
    place = position(case)
    assert place.items[0].state == "planned"
    assert place.claimable.plan_minor == 0


def test_a_dispute_in_part_leaves_the_rest_chased(case):
    item = case.customer.invoices.first().installments.first()
    services.dispute_open(case.organization_id, item.id, reason="price", amount_minor=20_000, **WHO)
    (row,) = position(case).items
    assert (row.state, row.disputed_part_minor) == ("overdue", 20_000)
    (action,) = decision(case).actions
    assert action.items[0].open_minor == 100_000


def test_the_history_tells_the_day_a_promise_broke_and_what_had_come(case):
    services.promise_record(
        case.organization_id, case.id, amount_minor=50_000, due_on=NEXT, **WHO
    )  # fmt: skip
    over = NEXT + timedelta(days=10)
    file = customer_file(case.organization_id, case.customer_id, over)
    broken = next(entry for entry in file.history if entry.kind == "broken")
    assert broken.on == NEXT + timedelta(days=4)
    assert (broken.facts["received_minor"], broken.facts["amount_minor"]) == (0, 50_000)
    assert not any(
        entry.kind == "broken"
        for entry in customer_file(case.organization_id, case.customer_id, NEXT).history
    )


def test_what_is_noted_of_a_customer_with_two_currencies_is_told_once(case):
    factories.invoice(case.customer, "F-USD", currency="USD")
    services.customer_fact_set(case.organization_id, case.customer_id, "score", value=40, **WHO)
    file = customer_file(case.organization_id, case.customer_id, TODAY)
    assert [entry.facts["about"] for entry in file.history if entry.kind == "noted"] == [
        "customer.score"
    ]


def test_the_history_names_the_task_and_the_result_of_a_call(case):
    scenario = default_scenario(case.organization_id)
    steps = [
        {"code": "call", "offset_days": 1, "medium": "phone", "stage": "friendly",
         "name": "First call"},
        {"code": "ask", "offset_days": 2, "medium": "task", "stage": "firm",
         "name": "Ask the sales owner", "task": "ask_sales_owner"},
    ]  # fmt: skip
    scenario.definition = {"code": "calls", "version": 1, "name": "Calls", "steps": steps}
    scenario.save()
    common = {"organization_id": case.organization_id, "case": case, "scenario": scenario}
    rows = [
        Action.objects.create(
            key=code, step=code, occurrence=1, medium=medium, stage="firm", due_on=TODAY,
            planned_on=TODAY, state="todo", **common,
        )
        for code, medium in (("call", "phone"), ("ask", "task"))
    ]  # fmt: skip
    call_record(case.organization_id, rows[0].pk, result="no_answer", **WHO)
    task_record(case.organization_id, rows[1].pk, done=True, note="paid tomorrow", **WHO)
    file = customer_file(case.organization_id, case.customer_id, TODAY)
    told = {entry.facts["medium"]: entry.facts for entry in file.history if entry.kind == "call"}
    assert (told["phone"]["name"], told["phone"]["result"]) == ("First call", "no_answer")
    assert told["task"]["name"] == "Ask the sales owner"
    assert told["task"]["outcome"][0]["params"]["note"] == "paid tomorrow"
    assert told["phone"]["outcome"][0]["code"] == "action.call_made"


def test_promises_broken_of_late_are_an_alert_while_something_is_owed(case):
    services.promise_record(
        case.organization_id, case.id, amount_minor=50_000, due_on=NEXT, **WHO
    )  # fmt: skip
    day = NEXT + timedelta(days=4)

    def found(on):
        return [a for a in alerts(case.organization_id, on) if a.code == "broken_promises"]

    assert found(NEXT) == []
    (alert,) = found(day)
    assert (alert.count, alert.customers[0].name) == (1, case.customer.name)
    assert found(day + timedelta(days=6))
    assert found(day + timedelta(days=7)) == []
    assert not [a for a in alerts(factories.organization("x").id, day) if a.count]


def test_decisions_of_many_cases_cost_as_much_as_of_one(case, django_assert_max_num_queries):
    for number in range(8):
        debtor = factories.customer(case.customer.creditor, f"C1{number}")
        factories.invoice(debtor, f"F{number}")
    ids = list(Case.objects.values_list("id", flat=True))
    with django_assert_max_num_queries(30):
        assert len(decisions(case.organization_id, ids, on=TODAY)) == 9
