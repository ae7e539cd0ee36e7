"""Seen before it is sent: the days ahead, past days again, and nothing written by either."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from click.testing import CliRunner
from django.apps import apps
from django.db.models import Count, Max
from django.utils import timezone

from amiable.apps.cases.models import Dispute, Hold, Promise
from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.models import Scenario
from amiable.apps.dunning.planning import plan_preview, plan_tick
from amiable.apps.dunning.simulation import jobs
from amiable.apps.dunning.simulation.runs import (
    Asked,
    Scope,
    SimulationError,
    scenario_pick,
    simulation_kind,
    simulation_run,
)
from amiable.apps.dunning.simulation.tally import Tally, UnitCosts
from amiable.apps.receivables.models import Allocation, Entry
from amiable.apps.receivables.services import credits_settle, installments_settle
from amiable.core.sentences import Sentence
from amiable.core.shipped import RISKY, SHIPPED, SME_STANDARD
from amiable.core.simulation import SimulatedContact, one_contact
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
EVERYTHING = 10**6
ONE, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture
def clock(monkeypatch):
    """Sets the moment that rows are recorded at: ten in the morning of a day."""

    def at(day: date) -> None:
        moment = timezone.make_aware(datetime.combine(day, time(10)))
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return at


@pytest.fixture
def creditor(clock):
    """Of an organization set up long ago: what is recorded late is known late."""
    clock(TODAY - timedelta(days=400))
    return factories.creditor(factories.organization())


def pay(item, amount: int, on: date) -> None:
    """A payment of an item, dated `on`, recorded when the clock says."""
    common = {"organization": item.organization, "on_date": on, "source": "test"}
    credit = Entry.objects.create(
        **common, customer=item.customer, kind="payment", amount_minor=-amount
    )
    Allocation.objects.create(**common, credit=credit, installment=item, amount_minor=amount)
    installments_settle(item.organization_id, [item.id], on=on)
    credits_settle(item.organization_id, [credit.id])


def run(owner, first: date, last: date, *, on: date = TODAY, **options):
    asked = Asked(first, last, keep=EVERYTHING, **options)
    return simulation_run(owner.organization_id, asked, on=on)


def portfolio(owner, clock, *, until: date, seed: int = 7, count: int = 25) -> None:
    """A made-up year of invoices, payments, disputes, holds and promises, as they would have been
    known on `until`: what happened later is left out."""
    rng = random.Random(seed)
    for number in range(count):
        debtor = factories.customer(owner, f"C{number}", name=f"Customer {number}")
        debtor.points.create(organization=owner.organization, kind="phone", value="+33639980001")
        for piece in range(6):
            total = rng.randint(5_000, 500_000)
            issued = TODAY - timedelta(days=rng.randint(20, 300))
            due = issued + timedelta(days=30)
            paid_on = due + timedelta(days=rng.randint(-5, 80))
            late = timedelta(days=rng.choice([0, 0, 1, 3]))
            part = rng.choice([total, total, total // 2])
            fate = rng.random()
            started = due + timedelta(days=rng.randint(0, 25))
            length = timedelta(days=rng.randint(3, 30))
            paying, cancelling = rng.random() < 0.8, rng.random() < 0.2
            if issued > until:
                continue
            clock(issued)
            item = factories.invoice(debtor, f"F{number}-{piece}", total_minor=total, due=due)
            case = factories.case(debtor)
            common = {"organization": owner.organization, "case": case}
            if started <= until:
                ended = started + length if started + length <= until else None
                if fate < 0.15:
                    Dispute.objects.create(
                        **common, installment=item, reason="price", opened_on=started,
                        closed_on=ended if _no_other(item) else started,
                    )  # fmt: skip
                elif fate < 0.3:
                    Hold.objects.create(
                        **common, reason="talks", starts_on=started, ends_on=started + length
                    )
                elif fate < 0.45:
                    Promise.objects.create(
                        **common, amount_minor=total, made_on=started, due_on=started + length,
                        grace_days=3, cancelled_on=ended if cancelling else None,
                    )  # fmt: skip
            if paid_on + late <= until and paying:
                clock(paid_on + late)
                pay(item, part, paid_on)


def _no_other(item) -> bool:
    return not item.disputes.filter(closed_on__isnull=True).exists()


def contacts(found) -> list[tuple]:
    return sorted(
        (each.day, each.customer_name, each.step, each.amount_minor) for each in found.contacts
    )


def everything() -> dict:
    """Number of rows and last id of every table."""
    return {
        model._meta.label: model.objects.aggregate(Count("pk"), Max("pk"))
        for model in apps.get_models()
        if model._meta.app_config.name.startswith("amiable")
    }


@pytest.mark.parametrize("span", [(0, 30), (-90, -1)])
def test_simulating_writes_nothing(creditor, clock, span):
    portfolio(creditor, clock, until=TODAY, count=8)
    before = everything()
    found = run(creditor, *(TODAY + timedelta(days=each) for each in span), scenario="risky")
    assert found.contacts
    assert everything() == before
    assert not Scenario.objects.exists()


def test_the_first_day_ahead_is_the_dry_run_of_that_day(creditor, clock):
    portfolio(creditor, clock, until=TODAY)
    found = run(creditor, TODAY, TODAY + WEEK)
    simulated = {
        (each.case_id, each.step, each.items) for each in found.contacts if each.day == TODAY
    }
    planned = {
        (each.facts.case_id, action.step.code, action.items)
        for each in plan_preview(creditor.organization_id, on=TODAY)
        for action in one_contact(each.plan.actions)
    }
    assert simulated == planned
    assert len(simulated) > 5


def test_what_the_nights_really_plan_is_what_was_simulated(creditor, clock):
    debtor = factories.customer(creditor)
    factories.invoice(debtor, due=TODAY - ONE)
    found = run(creditor, TODAY, TODAY)
    plan_tick(creditor.organization_id, on=TODAY)
    (case,) = plan_preview(creditor.organization_id, on=TODAY)
    (pending,) = case.facts.pending
    assert [(each.step, each.day) for each in found.contacts] == [(pending.step, pending.due_on)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("days_before", [40, 90])
def test_a_back_test_never_knows_what_happened_later(creditor, clock, seed, days_before):
    """Removing every fact that came after a day changes no contact up to it."""
    until = TODAY - timedelta(days=days_before)
    clock(TODAY - timedelta(days=400))
    ignorant = factories.creditor(factories.organization("ignorant"))
    portfolio(creditor, clock, until=TODAY, seed=seed)
    portfolio(ignorant, clock, until=until, seed=seed)
    first = until - timedelta(days=80)
    knowing = contacts(run(creditor, first, until, scenario="sme-standard"))
    assert knowing == contacts(run(ignorant, first, until, scenario="sme-standard"))
    assert len(knowing) > 20


def test_a_back_test_uses_no_action_that_was_really_done(creditor, clock):
    portfolio(creditor, clock, until=TODAY, count=10)
    first, last = TODAY - timedelta(days=60), TODAY - ONE
    before = contacts(run(creditor, first, last, scenario="sme-standard"))
    plan_tick(creditor.organization_id, on=first)
    assert contacts(run(creditor, first, last, scenario="sme-standard")) == before


def test_a_payment_stops_the_reminders_of_the_days_after_it(creditor, clock):
    due = TODAY - timedelta(days=60)
    clock(due - timedelta(days=30))
    item = factories.invoice(factories.customer(creditor), due=due)
    clock(due + WEEK)
    pay(item, 120_000, due + WEEK)
    found = run(creditor, due - ONE, TODAY - ONE, scenario="sme-standard")
    assert {each.step for each in found.contacts} >= {"reminder_1"}
    assert max(each.day for each in found.contacts) < due + WEEK


def test_a_payment_recorded_late_shows_whom_we_would_have_reminded_for_nothing(creditor, clock):
    due = TODAY - timedelta(days=60)
    clock(due - timedelta(days=30))
    item = factories.invoice(factories.customer(creditor), due=due)
    clock(due + timedelta(days=4))
    pay(item, 120_000, due)  # the bank dated it on the due date; it was imported four days later
    found = run(creditor, due + ONE, TODAY - ONE, scenario="sme-standard")
    assert [each.step for each in found.contacts] == ["reminder_1"]
    assert found.hindsight.had_paid == 1
    assert found.hindsight.had_paid_known == 0


def test_a_history_loaded_at_the_start_is_known_on_its_dates(clock):
    clock(TODAY)
    creditor = factories.creditor(factories.organization())
    due = TODAY - timedelta(days=60)
    pay(factories.invoice(factories.customer(creditor), due=due), 120_000, due - ONE)
    found = run(creditor, due - WEEK, TODAY - ONE, scenario="sme-standard")
    assert [each for each in found.contacts if each.day >= due] == []
    assert found.hindsight.had_paid == 0


def test_people_who_paid_within_a_week_and_the_calls_spent_on_them(creditor, clock):
    due = date(2026, 9, 2)  # a Wednesday
    clock(due - timedelta(days=30))
    debtor = factories.customer(creditor)
    debtor.points.create(organization=creditor.organization, kind="phone", value="+33639980001")
    item = factories.invoice(debtor, due=due)
    clock(due + timedelta(days=6))
    pay(item, 120_000, due + timedelta(days=6))
    found = run(creditor, due + ONE, due + timedelta(days=40), scenario="sme-standard")
    seen = found.hindsight
    assert [each.step for each in found.contacts] == ["reminder_1", "call_1"]
    assert (seen.followed, seen.paid_soon, seen.calls_paid_soon) == (2, 2, 1)
    assert seen.minutes_paid_soon == 6
    assert sum(seen.first_contacts.values()) == 1


def test_contacts_whose_week_is_not_over_are_not_judged(creditor, clock):
    clock(TODAY - timedelta(days=30))
    factories.invoice(factories.customer(creditor), due=TODAY - timedelta(days=3))
    found = run(creditor, TODAY - timedelta(days=2), TODAY - ONE, scenario="sme-standard")
    assert found.contacts
    assert found.hindsight.followed == 0


def test_another_scenario_is_compared_with_the_running_one(creditor, clock):
    portfolio(creditor, clock, until=TODAY)
    same = run(creditor, TODAY, TODAY + timedelta(days=30), scenario="sme-standard")
    assert same.difference.same == same.difference.compared == same.cases > 5
    other = run(creditor, TODAY, TODAY + timedelta(days=30), scenario="good-payers")
    changed = other.difference
    assert changed.same < changed.compared
    assert changed.cases["fewer"] > 0
    assert other.running.total.contacts == same.work.total.contacts
    assert all(row.changes for row in changed.rows)
    assert len(changed.rows) == changed.compared - changed.same


def test_costs_are_those_that_are_given(creditor, clock):
    debtor = factories.customer(creditor, email="")
    factories.invoice(debtor, due=TODAY - ONE)
    costs = UnitCosts({"letter": 200}, {})
    found = run(creditor, TODAY, TODAY + WEEK, scenario="sme-standard", costs=costs)
    assert {each.medium for each in found.contacts} == {"letter"}
    assert found.work.total.cost_minor == 200 * len(found.contacts)
    assert found.work.total.minutes == 0


@pytest.mark.parametrize(
    ("template", "kind", "parts"),
    [
        ("reminder_sms", "company", 2),
        ("reminder_sms", "consumer", 1),
        ("not_written", "company", 1),
    ],
)
def test_a_text_message_costs_as_many_times_as_it_has_parts(template, kind, parts):
    contact = SimulatedContact(
        TODAY, 1, 1, "Duval", "EUR", "text", "sms", "firm", "automatic", (), 12_000, (), 9,
        template=template, language="fr", customer_kind=kind,
    )  # fmt: skip
    tally = Tally()
    tally.add(contact, UnitCosts({"sms": 8}, {}))
    assert (tally.contacts, tally.cost_minor) == (1, 8 * parts)


def test_only_the_cases_of_the_scope_are_simulated(creditor):
    for code, fields in (("A", {"segment": "gold"}), ("B", {"kind": "consumer"}), ("C", {})):
        factories.invoice(factories.customer(creditor, code, **fields), due=TODAY - ONE)
    elsewhere = factories.creditor(factories.organization("other"))
    factories.invoice(factories.customer(elsewhere), due=TODAY - ONE)

    def size(**scope):
        return run(creditor, TODAY, TODAY, scope=Scope(**scope)).cases

    assert (size(), size(segment="gold"), size(kind="consumer")) == (3, 1, 1)
    assert size(creditor="main") == 3


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"segment": "silver"}, "No customer has the segment silver; there are: gold."),
        ({"creditor": "none"}, "There is no creditor none; there are: main."),
    ],
)
def test_a_scope_that_nothing_bears_is_refused_with_what_exists(creditor, scope, said):
    factories.invoice(factories.customer(creditor, segment="gold"), due=TODAY - ONE)
    with pytest.raises(SimulationError) as refused:
        run(creditor, TODAY, TODAY, scope=Scope(**scope))
    assert str(refused.value) == said
    with pytest.raises(SimulationError):
        jobs.simulation_start(
            creditor.organization_id, Asked(TODAY, TODAY, scope=Scope(**scope)), on=TODAY
        )
    option = f"--{next(iter(scope))}={next(iter(scope.values()))}"
    done = simulate("--scenario", "running", "--from=2026-11-20", "--to=2026-11-20", option)
    assert (done.exception.exit_code, str(done.exception)) == (2, said)


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (TODAY - ONE, TODAY, "simulation.across_today"),
        (TODAY + ONE, TODAY, "simulation.backwards"),
        (TODAY, TODAY + timedelta(days=400), "simulation.too_long"),
    ],
)
def test_a_period_that_is_neither_past_nor_to_come_is_refused(first, last, code):
    with pytest.raises(SimulationError) as refused:
        simulation_kind(first, last, on=TODAY)
    assert refused.value.sentence.code == code


def test_a_scenario_of_the_organization_comes_before_the_shipped_one(creditor):
    organization = creditor.organization_id
    assert scenario_pick(organization, "risky").version == RISKY.version
    scenario_import(organization, SME_STANDARD)
    assert scenario_pick(organization, "sme-standard", version=1).code == "sme-standard"
    with pytest.raises(LookupError, match="risky 1"):
        scenario_pick(organization, "nothing")


@pytest.mark.parametrize("span", [(0, 30), (-60, -1)])
def test_queries_do_not_grow_with_the_cases(creditor, clock, span, django_assert_max_num_queries):
    portfolio(creditor, clock, until=TODAY, count=40)
    with django_assert_max_num_queries(45):
        run(creditor, *(TODAY + timedelta(days=each) for each in span), scenario="risky")


def test_a_small_simulation_runs_at_once_and_its_result_is_kept(creditor, clock):
    portfolio(creditor, clock, until=TODAY, count=8)
    clock(TODAY)
    costs = UnitCosts({"letter": 7}, {"phone": 3})
    asked = Asked(
        TODAY, TODAY + timedelta(days=30), "risky", scope=Scope(kind="company"), costs=costs
    )
    job_id = jobs.simulation_start(creditor.organization_id, asked, on=TODAY)
    kept = jobs.simulation_kept(creditor.organization_id, job_id)
    direct = simulation_run(creditor.organization_id, asked, on=TODAY)
    assert kept.state == "done"
    assert kept.document["totals"]["contacts"] == direct.work.total.contacts > 0
    assert kept.document["unit_costs"] == {"cost": {"letter": "0.07"}, "minutes": {"phone": 3}}
    assert Sentence.from_json(kept.document["contacts"][0]["reasons"][0]).code.startswith("plan.")
    (line,) = jobs.simulations_recent(creditor.organization_id)
    assert (line.summary["contacts"], line.document) == (direct.work.total.contacts, None)
    with pytest.raises(LookupError):
        jobs.simulation_kept(creditor.organization_id + 1, job_id)


def test_a_large_simulation_waits_for_a_worker_and_is_the_only_one(creditor, clock, monkeypatch):
    monkeypatch.setattr(jobs, "AT_ONCE", 0)
    factories.invoice(factories.customer(creditor), due=TODAY - ONE)
    asked = Asked(TODAY, TODAY + WEEK, "risky")
    clock(TODAY)
    job_id = jobs.simulation_start(creditor.organization_id, asked, on=TODAY)
    assert jobs.simulation_kept(creditor.organization_id, job_id).state == "queued"
    with pytest.raises(SimulationError, match="still running"):
        jobs.simulation_start(creditor.organization_id, asked, on=TODAY)
    jobs.simulation_task.call(creditor.organization_id, TODAY.isoformat(), job_id)
    assert jobs.simulation_kept(creditor.organization_id, job_id).document["cases"] == 1


def test_what_can_be_simulated_is_the_own_scenarios_and_the_shipped_ones(creditor):
    scenario_import(creditor.organization_id, replace(SME_STANDARD, name="Ours"))
    choices = {each.code: each.name for each in jobs.scenario_choices(creditor.organization_id)}
    assert choices["sme-standard"] == "Ours"
    assert choices.keys() == SHIPPED.keys()


def simulate(*arguments: str):
    return CliRunner().invoke(
        amiable,
        ["simulate", "--on", TODAY.isoformat(), *arguments],
        standalone_mode=False,
    )


def test_the_command_gives_one_document(creditor, clock):
    portfolio(creditor, clock, until=TODAY, count=10)
    period = ("--from", TODAY.isoformat(), "--to", (TODAY + timedelta(days=30)).isoformat())
    done = simulate("--scenario", "risky", *period, "--json", "--contacts")
    found = json.loads(done.stdout)
    assert (found["scenario"], found["version"], found["kind"]) == ("risky", 1, "forward")
    assert (found["from"], found["to"]) == (period[1], period[3])
    assert "not payments" in found["assumptions"][0]
    totals = found["totals"]
    assert totals["contacts"] == sum(day["contacts"] for day in found["days"])
    assert totals["contacts"] + totals["tasks"] == len(found["contacts"])
    assert sum(totals["by_medium"].values()) == sum(totals["by_stage"].values())
    assert totals["currency"] == "EUR"
    assert "." in totals["cost"]
    assert "." in totals["amount"]
    assert found["difference"]["compared"] == found["cases"]
    assert found["contacts"][0]["reasons"][0]
    assert found["contacts"][0]["invoices"]
    assert "had_paid" not in found


def test_the_command_reads_french_amounts_and_sums_up_each_currency(creditor, clock):
    for code, currency, amount in (("A", "EUR", 90_000), ("B", "JPY", 45_000)):
        debtor = factories.customer(creditor, code, email="", city="Lyon", postcode="69001")
        factories.invoice(
            debtor, f"F{code}", total_minor=amount, currency=currency, due=TODAY - ONE
        )
    period = ("--scenario", "running", "--from=2026-11-20", "--to=2026-11-20")
    done = simulate(*period, "--cost", "letter=1,80", "--cost", "registered_letter=8.50 €")
    assert "2 cases contacted, about 900.00 EUR, 45000 JPY; " in done.stdout
    document = json.loads(simulate(*period, "--cost", "letter=1,80", "--json").stdout)
    assert document["unit_costs"]["cost"]["letter"] == "1.80"
    assert document["totals"]["other_amounts"] == {"JPY": "45000"}


def test_the_command_tests_past_days_and_says_what_that_is_worth(creditor, clock):
    portfolio(creditor, clock, until=TODAY, count=10)
    period = ("--from", (TODAY - timedelta(days=60)).isoformat(), "--to", (TODAY - ONE).isoformat())
    found = json.loads(simulate("--scenario", "running", *period, "--json").stdout)
    assert (found["kind"], found["scenario"], found["had_paid_known"]) == ("back_test", "", 0)
    assert found["paid_anyway_7d"]["of"] >= found["paid_anyway_7d"]["contacts"]
    assert sum(found["first_contact_days_late"].values()) > 0
    assert "contacts" not in found
    text = simulate("--scenario", "risky", *period).stdout
    assert "not payments" in text
    assert "does not say that they would have without any" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "nope", "--from", "2026-11-20", "--to", "2026-11-30"), "sme-standard 1"),
        (("--scenario", "risky", "--from", "2026-11-01", "--to", "2026-11-30"), "spans"),
        (("--scenario", "risky:x", "--from", "2026-11-20", "--to", "2026-11-30"), "version"),
        (("--scenario", "risky", "--from", "2026-11-20", "--to", "2026-11-30", "--cost", "fax=1"),
         "registered_letter"),
        (("--scenario", "risky", "--from", "2026-11-20", "--to", "2026-11-30", "--cost", "sms=x"),
         "not an amount"),
        (("--scenario", "risky", "--from", "2026-11-20", "--to", "2026-11-30", "--cost", "sms"),
         "write sms=VALUE"),
        (("--scenario", "", "--from", "2026-11-20", "--to", "2026-11-30"), "names no scenario"),
        (("--scenario", ":1", "--from", "2026-11-20", "--to", "2026-11-30"), "names no scenario"),
        (("--scenario", "running:1", "--from", "2026-11-20", "--to", "2026-11-30"),
         "names no scenario"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_as_wrong_use(creditor, arguments, said):
    done = simulate(*arguments)
    assert done.exception.exit_code == 2
    assert said in str(done.exception)
