"""Experiments on real rows: drawn when enrolled, counted for ever, stopped with a reason."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.test import Client
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case, Dispute
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.enrollment.enrollments import enrollment_choose
from amiable.apps.dunning.experiment.changes import (
    Design,
    ExperimentError,
    experiment_start,
    experiment_stop,
)
from amiable.apps.dunning.experiment.draws import members_draw
from amiable.apps.dunning.experiment.payers import experiment_payers
from amiable.apps.dunning.experiment.results import (
    experiment_lines,
    experiment_plan,
    experiment_report,
)
from amiable.apps.dunning.models import (
    Action,
    AssignmentRule,
    Enrollment,
    Experiment,
    ExperimentMember,
    Scenario,
)
from amiable.apps.dunning.planning import default_scenario, plan_tick
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.tenants.models import Membership, User
from amiable.core.scenario_data import scenario_to_json
from amiable.core.shipped import RISKY
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "camille@vauban.example"}
BOTH = Design("Firmer letters", challenger="risky")
HALVES = Design("Firmer letters", challenger="risky", challenger_percent=50, holdout_percent=0)


@pytest.fixture(autouse=True)
def _same_draw(monkeypatch):
    """Chance decides in life; here the same payers fall into the same arms every time."""
    monkeypatch.setattr("secrets.token_hex", lambda size: "5a" * size)


@pytest.fixture
def creditor():
    return factories.creditor(factories.organization())


@pytest.fixture
def org(creditor) -> int:
    """An organization with a default scenario and another one to try."""
    add_scenario(creditor.organization_id)
    return creditor.organization_id


def add_scenario(organization_id: int) -> Scenario:
    default_scenario(organization_id)
    return Scenario.objects.create(
        organization_id=organization_id,
        code="risky",
        version=1,
        name="Risky",
        definition=scenario_to_json(RISKY),
    )


def debtors(creditor, count: int, *, due=TODAY - timedelta(days=3), start: int = 0, **fields):
    """Customers with one open invoice each."""
    rows = []
    for i in range(start, start + count):
        debtor = factories.customer(creditor, f"C{i:04}", email=f"c{i}@client.example", **fields)
        rows.append(factories.invoice(debtor, f"FA-{i:04}", due=due, total_minor=10_000 + i))
    return rows


def tick(organization_id: int, on=TODAY):
    Case.objects.filter(organization_id=organization_id).update(next_plan_on=on)
    return plan_tick(organization_id, on=on)


def pay(item, on):
    incoming = PaymentIn(
        customer_id=item.customer_id,
        amount_minor=item.entries.get().amount_minor,
        currency=item.currency,
        received_on=on,
        external_id=f"pay-{item.pk}",
        parts=((item.pk, item.entries.get().amount_minor),),
    )
    payment_record(item.organization_id, incoming, on=on, actor="bank", cases={})


def arms(organization_id: int) -> dict[int, str]:
    rows = ExperimentMember.objects.filter(organization_id=organization_id)
    return dict(rows.values_list("case__customer_id", "arm"))


# ---------------------------------------------------------------- the draw


def test_new_cases_are_drawn_when_they_are_enrolled(creditor, org):
    experiment_start(org, BOTH, **WHO)
    debtors(creditor, 120)
    tick(org)
    drawn = arms(org)
    assert len(drawn) == 120
    counts = Counter(drawn.values())
    assert set(counts) == {"champion", "challenger", "holdout"}
    for row in Enrollment.objects.select_related("scenario", "case"):
        arm = drawn[row.case.customer_id]
        assert row.scenario.code == ("risky" if arm == "challenger" else "sme-standard")
        assert row.delay_days == (5 if arm == "holdout" else 0)
        assert row.why[0]["code"] == "enroll.drawn"


def test_held_out_payers_are_reminded_later_and_the_others_at_once(creditor, org):
    experiment_start(org, Design("Wait", challenger_percent=0, holdout_percent=50), **WHO)
    debtors(creditor, 40, due=TODAY - timedelta(days=1))
    tick(org)
    drawn = arms(org)
    planned = set(Action.objects.values_list("case__customer_id", flat=True))
    assert planned == {customer for customer, arm in drawn.items() if arm == "champion"}
    tick(org, TODAY + timedelta(days=5))
    planned = set(Action.objects.values_list("case__customer_id", flat=True))
    assert planned == set(drawn)


def test_those_who_decide_together_are_drawn_together(creditor, org):
    experiment_start(org, HALVES, **WHO)
    debtors(creditor, 12, siren="732829320")
    debtors(creditor, 12, start=20, payer_group="Holding")
    tick(org)
    groups = ExperimentMember.objects.values_list("payer_group", "arm").distinct()
    assert sorted(group for group, _ in groups) == ["group:Holding", "siren:732829320"]
    assert len(experiment_payers(Experiment.objects.get(), on=TODAY)) == 2


def test_a_case_that_a_rule_puts_elsewhere_is_not_drawn(creditor, org):
    AssignmentRule.objects.create(
        organization_id=org, position=1, scenario_code="risky", conditions={"segments": ["key"]}
    )
    experiment_start(org, BOTH, **WHO)
    debtors(creditor, 3, segment="key")
    debtors(creditor, 3, start=10)
    tick(org)
    assert ExperimentMember.objects.filter(case__customer__segment="").count() == 3
    assert ExperimentMember.objects.count() == 3


def test_public_bodies_may_be_left_out(creditor, org):
    design = Design("Firmer", challenger="risky", excluded_kinds=("public",), with_running=True)
    debtors(creditor, 4, kind="public")
    tick(org)
    experiment_start(org, design, **WHO)
    debtors(creditor, 4, kind="public", start=10)
    debtors(creditor, 4, kind="consumer", start=20)
    tick(org)
    kinds = ExperimentMember.objects.values_list("case__customer__kind", flat=True)
    assert set(kinds) == {"consumer"}


def test_running_cases_enter_only_on_purpose(creditor, org):
    items = debtors(creditor, 60)
    tick(org)
    chosen = factories.case(items[0].customer)
    target = Scenario.objects.get(organization_id=org, code="risky").pk
    enrollment_choose(org, chosen.pk, scenario_id=target, **WHO)
    pay(items[1], TODAY)
    first = experiment_start(org, BOTH, **WHO)
    assert ExperimentMember.objects.count() == 0
    experiment_stop(org, reason="Try the next", **WHO)
    design = Design("With all", challenger="risky", with_running=True)
    assert experiment_start(org, design, **WHO) != first
    # One was put on its scenario by a person, one owes nothing.
    assert ExperimentMember.objects.count() == 58
    for member in ExperimentMember.objects.select_related("case__enrollment__scenario"):
        row = member.case.enrollment
        assert (row.scenario.code == "risky") == (member.arm == "challenger")
        assert row.delay_days == (5 if member.arm == "holdout" else 0)
    assert Counter(arms(org).values())["challenger"] > 10


def test_nothing_is_drawn_once_another_scenario_is_the_default(creditor, org):
    experiment_start(org, BOTH, **WHO)
    Scenario.objects.filter(organization_id=org).update(is_default=False)
    Scenario.objects.filter(organization_id=org, code="risky").update(is_default=True)
    debtors(creditor, 3)
    tick(org)
    assert ExperimentMember.objects.count() == 0


def test_drawing_costs_one_query_when_no_experiment_runs(creditor, org, django_assert_num_queries):
    items = debtors(creditor, 30)
    case_ids = [factories.case(item.customer).pk for item in items]
    with django_assert_num_queries(0):
        assert members_draw(org, [], TODAY) == {}
    with django_assert_num_queries(1):
        assert members_draw(org, case_ids, TODAY) == {}
    experiment_start(org, BOTH, **WHO)
    with django_assert_num_queries(1):
        assert members_draw(org, case_ids, TODAY - timedelta(days=1)) == {}
    with django_assert_num_queries(4):
        assert len(members_draw(org, case_ids, TODAY)) == 30


# ---------------------------------------------------------------- start and stop


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (Design(" ", challenger="risky"), "experiment.no_name"),
        (Design("x", challenger="nowhere"), "experiment.no_scenario"),
        (Design("x", challenger="sme-standard"), "experiment.same_scenario"),
        (Design("x"), "experiment.no_challenger"),
        (Design("x", challenger="risky", challenger_percent=0), "experiment.no_challenger_share"),
        (Design("x", challenger="risky", challenger_percent=85), "experiment.shares"),
        (Design("x", challenger="risky", holdout_days=40), "experiment.wait"),
        (Design("x", challenger="risky", effect_days=0), "experiment.effect"),
        (Design("x", challenger="risky", excluded_kinds=("dog",)), "experiment.unknown_choice"),
    ],
)
def test_an_unsound_design_is_refused_with_its_reason(org, design, code):
    with pytest.raises(ExperimentError) as refused:
        experiment_start(org, design, **WHO)
    assert refused.value.sentence.code == code
    assert str(refused.value)
    assert not Experiment.objects.exists()


def test_only_one_experiment_runs_and_both_ends_are_in_the_audit_trail(org):
    experiment_start(org, BOTH, **WHO)
    with pytest.raises(ExperimentError) as refused:
        experiment_start(org, BOTH, **WHO)
    assert refused.value.sentence.code == "experiment.one_runs"
    for fields, code in (
        ({"reason": " "}, "experiment.no_reason"),
        ({"reason": "x", "move_to": "nobody"}, "experiment.unknown_choice"),
    ):
        with pytest.raises(ExperimentError) as refused:
            experiment_stop(org, **fields, **WHO)
        assert refused.value.sentence.code == code
    assert experiment_stop(org, reason="Decided", **WHO) == 0
    with pytest.raises(ExperimentError) as refused:
        experiment_stop(org, reason="Again", **WHO)
    assert refused.value.sentence.code == "experiment.none_runs"
    kinds = list(Event.objects.filter(organization_id=org).values_list("kind", flat=True))
    assert kinds == ["experiment.started", "experiment.stopped"]


def test_when_it_stops_no_reminder_is_held_back_and_cases_stay(creditor, org):
    experiment_start(org, BOTH, **WHO)
    debtors(creditor, 60)
    tick(org)
    before = dict(Enrollment.objects.values_list("case_id", "scenario_id"))
    assert Enrollment.objects.filter(delay_days=5).exists()
    experiment_stop(org, reason="Holidays", **WHO)
    assert not Enrollment.objects.exclude(delay_days=0).exists()
    assert dict(Enrollment.objects.values_list("case_id", "scenario_id")) == before
    debtors(creditor, 5, start=200)
    tick(org)
    assert ExperimentMember.objects.count() == 60


@pytest.mark.parametrize(
    ("winner", "code"), [("champion", "sme-standard"), ("challenger", "risky")]
)
def test_when_it_stops_all_may_move_to_the_winner_but_for_a_persons_choice(
    creditor, org, winner, code
):
    experiment_start(org, BOTH, **WHO)
    items = debtors(creditor, 40)
    tick(org)
    loser = "challenger" if winner == "champion" else "champion"
    member = ExperimentMember.objects.filter(arm=loser).first()
    assert member is not None
    kept = member.case.enrollment.scenario_id
    Enrollment.objects.filter(case=member.case).update(is_manual=True)
    losers = ExperimentMember.objects.exclude(case__enrollment__scenario__code=code).count()
    assert experiment_stop(org, reason="Clear", move_to=winner, **WHO) == losers - 1
    codes = Counter(Enrollment.objects.values_list("scenario__code", flat=True))
    assert codes[code] == len(items) - 1
    assert Enrollment.objects.get(case=member.case).scenario_id == kept


def test_a_hold_out_alone_has_no_challenger_to_move_to(org):
    experiment_start(org, Design("Wait", challenger_percent=0), **WHO)
    with pytest.raises(ExperimentError) as refused:
        experiment_stop(org, reason="x", move_to="challenger", **WHO)
    assert refused.value.sentence.code == "experiment.no_winner"
    assert Experiment.objects.get().ended_on is None


# ---------------------------------------------------------------- results


def test_a_payer_counts_in_its_arm_whatever_is_done_to_it_later(creditor, org):
    experiment_start(org, HALVES, **WHO)
    items = debtors(creditor, 30)
    tick(org)
    drawn = arms(org)
    moved = next(item for item in items if drawn[item.customer_id] == "champion")
    case = factories.case(moved.customer)
    target = Scenario.objects.get(organization_id=org, code="risky").pk
    enrollment_choose(org, case.pk, scenario_id=target, **WHO)
    pay(moved, TODAY)
    found = {payer.group: payer for payer in experiment_payers(Experiment.objects.get(), on=TODAY)}
    payer = found[f"customer:{moved.customer_id}"]
    assert payer.arm == "champion"
    assert payer.items[0].settled_on == TODAY


def test_days_count_to_the_day_the_money_came(creditor, org):
    experiment_start(org, HALVES, **WHO)
    items = debtors(creditor, 3)
    later = factories.invoice(items[0].customer, "FA-LATER", due=TODAY + timedelta(days=8))
    tick(org)
    pay(items[0], TODAY + timedelta(days=4))
    pay(later, TODAY + timedelta(days=13))
    paid = experiment_payers(Experiment.objects.get(), on=TODAY + timedelta(days=50))
    payer = next(p for p in paid if p.group == f"customer:{items[0].customer_id}")
    assert {(i.origin, i.settled_on) for i in payer.items} == {
        (TODAY, TODAY + timedelta(days=4)),
        (TODAY + timedelta(days=8), TODAY + timedelta(days=13)),
    }
    assert payer.open_minor == 10_000 + 120_000
    assert payer.overdue_days == 3
    # Seen from an earlier day, what came later is not known.
    early = experiment_payers(Experiment.objects.get(), on=TODAY + timedelta(days=5))
    payer = next(p for p in early if p.group == f"customer:{items[0].customer_id}")
    assert sum(item.settled_on is not None for item in payer.items) == 1


def test_the_past_before_the_draw_is_the_covariate(creditor, org):
    item = debtors(creditor, 1)[0]
    for number, late in ((1, 4), (2, 10)):
        due = TODAY - timedelta(days=60)
        old = factories.invoice(item.customer, f"OLD-{number}", due=due)
        pay(old, due + timedelta(days=late))
    other = factories.invoice(item.customer, "USD", due=TODAY - timedelta(days=60), currency="USD")
    pay(other, TODAY - timedelta(days=1))
    experiment_start(org, HALVES, **WHO)
    tick(org)
    euro, *_ = experiment_payers(Experiment.objects.get(), on=TODAY)
    # Both currencies are cases of one payer: (4 + 10 + 59) / 3.
    assert euro.history_days == pytest.approx(73 / 3)
    later = debtors(creditor, 1, start=5)[0]
    tick(org)
    payers = {p.group: p for p in experiment_payers(Experiment.objects.get(), on=TODAY)}
    assert payers[f"customer:{later.customer_id}"].history_days is None


def test_guardrails_count_what_happened_within_the_days_followed(creditor, org):
    experiment_start(org, HALVES, **WHO)
    item = debtors(creditor, 1)[0]
    tick(org)
    case, customer = factories.case(item.customer), item.customer
    common = {"organization_id": org, "case": case}
    for day in (1, 29, 31):
        Dispute.objects.create(
            **common, installment=item, reason="price", opened_on=TODAY + timedelta(days=day),
            closed_on=TODAY + timedelta(days=day),
        )  # fmt: skip
    now = timezone.make_aware(timezone.datetime(2026, 11, 23, 10))
    ContactPoint.objects.filter(customer=customer).update(opted_out_at=now)
    message = Message.objects.create(
        **common, key="m", medium="email", channel="outbox", recipient="x", content=b"",
        content_type="text/plain", sha256="", on_date=TODAY, frozen_at=now,
    )  # fmt: skip
    DeliveryEvent.objects.create(organization_id=org, message=message, kind="bounced", at=now)
    scenario = case.enrollment.scenario
    for number, (medium, approval) in enumerate(
        [("phone", "automatic"), ("task", "automatic"), ("letter", "manual")]
    ):
        Action.objects.create(
            **common, key=f"k{number}", scenario=scenario, step="s", occurrence=number,
            medium=medium, stage="firm", approval=approval, due_on=TODAY, planned_on=TODAY,
            state="done", closed_on=TODAY + timedelta(days=2), decided_by="camille",
        )  # fmt: skip
    payer = experiment_payers(Experiment.objects.get(), on=TODAY + timedelta(days=60))[0]
    assert payer.counts == {
        "disputes": 2.0, "opt_outs": 1.0, "bounces": 1.0, "contacts": 2.0, "minutes": 12.0,
    }  # fmt: skip


def test_the_report_counts_only_those_followed_to_the_end(creditor, org):
    experiment_start(org, BOTH, **WHO)
    items = debtors(creditor, 90)
    tick(org)
    for item in items[::2]:
        pay(item, TODAY + timedelta(days=6))
    early = experiment_report(org, on=TODAY + timedelta(days=43))
    assert [arm.followed for arm in early.arms] == [0, 0, 0]
    assert early.arms[0].days is None
    assert 6 < early.arms[0].so_far_days < 30
    assert early.comparisons[0].verdict.sentence.code == "experiment.not_decidable"
    done = experiment_report(org, on=TODAY + timedelta(days=44))
    assert sum(arm.followed for arm in done.arms) == sum(arm.payers for arm in done.arms) == 90
    drawn = arms(org)
    for arm in done.arms:
        mine = [item for item in items if drawn[item.customer_id] == arm.arm]
        paid = sum(item in items[::2] for item in mine)
        assert arm.days == pytest.approx((6 * paid + 30 * (len(mine) - paid)) / len(mine))
        assert arm.paid[7] == pytest.approx(100 * paid / len(mine))
        assert arm.so_far_days == pytest.approx(arm.days)
    main = done.comparisons[0]
    assert main.arm == "challenger"
    assert main.look is not None
    assert main.history[-1] == main.look
    assert main.verdict.state == "undecided"  # fewer than 300 payers: never a winner
    assert [row.code for row in done.balance][:2] == ["open_minor", "overdue_days"]
    assert done.is_evenly_drawn


def test_a_stopped_experiment_keeps_the_figures_of_its_last_day(creditor, org):
    experiment_start(org, BOTH, **WHO)
    items = debtors(creditor, 10)
    tick(org)
    end = TODAY + timedelta(days=20)
    experiment_stop(org, reason="Enough", on=end, actor="camille")
    pay(items[0], TODAY + timedelta(days=25))
    report = experiment_report(org, on=TODAY + timedelta(days=90))
    assert report.as_of == end
    assert sum(arm.followed for arm in report.arms) == 0


def test_the_report_takes_as_many_queries_for_many_payers_as_for_few(
    creditor, org, django_assert_max_num_queries
):
    experiment_start(org, BOTH, **WHO)
    debtors(creditor, 80)
    tick(org)
    with django_assert_max_num_queries(9):
        experiment_report(org, on=TODAY + timedelta(days=50))
    with django_assert_max_num_queries(1):
        assert [line.cases for line in experiment_lines(org)] == [80]
    design = Design("Next", challenger="risky", with_running=True)
    with django_assert_max_num_queries(6):
        experiment_plan(org, design, on=TODAY)


def test_the_plan_before_the_start_measures_the_payers_there_are(creditor, org):
    due = TODAY - timedelta(days=60)
    old = debtors(creditor, 40, due=due)
    for index, item in enumerate(old[:30]):
        pay(item, due + timedelta(days=index))
    debtors(creditor, 8, start=100, due=TODAY + timedelta(days=20))
    tick(org)
    bare = experiment_plan(org, HALVES, on=TODAY)
    assert (bare.supply.stock, bare.supply.per_week) == (0, 1.0)
    assert bare.sd_payers == 40
    days = [*range(30), *[30] * 10]
    center = sum(days) / 40
    assert bare.sd_days == pytest.approx((sum((d - center) ** 2 for d in days) / 39) ** 0.5)
    assert bare.forecast.earliest_on is None  # one payer a week would take twenty years
    full = experiment_plan(org, Design("x", challenger="risky", with_running=True), on=TODAY)
    assert full.supply.stock == 18
    alone = experiment_plan(org, Design("x", challenger_percent=0), on=TODAY)
    assert alone.arm == "holdout"


def test_the_plan_of_an_empty_portfolio_assumes_and_says_so(org):
    plan = experiment_plan(org, HALVES, on=TODAY)
    assert (plan.sd_days, plan.sd_payers) == (12.0, 0)
    assert plan.forecast.payers == 565


# ---------------------------------------------------------------- walls and doors


def test_experiments_of_another_organization_do_not_exist(creditor, org):
    experiment_start(org, BOTH, **WHO)
    debtors(creditor, 5)
    tick(org)
    other = factories.creditor(factories.organization("other"))
    add_scenario(other.organization_id)
    debtors(other, 5)
    tick(other.organization_id)
    assert ExperimentMember.objects.filter(organization=other.organization).count() == 0
    assert experiment_lines(other.organization_id) == []
    with pytest.raises(LookupError):
        experiment_report(other.organization_id, Experiment.objects.get().pk, on=TODAY)
    with pytest.raises(ExperimentError):
        experiment_stop(other.organization_id, reason="x", **WHO)
    assert experiment_start(other.organization_id, BOTH, **WHO)
    assert len(experiment_report(org, on=TODAY).arms) == 3


def client_of(organization_id: int, role: str) -> Client:
    user = User.objects.create_user(username=role, email=f"{role}@vauban.example", password="x")
    Membership.objects.create(organization_id=organization_id, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


FORM = {
    "name": "Firmer letters",
    "challenger": "risky",
    "challenger_percent": "45",
    "holdout_percent": "10",
    "holdout_days": "5",
    "effect_days": "2",
}


@pytest.mark.parametrize("role", ["reader", "accountant", "collector"])
def test_only_a_manager_starts_or_stops_and_everybody_reads(org, role):
    client = client_of(org, role)
    assert client.get("/experiments/").status_code == 200
    assert client.post("/experiments/start/", FORM).status_code == 403
    experiment = experiment_start(org, BOTH, **WHO)
    assert client.get(f"/experiments/{experiment}/").status_code == 200
    assert client.post("/experiments/stop/", {"reason": "x"}).status_code == 403
    assert Experiment.objects.get().ended_on is None


def test_a_manager_sees_the_forecast_then_starts_and_stops(creditor, org):
    debtors(creditor, 10)
    tick(org)
    client = client_of(org, "manager")
    page = client.get("/experiments/")
    assert page.status_code == 200
    # With the hold-out the champion has 45 %: 565 in both arms take 1,256 payers in all.
    assert "565" in page.content.decode()
    seen = client.get("/experiments/forecast/", {**FORM, "effect_days": "3"})
    assert "251" in seen.content.decode()
    wrong = client.get("/experiments/forecast/", {**FORM, "holdout_percent": "60"})
    assert "90" in wrong.content.decode()
    assert not Experiment.objects.exists()
    started = client.post("/experiments/start/", {**FORM, "with_running": "on"})
    experiment = Experiment.objects.get()
    assert started.headers["location"] == f"/experiments/{experiment.pk}/"
    assert ExperimentMember.objects.count() == 10
    page = client.get(started.headers["location"])
    assert page.context["report"].comparisons[0].verdict.state == "undecided"
    client.post("/experiments/stop/", {"reason": "Enough", "move_to": "champion"})
    experiment.refresh_from_db()
    assert (experiment.stop_reason, experiment.stopped_by) == ("Enough", "manager@vauban.example")
    assert "Enough" in client.get(f"/experiments/{experiment.pk}/").content.decode()
    assert client.get("/experiments/999999/").status_code == 404


def test_wrong_entries_are_answered_with_what_to_correct(org):
    client = client_of(org, "manager")
    answer = client.post("/experiments/start/", {**FORM, "holdout_days": "x"}, follow=True)
    assert answer.status_code == 200
    answer = client.post("/experiments/start/", {**FORM, "challenger": "nowhere"}, follow=True)
    assert "nowhere" in answer.content.decode()
    answer = client.post("/experiments/stop/", {"reason": "x"}, follow=True)
    assert answer.status_code == 200
    assert not Experiment.objects.exists()


def amiable(*arguments: str):
    from amiable.interfaces.cli.main import amiable as command

    return CliRunner().invoke(command, list(arguments), standalone_mode=False)


def test_the_command_line_starts_shows_and_stops(creditor, org):
    debtors(creditor, 5)
    on = ("--on", TODAY.isoformat())
    tried = amiable("experiment", "start", "Firmer", "--challenger", "risky", "--dry-run", *on)
    assert "565" in tried.output
    assert not Experiment.objects.exists()
    assert amiable("experiment", "show", *on).return_value == 1
    refused = amiable("experiment", "start", "Firmer", "--challenger", "nowhere", *on)
    assert refused.exception.exit_code == 2
    assert "no scenario 'nowhere' to try; there are: " in str(refused.exception)
    unknown = amiable("experiment", "start", "Firmer", "--exclude-kind", "particulier", *on)
    assert "'consumer'" in str(unknown.exception)
    assert amiable("experiment", "start", "Firmer", "--challenger", "risky", *on).return_value == 0
    tick(org)
    shown = amiable("experiment", "show", "--json", *on)
    document = json.loads(shown.output)
    assert document["name"] == "Firmer"
    assert [arm["arm"] for arm in document["arms"]] == ["champion", "challenger", "holdout"]
    assert document["comparisons"][0]["state"] == "undecided"
    assert "Not decidable" in amiable("experiment", "show", *on).output
    stopped = amiable("experiment", "stop", "--reason", "Done", "--move-to", "champion", *on)
    assert stopped.return_value == 0
    assert f"Stopped on {TODAY}: Done" in amiable("experiment", "show", *on).output
    assert amiable("experiment", "stop", "--reason", "Done", *on).return_value == 1
