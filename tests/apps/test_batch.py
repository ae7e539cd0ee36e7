"""Confirming in a batch: what stands in it, who is left out and why, decisions and their undo."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from click.testing import CliRunner
from django.core.cache import cache
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases import services as cases
from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning import exclusions, queries, services
from amiable.apps.dunning.models import Action, Scenario
from amiable.apps.dunning.planning import default_scenario, plan_tick
from amiable.apps.dunning.writing import previews
from amiable.apps.messaging.models import Message
from amiable.apps.tenants.models import Organization
from amiable.core.money import Money
from amiable.core.scenario_data import scenario_to_json
from amiable.core.shipped import SME_STANDARD
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "camille@acme.example"}


def in_batch(organization: Organization, **policies) -> Scenario:
    """The standard, its emails and letters to be confirmed in a batch."""
    steps = tuple(
        step if step.stage == "formal" else replace(step, approval="batch")
        for step in SME_STANDARD.steps
    )
    row = default_scenario(organization.id)
    definition = scenario_to_json(replace(SME_STANDARD, steps=steps, **policies))
    Scenario.objects.filter(id=row.id).update(definition=definition)
    return row


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()


@pytest.fixture
def creditor():
    owner = factories.creditor(factories.organization())
    in_batch(owner.organization)
    return owner


def debtor(creditor, code, *, late=1, total_minor=120_000, **fields):
    row = factories.customer(creditor, code, name=f"Client {code}", **fields)
    factories.invoice(row, f"FA-{code}", total_minor=total_minor, due=TODAY - timedelta(days=late))
    return row


def tick(organization_id: int, on=TODAY):
    Case.objects.filter(organization_id=organization_id).update(next_plan_on=on)
    return plan_tick(organization_id, on=on)


def families(organization_id: int) -> dict[str, list[str]]:
    found = exclusions.exclusions(organization_id, on=TODAY)
    return {group.family: [row.customer_name for row in group.rows] for group in found.groups}


# -- what stands in it ---------------------------------------------------------------------------


def test_a_batch_is_grouped_by_step_with_count_and_amount(creditor):
    debtor(creditor, "C1", late=1)
    debtor(creditor, "C2", late=1, total_minor=80_000)
    debtor(creditor, "C3", late=9)
    tick(creditor.organization_id)
    groups = queries.batch_groups(creditor.organization_id, on=TODAY)
    seen = [(each.step, each.step_name, each.count, each.amounts) for each in groups]
    assert seen == [
        ("reminder_1", "First reminder", 2, (Money(200_000, "EUR"),)),
        ("reminder_2", "Second reminder", 1, (Money(120_000, "EUR"),)),
    ]
    assert [line.customer_name for line in groups[0].lines] == ["Client C1", "Client C2"]


def test_a_group_counts_all_and_shows_the_largest(creditor):
    for i in range(5):
        debtor(creditor, f"C{i}", total_minor=100_000 + i)
    factories.invoice(
        factories.customer(creditor, "U1"), "US-1", due=TODAY - timedelta(days=1), currency="USD"
    )
    tick(creditor.organization_id)
    (group,) = queries.batch_groups(creditor.organization_id, on=TODAY, limit=2)
    assert (group.count, len(group.lines)) == (6, 2)
    assert group.amounts == (Money(500_010, "EUR"), Money(120_000, "USD"))


def test_approvals_batches_and_calls_stand_in_their_own_tabs(creditor):
    first = debtor(creditor, "C1", late=1)
    second = debtor(creditor, "C2", late=4)
    ContactPoint.objects.create(
        organization=creditor.organization, customer=second, kind="phone", value="+33199000001"
    )
    tick(creditor.organization_id)
    Action.objects.create(
        organization=creditor.organization,
        case=factories.case(first),
        key="formal",
        scenario=default_scenario(creditor.organization_id),
        step="formal_notice",
        occurrence=1,
        medium="registered_letter",
        stage="formal",
        approval="manual",
        due_on=TODAY,
        planned_on=TODAY,
        state="to_approve",
    )
    counts = queries.agenda_counts(creditor.organization_id, on=TODAY)
    assert counts == {"approve": 1, "batch": 1, "calls": 1, "automatic": 0, "problems": 0}


def test_the_batch_costs_the_same_number_of_queries_for_any_number(
    creditor, django_assert_num_queries
):
    for i in range(30):
        debtor(creditor, f"C{i:02}", late=1 + 8 * (i % 2))
    tick(creditor.organization_id)
    with django_assert_num_queries(5):
        queries.batch_groups(creditor.organization_id, on=TODAY)


# -- who is left out, and why --------------------------------------------------------------------


def test_who_is_left_out_stands_under_the_reason(creditor):
    organization_id = creditor.organization_id
    debtor(creditor, "in")
    rows = {name: debtor(creditor, name) for name in ("promised", "disputed", "held", "insolvent")}
    debtor(creditor, "small", total_minor=500)
    debtor(creditor, "nowhere", email="", address_lines=[])
    debtor(creditor, "called", late=4)
    ContactPoint.objects.create(
        organization=creditor.organization,
        customer=debtor(creditor, "phone", late=4),
        kind="phone",
        value="+33199000001",
    )
    case_of = {name: factories.case(row) for name, row in rows.items()}
    cases.promise_record(
        organization_id,
        case_of["promised"].id,
        amount_minor=120_000,
        due_on=TODAY + timedelta(days=5),
        **WHO,
    )
    item = rows["disputed"].invoices.get().installments.get()
    cases.dispute_open(organization_id, item.id, reason="price", **WHO)
    cases.hold_place(organization_id, case_of["held"].id, reason="talks", **WHO)
    type(rows["insolvent"]).objects.filter(id=rows["insolvent"].id).update(insolvent_since=TODAY)
    factories.invoice(factories.customer(creditor, "later"), "L1", due=TODAY + timedelta(days=40))
    tick(organization_id)
    found = families(organization_id)
    assert found == {
        "unreachable": ["Client called", "Client nowhere"],
        "disputed": ["Client disputed"],
        "promised": ["Client promised"],
        "held": ["Client held"],
        "insolvent": ["Client insolvent"],
        "minimum": ["Client small"],
        "human": ["Client phone"],
    }
    seen = exclusions.exclusions(organization_id, on=TODAY)
    assert (seen.overdue, seen.looked_at, seen.included, seen.left_out) == (9, 9, 1, 8)
    by_family = {group.family: group for group in seen.groups}
    assert by_family["minimum"].totals == (Money(500, "EUR"),)
    assert "talks" in str(by_family["held"].rows[0].reasons[0])


def test_old_bank_data_leaves_everybody_out_and_says_so(creditor):
    Organization.objects.update(bank_data_max_age_days=3)
    debtor(creditor, "C1")
    (group,) = exclusions.exclusions(creditor.organization_id, on=TODAY).groups
    assert (group.family, group.count) == ("bank", 1)


def test_a_case_waiting_for_its_next_step_says_when(creditor):
    organization_id = creditor.organization_id
    debtor(creditor, "C1", late=1)
    tick(organization_id)
    Action.objects.update(state="done", closed_on=TODAY)
    (group,) = exclusions.exclusions(organization_id, on=TODAY).groups
    assert group.family == "waiting"
    assert group.rows[0].reasons[0].code == "plan.step_done"


def test_what_happens_renews_the_reasons_at_once(creditor):
    organization_id = creditor.organization_id
    row = debtor(creditor, "C1")
    assert families(organization_id) == {"batch": ["Client C1"]}
    tick(organization_id)
    assert families(organization_id) == {}
    cases.hold_place(organization_id, factories.case(row).id, reason="talks", **WHO)
    tick(organization_id)
    assert families(organization_id) == {"held": ["Client C1"]}


def test_reasons_are_kept_while_nothing_happens(creditor, django_assert_max_num_queries):
    debtor(creditor, "C1")
    exclusions.exclusions(creditor.organization_id, on=TODAY)
    with django_assert_max_num_queries(5):
        exclusions.exclusions(creditor.organization_id, on=TODAY)


def test_reasons_cost_a_number_of_queries_that_cases_do_not_change(
    creditor, django_assert_max_num_queries
):
    for i in range(40):
        debtor(creditor, f"C{i:02}", total_minor=500 if i % 2 else 120_000)
    tick(creditor.organization_id)
    with django_assert_max_num_queries(30):
        found = exclusions.exclusions_compute(creditor.organization_id, on=TODAY)
    assert (found.included, found.left_out) == (20, 20)


def test_no_more_cases_are_looked_at_than_allowed_and_it_is_said(creditor):
    for i in range(3):
        debtor(creditor, f"C{i}", total_minor=500)
    found = exclusions.exclusions(creditor.organization_id, on=TODAY, limit=2)
    assert (found.overdue, found.looked_at, found.left_out) == (3, 2, 2)


def test_another_organization_is_neither_in_the_batch_nor_left_out(creditor):
    other = factories.creditor(factories.organization("other"))
    in_batch(other.organization)
    debtor(other, "C1")
    debtor(other, "C2", total_minor=500)
    tick(other.organization_id)
    assert queries.batch_groups(creditor.organization_id, on=TODAY) == []
    assert exclusions.exclusions(creditor.organization_id, on=TODAY).overdue == 0
    ids = list(Action.objects.values_list("id", flat=True))
    mine = creditor.organization_id
    assert services.action_approve(mine, ids, **WHO) == 0
    assert services.action_refuse(mine, ids, reason="no", **WHO) == 0
    assert services.refusal_withdraw(mine, ids, **WHO) == 0


# -- deciding ------------------------------------------------------------------------------------


def test_a_refusal_is_taken_back_the_same_day_only(creditor):
    organization_id = creditor.organization_id
    debtor(creditor, "C1")
    tick(organization_id)
    (action,) = Action.objects.all()
    services.action_refuse(organization_id, [action.id], reason="visited", **WHO)
    tomorrow = {**WHO, "on": TODAY + timedelta(days=1)}
    assert services.refusal_withdraw(organization_id, [action.id], **tomorrow) == 0
    assert services.refusal_withdraw(organization_id, [action.id], **WHO) == 1
    action.refresh_from_db()
    assert (action.state, action.outcome, action.closed_on) == ("to_approve", [], None)
    tick(organization_id)
    assert Action.objects.count() == 1
    assert Event.objects.filter(kind="action.refusal_withdrawn").count() == 1


@pytest.fixture
def task(creditor) -> Action:
    """What the scenario asks somebody in the house, for a customer with a sales owner."""
    row = debtor(creditor, "C1", late=3, sales_owner="Nadia Roux")
    definition = scenario_to_json(
        replace(
            SME_STANDARD,
            steps=(
                replace(
                    SME_STANDARD.steps[-1],
                    code="ask",
                    offset_days=2,
                    stage="friendly",
                    task="ask_sales_owner",
                    name="Ask the sales owner",
                ),
            ),
            catch_up_step="ask",
        )
    )
    Scenario.objects.update(definition=definition)
    tick(row.organization_id)
    return Action.objects.get(medium="task")


def test_a_task_says_what_is_asked_and_of_whom(creditor, task):
    (line,) = queries.agenda(creditor.organization_id, on=TODAY, tab="calls")
    assert (line.task, line.sales_owner) == ("ask_sales_owner", "Nadia Roux")
    assert line.step_name == "Ask the sales owner"


def test_a_task_is_done_or_not_done_with_a_note_and_can_be_reopened(creditor, task):
    organization_id = creditor.organization_id
    with pytest.raises(ValueError, match="note"):
        services.task_record(organization_id, task.id, done=False, **WHO)
    assert services.task_record(organization_id, task.id, done=False, note="on leave", **WHO)
    task.refresh_from_db()
    assert (task.state, task.result) == ("skipped", "")
    assert task.outcome[0]["params"]["note"] == "on leave"
    assert not services.task_record(organization_id, task.id, done=True, **WHO)
    assert services.task_reopen(organization_id, task.id, **WHO)
    assert services.task_record(organization_id, task.id, done=True, **WHO)
    task.refresh_from_db()
    assert (task.state, task.result, task.outcome[0]["code"]) == (
        "done",
        "done",
        "action.task_done",
    )


def test_a_message_or_a_task_of_another_organization_is_no_task(creditor, task):
    other = factories.organization("other")
    assert not services.task_record(other.id, task.id, done=True, **WHO)
    Action.objects.filter(id=task.id).update(medium="phone")
    assert not services.task_record(creditor.organization_id, task.id, done=True, **WHO)


# -- what each message would say -----------------------------------------------------------------


def test_a_waiting_message_is_read_before_it_leaves_and_nothing_is_stored(creditor):
    debtor(creditor, "C1", late=1)
    tick(creditor.organization_id)
    (action,) = Action.objects.all()
    now = timezone.make_aware(datetime.combine(TODAY, time(10)))
    seen = previews.action_preview(creditor.organization_id, action.id, now=now)
    assert seen.problem is None
    assert "FA-C1" in seen.text
    assert "FA-C1" in seen.subject
    assert [each.address for each in seen.recipients] == ["ap@client.example"]
    assert not Message.objects.exists()
    other = factories.organization("other")
    assert previews.action_preview(other.id, action.id, now=now) is None
    Action.objects.update(state="done", closed_on=TODAY)
    assert previews.action_preview(creditor.organization_id, action.id, now=now) is None


def test_a_message_that_asks_for_nothing_any_more_says_so(creditor):
    row = debtor(creditor, "C1", late=1)
    tick(creditor.organization_id)
    item = row.invoices.get().installments.get()
    cases.dispute_open(creditor.organization_id, item.id, reason="price", **WHO)
    now = timezone.make_aware(datetime.combine(TODAY, time(10)))
    seen = previews.action_preview(creditor.organization_id, Action.objects.get().id, now=now)
    assert (seen.text, seen.problem.code) == ("", "message.nothing_due")


def test_the_dry_run_counts_who_is_left_out_by_reason(creditor):
    debtor(creditor, "in")
    debtor(creditor, "small", total_minor=500)
    debtor(creditor, "nowhere", email="", address_lines=[])
    arguments = ["plan", "--dry-run", "--on", TODAY.isoformat()]
    run = CliRunner().invoke(amiable, [*arguments, "--json"], standalone_mode=False)
    document = json.loads(run.stdout)
    assert document["left_out"] == {"minimum": 1, "unreachable": 1}
    assert document["actions"][0]["approval"] == "batch"
    said = CliRunner().invoke(amiable, arguments, standalone_mode=False).stdout
    assert "left out    1 overdue: minimum" in said
