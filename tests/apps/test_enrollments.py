"""Who follows which scenario: rules for new cases, a person's choice, moves that say their effect."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case
from amiable.apps.dunning.enrollment import assignment, enrollments, moves, rules
from amiable.apps.dunning.enrollment.enrollments import CaseFilter, EnrollmentError
from amiable.apps.dunning.enrollment.switching import Definitions
from amiable.apps.dunning.library.checks import problem_of
from amiable.apps.dunning.models import (
    Action,
    AssignmentRule,
    Enrollment,
    Experiment,
    ExperimentMember,
    Scenario,
)
from amiable.apps.dunning.planning import default_scenario, plan_preview, plan_tick
from amiable.apps.tenants.models import Organization
from amiable.core.scenario import CONTACT_MEDIA, STAGES
from amiable.core.scenario_data import ScenarioError, scenario_to_json
from amiable.core.sentences import Sentence
from amiable.core.shipped import SHIPPED
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "camille@acme.example"}


@pytest.fixture
def creditor():
    return factories.creditor(factories.organization())


@pytest.fixture
def scenarios(creditor) -> dict[str, Scenario]:
    """The shipped scenarios, the standard by default."""
    return shipped(creditor.organization)


def shipped(organization) -> dict[str, Scenario]:
    default_scenario(organization.id)
    for code, definition in SHIPPED.items():
        Scenario.objects.get_or_create(
            organization=organization,
            code=code,
            version=1,
            defaults={"name": definition.name, "definition": scenario_to_json(definition)},
        )
    return {row.code: row for row in Scenario.objects.filter(organization=organization)}


def tick(organization_id: int, on=TODAY):
    Case.objects.filter(organization_id=organization_id).update(next_plan_on=on)
    return plan_tick(organization_id, on=on)


def debtor(creditor, code="C001", *, total_minor=120_000, late=1, **fields):
    row = factories.customer(creditor, code, **fields)
    factories.invoice(row, f"FA-{code}", total_minor=total_minor, due=TODAY - timedelta(days=late))
    return row


def rule(creditor, scenario: str, **conditions) -> int:
    return rules.rule_keep(
        creditor.organization_id, scenario_code=scenario, conditions=conditions, **WHO
    )


def followed(customer) -> tuple[str, str]:
    row = Enrollment.objects.select_related("scenario").get(case__customer=customer)
    return row.scenario.code, str(Sentence.from_json(row.why[0]))


# -- rules ---------------------------------------------------------------------------------------


def test_without_rules_a_new_case_starts_on_the_default(creditor, scenarios):
    customer = debtor(creditor)
    tick(creditor.organization_id)
    assert followed(customer) == ("sme-standard", "Default scenario")


def test_the_first_rule_that_holds_decides_and_says_so(creditor, scenarios):
    rule(creditor, "public-bodies", kinds=["public"])
    rule(creditor, "key-accounts", segments=["grands-comptes"])
    rule(creditor, "risky", min_amount_minor=100_000)
    town = debtor(creditor, "C1", kind="public", segment="grands-comptes")
    large = debtor(creditor, "C2", segment="grands-comptes")
    owing = debtor(creditor, "C3", total_minor=100_000)
    small = debtor(creditor, "C4", total_minor=99_999)
    tick(creditor.organization_id)
    assert followed(town) == ("public-bodies", "Rule 1: public body")
    assert followed(large) == ("key-accounts", "Rule 2: segment grands-comptes")
    assert followed(owing) == ("risky", "Rule 3: at least 1000.00 EUR open")
    assert followed(small) == ("sme-standard", "Default scenario")


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({}, True),
        ({"creditors": ["main"]}, True),
        ({"creditors": ["other"]}, False),
        ({"languages": ["fr", "de"]}, True),
        ({"languages": ["en"]}, False),
        ({"max_amount_minor": 119_999}, False),
        ({"max_amount_minor": 120_000}, True),
        ({"min_score": 40}, True),
        ({"min_score": 41}, False),
        ({"max_score": 40, "kinds": ["company", "consumer"]}, True),
        ({"max_score": 39}, False),
        ({"max_score": 40, "kinds": ["consumer"]}, False),
    ],
)
def test_every_condition_must_hold(creditor, scenarios, conditions, holds):
    rule(creditor, "risky", **conditions)
    customer = debtor(creditor, score=40)
    tick(creditor.organization_id)
    assert followed(customer)[0] == ("risky" if holds else "sme-standard")


def test_an_unknown_score_is_in_no_range(creditor, scenarios):
    rule(creditor, "risky", max_score=100)
    customer = debtor(creditor)
    tick(creditor.organization_id)
    assert followed(customer)[0] == "sme-standard"


def test_the_amount_is_everything_open_of_the_case_in_its_currency(creditor, scenarios):
    rule(creditor, "risky", min_amount_minor=200_000)
    customer = debtor(creditor, total_minor=120_000)
    factories.invoice(customer, "FA-2", total_minor=80_000, due=TODAY + timedelta(days=30))
    factories.invoice(customer, "FA-3", total_minor=900_000, currency="USD")
    tick(creditor.organization_id)
    codes = dict(Enrollment.objects.values_list("case__currency", "scenario__code"))
    assert codes == {"EUR": "risky", "USD": "risky"}
    other = debtor(creditor, "C2", total_minor=199_999)
    factories.invoice(other, "FB-2", total_minor=900_000, currency="USD")
    tick(creditor.organization_id)
    mine = Enrollment.objects.filter(case__customer=other)
    assert dict(mine.values_list("case__currency", "scenario__code")) == {
        "EUR": "sme-standard",
        "USD": "risky",
    }


def test_a_rule_gives_the_newest_version_and_running_cases_stay_on_theirs(creditor, scenarios):
    rule(creditor, "risky")
    first = debtor(creditor, "C1")
    tick(creditor.organization_id)
    definition = {**scenarios["risky"].definition, "version": 2, "min_gap_days": 4}
    Scenario.objects.create(
        organization=creditor.organization, code="risky", version=2, name="R", definition=definition
    )
    second = debtor(creditor, "C2")
    tick(creditor.organization_id)
    versions = dict(Enrollment.objects.values_list("case__customer_id", "scenario__version"))
    assert versions == {first.id: 1, second.id: 2}


def test_the_dry_run_shows_a_new_case_on_the_scenario_it_will_start_on(creditor, scenarios):
    rule(creditor, "good-payers")
    debtor(creditor)
    (seen,) = plan_preview(creditor.organization_id, on=TODAY)
    assert seen.scenario.code == "good-payers"
    assert not Enrollment.objects.exists()


def test_rules_cost_a_fixed_number_of_queries(creditor, scenarios, django_assert_num_queries):
    organization_id, default = creditor.organization_id, scenarios["sme-standard"].id
    ids = [factories.case(debtor(creditor, f"C{i}")).id for i in range(30)]
    with django_assert_num_queries(1):
        assignment.rules_assign(organization_id, ids, default_id=default)
    for code in ("risky", "key-accounts", "good-payers"):
        rule(creditor, code, segments=["x"], min_amount_minor=1)
    with django_assert_num_queries(4):
        assignment.rules_assign(organization_id, ids, default_id=default)


@pytest.mark.parametrize(
    "conditions",
    [
        {"segment": ["x"]},
        {"min_stage": "firm"},
        {"contact_by": ["email"]},
        {"segments": "x"},
        {"kinds": ["martian"]},
        {"min_amount_minor": "12"},
        {"min_amount_minor": -1},
        {"min_score": 101},
        {"min_score": 60, "max_score": 50},
        ["segments"],
        None,
    ],
)
def test_conditions_that_are_none_are_refused_and_nothing_is_kept(creditor, scenarios, conditions):
    with pytest.raises(ScenarioError) as refused:
        rules.rule_keep(
            creditor.organization_id, scenario_code="risky", conditions=conditions, **WHO
        )
    assert all(isinstance(problem, Sentence) for problem in refused.value.problems)
    assert not AssignmentRule.objects.exists()


def test_a_rule_for_an_unknown_scenario_is_refused_with_those_that_exist(creditor, scenarios):
    with pytest.raises(ScenarioError, match="risky"):
        rule(creditor, "nowhere")


def test_rules_come_from_data_all_or_none_and_go_out_the_same(creditor, scenarios):
    organization_id = creditor.organization_id
    data = [
        {"scenario": "public-bodies", "when": {"kinds": ["public"]}},
        {"scenario": "risky", "when": {"max_score": 20}},
    ]
    rules.rules_set(organization_id, data, **WHO)
    assert rules.rules_data(organization_id) == data
    broken = [{"scenario": "risky", "when": {"colour": 1}}, {"scenario": "gone"}, {"extra": 1}, 7]
    with pytest.raises(ScenarioError) as refused:
        rules.rules_set(organization_id, broken, **WHO)
    assert [problem_of(each).step for each in refused.value.problems] == [1, 2, 3, 3, 4]
    assert rules.rules_data(organization_id) == data
    assert Event.objects.filter(kind="rules.set").count() == 1


def test_rules_change_places_and_leave(creditor, scenarios):
    organization_id = creditor.organization_id
    first, second, third = (rule(creditor, "risky", max_score=score) for score in (10, 20, 30))
    assert rules.rule_shift(organization_id, third, up=True, **WHO)
    assert rules.rule_shift(organization_id, first, up=False, **WHO)
    assert [each.id for each in assignment.rules(organization_id)] == [third, first, second]
    assert not rules.rule_shift(organization_id, third, up=True, **WHO)
    assert not rules.rule_shift(organization_id, second, up=False, **WHO)
    assert rules.rule_remove(organization_id, third, **WHO)
    assert not rules.rule_remove(organization_id, third, **WHO)
    found = assignment.rules(organization_id)
    assert [(each.position, each.id) for each in found] == [(1, first), (2, second)]


def test_a_rule_is_changed_in_place(creditor, scenarios):
    organization_id = creditor.organization_id
    first, second = rule(creditor, "risky"), rule(creditor, "key-accounts")
    changed = rules.rule_keep(
        organization_id, scenario_code="good-payers", conditions={}, rule_id=first, **WHO
    )
    codes = [(each.id, each.scenario_code) for each in assignment.rules(organization_id)]
    assert (changed, codes) == (first, [(first, "good-payers"), (second, "key-accounts")])


# -- a person's choice ---------------------------------------------------------------------------


def test_a_persons_choice_stands_against_the_rules_and_can_be_taken_back(creditor, scenarios):
    organization_id = creditor.organization_id
    customer = debtor(creditor)
    tick(organization_id)
    case_id = factories.case(customer).id
    risky = scenarios["risky"].id
    enrollments.enrollment_choose(organization_id, case_id, scenario_id=risky, **WHO)
    seen = enrollments.case_scenario(organization_id, case_id)
    assert (seen.code, seen.is_manual) == ("risky", True)
    assert str(seen.why[0]) == "Chosen by camille@acme.example"
    rule(creditor, "good-payers")
    assert enrollments.moves(organization_id, CaseFilter(), to=None) == []
    assert enrollments.enrollment_restore(organization_id, case_id, **WHO)
    seen = enrollments.case_scenario(organization_id, case_id)
    assert (seen.code, seen.is_manual, str(seen.why[0])) == (
        "sme-standard",
        False,
        "Default scenario",
    )
    assert not enrollments.enrollment_restore(organization_id, case_id, **WHO)
    kinds = Event.objects.filter(case_id=case_id).values_list("kind", flat=True)
    assert list(kinds.order_by("id")) == ["enrollment.chosen", "enrollment.restored"]


def test_a_case_given_back_to_the_rules_goes_where_they_say(creditor, scenarios):
    organization_id = creditor.organization_id
    rule(creditor, "good-payers", segments=["kind"])
    customer = debtor(creditor, segment="kind")
    case_id = factories.case(customer).id
    before_any_plan = enrollments.case_scenario(organization_id, case_id)
    assert (before_any_plan.code, str(before_any_plan.why[0])) == (
        "good-payers",
        "Rule 1: segment kind",
    )
    risky = scenarios["risky"].id
    enrollments.enrollment_choose(organization_id, case_id, scenario_id=risky, **WHO)
    enrollments.enrollment_release(organization_id, case_id, **WHO)
    assert followed(customer) == ("good-payers", "Rule 1: segment kind")
    assert not Enrollment.objects.get().is_manual


def test_nothing_of_another_organization_is_chosen_moved_or_ruled(creditor, scenarios):
    organization_id = creditor.organization_id
    other = factories.creditor(factories.organization("other"))
    theirs = shipped(other.organization)
    customer = debtor(other)
    tick(other.organization_id)
    case_id, risky = factories.case(customer).id, scenarios["risky"].id
    for attempt in (
        lambda: enrollments.enrollment_choose(organization_id, case_id, scenario_id=risky, **WHO),
        lambda: enrollments.enrollment_choose(
            other.organization_id, case_id, scenario_id=risky, **WHO
        ),
        lambda: enrollments.enrollment_release(organization_id, case_id, **WHO),
        lambda: enrollments.moves(organization_id, [case_id], to=theirs["risky"].id),
    ):
        with pytest.raises(EnrollmentError):
            attempt()
    assert enrollments.enrollments_move(organization_id, [case_id], to=risky, **WHO) == 0
    assert enrollments.case_scenario(organization_id, case_id) is None
    rule_id = rule(creditor, "risky")
    assert not rules.rule_remove(other.organization_id, rule_id, **WHO)
    assert not rules.rule_shift(other.organization_id, rule_id, up=True, **WHO)
    with pytest.raises(ScenarioError):
        rules.rule_keep(
            other.organization_id, scenario_code="risky", conditions={}, rule_id=rule_id, **WHO
        )
    assert followed(customer)[0] == "sme-standard"


# -- moves on purpose ----------------------------------------------------------------------------


def test_running_cases_move_only_on_purpose_and_it_is_told(creditor, scenarios):
    organization_id = creditor.organization_id
    moved, left = debtor(creditor, "C1", segment="risk"), debtor(creditor, "C2")
    tick(organization_id)
    rule(creditor, "risky", segments=["risk"])
    tick(organization_id)
    assert {followed(moved)[0], followed(left)[0]} == {"sme-standard"}
    count = enrollments.enrollments_move(organization_id, CaseFilter(), to=None, **WHO)
    assert count == 1
    assert followed(moved) == ("risky", "Rule 1: segment risk")
    assert followed(left)[0] == "sme-standard"
    event = Event.objects.get(kind="enrollment.moved")
    assert event.case_id == factories.case(moved).id
    assert Case.objects.get(customer=moved).next_plan_on == TODAY
    assert enrollments.enrollments_move(organization_id, CaseFilter(), to=None, **WHO) == 0


def test_a_filter_names_the_cases_that_move(creditor, scenarios):
    organization_id = creditor.organization_id
    second = factories.creditor(creditor.organization, "second")
    rows = {
        "town": debtor(creditor, "C1", kind="public"),
        "large": debtor(creditor, "C2", segment="large"),
        "other": debtor(second, "C3"),
        "chosen": debtor(creditor, "C4", segment="large"),
    }
    tick(organization_id)
    ids = {name: factories.case(row).id for name, row in rows.items()}
    good = scenarios["good-payers"].id
    enrollments.enrollment_choose(organization_id, ids["chosen"], scenario_id=good, **WHO)
    rule(creditor, "key-accounts", segments=["large"])
    risky = scenarios["risky"].id

    def named(**fields) -> set[str]:
        found = enrollments.moves(organization_id, CaseFilter(**fields), to=risky)
        return {name for name, case in ids.items() if case in {each.case_id for each in found}}

    assert named() == {"town", "large", "other"}
    assert named(with_manual=True) == set(ids)
    assert named(kind="public") == {"town"}
    assert named(segment="large") == {"large"}
    assert named(creditor="second") == {"other"}
    assert named(scenario_code="sme-standard", version=1) == {"town", "large", "other"}
    with pytest.raises(EnrollmentError, match="sme-standard:2; there are: sme-standard:1"):
        named(scenario_code="sme-standard", version=2)
    assert named(scenario_code="good-payers", with_manual=True) == {"chosen"}
    assert named(rules_give="key-accounts") == {"large"}
    assert enrollments.left_alone_count(organization_id, CaseFilter()) == 1


def test_sentences_name_a_shipped_scenario_in_the_language_of_the_organization(creditor, scenarios):
    organization_id = creditor.organization_id
    customer = debtor(creditor, late=1)
    tick(organization_id)
    case = factories.case(customer).id
    for code in ("key-accounts", "risky"):
        enrollments.enrollments_move(organization_id, [case], to=scenarios[code].id, **WHO)
    assert Action.objects.get().outcome[0]["params"] == {"scenario": "Grands comptes"}
    (why,) = enrollments.case_scenario(organization_id, case).why
    assert why.params["old"] == "Grands comptes (1)"
    Organization.objects.update(language="en")
    Scenario.objects.filter(code="risky").update(name="Nos risques")
    Scenario.objects.filter(code="risky").update(
        definition={**scenarios["risky"].definition, "name": "Nos risques"}
    )
    names = Definitions(organization_id)
    assert names.name(scenarios["key-accounts"].id) == "Key accounts"
    assert names.name(scenarios["risky"].id) == "Nos risques"


def test_what_was_planned_for_another_step_is_cancelled_and_the_same_step_stays(
    creditor, scenarios
):
    organization_id = creditor.organization_id
    customer = debtor(creditor, late=1)
    tick(organization_id)
    waiting = Action.objects.get()
    assert waiting.step == "reminder_1"
    same = {**scenarios["sme-standard"].definition, "version": 2, "min_gap_days": 3}
    second = Scenario.objects.create(
        organization=creditor.organization,
        code="sme-standard",
        version=2,
        name="S",
        definition=same,
    )
    enrollments.enrollments_move(organization_id, CaseFilter(), to=second.id, **WHO)
    tick(organization_id)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.scenario_id) == ("approved", second.id)
    enrollments.enrollments_move(
        organization_id, CaseFilter(), to=scenarios["public-bodies"].id, **WHO
    )
    waiting.refresh_from_db()
    assert (waiting.state, waiting.outcome[0]["code"]) == ("cancelled", "enroll.replaced")
    assert waiting.closed_on == TODAY
    assert followed(customer)[0] == "public-bodies"


def _live(organization_id: int, first, *, until: int) -> None:
    """Plan and carry out, three weeks long from a day, up to `until` actions."""
    for offset in range(21):
        if Action.objects.filter(state="done").count() == until:
            return
        on = first + timedelta(days=offset)
        tick(organization_id, on)
        for action in Action.objects.filter(state__in=Action.PENDING):
            if Action.objects.filter(state="done").count() < until:
                Action.objects.filter(id=action.id).update(state="done", closed_on=on)


SWITCHES = [(code, late) for code in SHIPPED if code != "after-broken" for late in (20, 75)]


@pytest.mark.parametrize(("code", "late"), SWITCHES)
def test_a_switch_after_three_steps_brings_one_contact_and_never_a_formal_notice_first(
    creditor, scenarios, code, late
):
    """The second time after weeks in which nothing ran: old enough for every step at once."""
    organization_id = creditor.organization_id
    customer = debtor(creditor, late=late)
    customer.points.create(organization=creditor.organization, kind="phone", value="+33612345678")
    _live(organization_id, TODAY - timedelta(days=late + 1), until=3)
    assert Action.objects.filter(state="done").count() == 3
    reached = max(
        STAGES.index(stage)
        for stage in Action.objects.filter(state="done").values_list("stage", flat=True)
    )
    enrollments.enrollments_move(organization_id, CaseFilter(), to=scenarios[code].id, **WHO)
    tick(organization_id)
    pending = list(Action.objects.filter(state__in=Action.PENDING))
    contacts = [each for each in pending if each.medium in CONTACT_MEDIA]
    mains = [each for each in contacts if not _accompanies(each)]
    assert pending
    assert len(mains) <= 1
    assert all(each.stage not in {"formal", "litigation"} for each in pending)
    # At least as firm as what was said, unless the scenario's own catch-up step is gentler.
    catch_up = SHIPPED[code].catch_up_step
    assert all(STAGES.index(each.stage) >= reached or each.step == catch_up for each in mains)


def _accompanies(action: Action) -> bool:
    steps = {step["code"]: step for step in action.scenario.definition["steps"]}
    return bool(steps[action.step].get("accompanies"))


# -- the preview ---------------------------------------------------------------------------------


def test_the_preview_says_what_the_move_then_does_and_writes_nothing(creditor, scenarios):
    organization_id = creditor.organization_id
    for i, late in enumerate((1, 1, 9, 16)):
        row = debtor(creditor, f"C{i}", late=late)
        row.points.create(organization=creditor.organization, kind="phone", value=f"+3361234567{i}")
    tick(organization_id)
    risky = scenarios["risky"].id
    before = [list(model.objects.order_by("id").values()) for model in (Action, Enrollment, Event)]
    preview = moves.move_preview(organization_id, CaseFilter(), to=risky, on=TODAY)
    after = [list(model.objects.order_by("id").values()) for model in (Action, Enrollment, Event)]
    assert before == after
    assert (preview.cases, preview.looked_at, preview.targets) == (4, 4, {risky: 4})
    ids = set(Action.objects.values_list("id", flat=True))
    enrollments.enrollments_move(organization_id, CaseFilter(), to=risky, **WHO)
    tick(organization_id)
    assert preview.added_count == Action.objects.exclude(id__in=ids).count()
    cancelled = Action.objects.filter(id__in=ids, state="cancelled").count()
    assert preview.cancelled_count == cancelled > 0
    firm = Action.objects.exclude(id__in=ids).filter(stage="firm", state__in=Action.PENDING)
    assert preview.firm == firm.values("case").distinct().count()
    assert len(preview.named) == preview.firm + preview.formal
    assert sum(preview.shifts.values()) == 4


def test_the_preview_says_whether_contacts_come_earlier_or_later(creditor, scenarios):
    organization_id = creditor.organization_id
    debtor(creditor, "C1", late=1)
    tick(organization_id)
    for code, shift in (
        ("good-payers", "later"),  # a week after the due date instead of the day after
        ("consumer-subscription", "same"),
        ("agency-45-days", "same"),
    ):
        preview = moves.move_preview(organization_id, CaseFilter(), to=scenarios[code].id, on=TODAY)
        assert dict(preview.shifts) == {shift: 1}, code


def test_the_preview_looks_at_no_more_cases_than_allowed_and_says_so(creditor, scenarios):
    for i in range(3):
        debtor(creditor, f"C{i}")
    tick(creditor.organization_id)
    preview = moves.move_preview(
        creditor.organization_id, CaseFilter(), to=scenarios["risky"].id, on=TODAY, limit=2
    )
    assert (preview.cases, preview.looked_at) == (3, 2)


def test_preview_and_move_cost_a_number_of_queries_that_cases_do_not_change(
    creditor, scenarios, django_assert_max_num_queries
):
    organization_id = creditor.organization_id
    rule(creditor, "risky", min_amount_minor=1)
    rows = [debtor(creditor, f"C{i}") for i in range(40)]
    Enrollment.objects.bulk_create(
        Enrollment(
            organization_id=organization_id,
            case=factories.case(row),
            scenario=scenarios["sme-standard"],
            started_on=TODAY,
        )
        for row in rows
    )
    tick(organization_id)
    with django_assert_max_num_queries(34):
        moves.move_preview(organization_id, CaseFilter(), to=None, on=TODAY)
    with django_assert_max_num_queries(34):
        assert enrollments.enrollments_move(organization_id, CaseFilter(), to=None, **WHO) == 40


def test_what_an_experiment_compares_is_left_alone(creditor, scenarios):
    organization_id = creditor.organization_id
    drawn, free = debtor(creditor, "C1"), debtor(creditor, "C2")
    tick(organization_id)
    experiment = Experiment.objects.create(
        organization=creditor.organization,
        name="x",
        champion=scenarios["sme-standard"],
        salt="s",
        started_on=TODAY,
        started_by="test",
    )
    ExperimentMember.objects.create(
        organization=creditor.organization,
        experiment=experiment,
        case=factories.case(drawn),
        arm="champion",
        payer_group="g",
        assigned_on=TODAY,
    )
    risky = scenarios["risky"].id
    everybody = CaseFilter(with_manual=True)
    assert enrollments.left_alone_count(organization_id, everybody) == 1
    assert enrollments.enrollments_move(organization_id, everybody, to=risky, **WHO) == 1
    assert (followed(drawn)[0], followed(free)[0]) == ("sme-standard", "risky")
    Experiment.objects.update(ended_on=TODAY)
    assert enrollments.enrollments_move(organization_id, everybody, to=risky, **WHO) == 1
