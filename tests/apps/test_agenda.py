"""The day's work: which day it speaks of, what nobody has decided, what stands beside what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from amiable.apps.dunning import exclusions, queries, services
from amiable.apps.dunning.models import Action, Enrollment, Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.insights.alerts import alerts
from amiable.apps.payments.decisions import Wish, credit_keep
from amiable.apps.payments.queries import unseen_entries
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.core.money import Money
from amiable.core.sentences import Sentence
from tests import factories
from tests.apps.test_batch import debtor, in_batch, tick
from tests.browser.portfolio import member
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
SUNDAY, MONDAY = date(2026, 11, 22), date(2026, 11, 23)


@pytest.fixture
def creditor():
    cache.clear()
    owner = factories.creditor(factories.organization())
    in_batch(owner.organization)
    return owner


@pytest.fixture
def sunday(monkeypatch):
    """The console is looked at on a Sunday."""
    monkeypatch.setattr(timezone, "localdate", lambda *_: SUNDAY)


@pytest.fixture
def read(creditor):
    """Reads a page of the console as a manager, in English."""
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(member(creditor.organization, "camille@acme.example", "manager"))
    return lambda address: client.get(address).content.decode()


# -- the day it speaks of ------------------------------------------------------------------------


def test_the_exclusions_of_a_sunday_are_those_of_monday(creditor):
    debtor(creditor, "C1", late=0)
    tick(creditor.organization_id, on=SUNDAY)
    assert set(Action.objects.values_list("due_on", flat=True)) == {MONDAY}
    found = exclusions.exclusions(creditor.organization_id, on=SUNDAY)
    counts = queries.agenda_counts(creditor.organization_id, on=found.on)
    assert (found.on, found.included) == (MONDAY, counts["batch"])
    assert found.included > 0


def test_what_is_in_the_batch_before_it_is_overdue_is_counted_apart(creditor):
    debtor(creditor, "C1", late=1)
    early = debtor(creditor, "C2", late=-7)
    tick(creditor.organization_id)
    assert Action.objects.filter(case__customer=early, state="to_approve").exists()
    found = exclusions.exclusions(creditor.organization_id, on=factories.TODAY)
    assert (found.included, found.ahead, found.overdue) == (1, 1, 1)
    counts = queries.agenda_counts(creditor.organization_id, on=found.on)
    assert counts["batch"] == found.included + found.ahead


def test_a_reason_names_the_day_it_speaks_of(creditor):
    scenario = default_scenario(creditor.organization_id)
    definition = scenario.definition
    steps = [
        step if step["stage"] == "formal" else {**step, "approval": "automatic"}
        for step in definition["steps"]
    ]
    Scenario.objects.filter(id=scenario.id).update(definition={**definition, "steps": steps})
    debtor(creditor, "C1", late=0)
    (group,) = exclusions.exclusions(creditor.organization_id, on=SUNDAY).groups
    assert group.family == "automatic"
    assert group.rows[0].reasons == (Sentence("left_out.automatic", {"on": MONDAY}),)
    assert str(group.rows[0].reasons[0]) == "Its message of 2026-11-23 leaves by itself."


def test_a_customer_whose_holiday_it_is_waits_for_its_own_day(creditor):
    stephens_day = date(2024, 12, 26)
    row = factories.customer(creditor, "C1", postcode="67000")
    factories.invoice(row, "FA-1", due=stephens_day - timedelta(days=1))
    (group,) = exclusions.exclusions(creditor.organization_id, on=stephens_day).groups
    day_after = Sentence("left_out.later", {"on": date(2024, 12, 27)})
    assert (group.family, group.rows[0].reasons) == ("waiting", (day_after,))


def test_pages_of_a_sunday_say_which_day_they_show(creditor, read, sunday):
    debtor(creditor, "C1", late=0)
    tick(creditor.organization_id, on=SUNDAY)
    agenda = read("/actions/?tab=batch")
    assert "nobody works today" in agenda
    assert "Client C1" in agenda
    assert "the next working day" in read("/actions/left-out/")
    assert "Due on Monday" in read("/")


# -- what nobody decided -------------------------------------------------------------------------


def test_a_batch_left_alone_is_told_with_its_age_and_its_amount(creditor):
    debtor(creditor, "C1", late=1)
    debtor(creditor, "C2", late=1, total_minor=80_000)
    tick(creditor.organization_id)
    day = factories.TODAY
    assert queries.unconfirmed(creditor.organization_id, tab="batch", on=day) is None
    later = day + timedelta(days=4)
    found = queries.unconfirmed(creditor.organization_id, tab="batch", on=later)
    assert (found.count, found.since, found.amounts) == (2, day, (Money(200_000, "EUR"),))
    (alert,) = [each for each in alerts(creditor.organization_id, later) if "waits" in each.code]
    assert (alert.code, alert.count, alert.since) == ("batch_waits", 2, day)
    assert {each.name for each in alert.customers} == {"Client C1", "Client C2"}
    services.action_approve(
        creditor.organization_id,
        list(Action.objects.values_list("id", flat=True)),
        on=later,
        actor="camille@acme.example",
    )
    assert not [each for each in alerts(creditor.organization_id, later) if "wait" in each.code]


def test_money_that_waits_for_a_decision_is_said_on_the_dashboard(creditor, read, sunday):
    org, on = creditor.organization_id, TODAY
    told = {"on": on, "actor": "camille", "cases": {}}
    for code, amount in (("C1", 30_000), ("C2", 20_000), ("C3", 99)):
        row = debtor(creditor, code, late=1)
        payment_record(org, PaymentIn(row.pk, amount, "EUR", on, f"test:{code}"), **told)
    # Who owes nothing is reminded of nothing: no alert for an advance.
    settled = factories.customer(creditor, "C4", name="Client C4")
    payment_record(org, PaymentIn(settled.pk, 10_000, "EUR", on, "test:C4"), **told)
    (alert,) = [each for each in alerts(org, on) if each.code == "money_waits"]
    assert (alert.count, alert.since, alert.amounts) == (2, on, (Money(50_000, "EUR"),))
    assert [each.name for each in alert.customers] == ["Client C1", "Client C2"]
    assert "2 customers have paid money that pays no invoice yet" in read("/")
    for entry in unseen_entries(org).filter(customer__code__in=["C1", "C2"]):
        credit_keep(org, Wish(entry.pk, 0), **told)
    assert not [each for each in alerts(org, on) if each.code == "money_waits"]


def test_an_unconfirmed_batch_is_said_on_the_file_and_on_the_agenda(creditor, read, sunday):
    row = debtor(creditor, "C1", late=1)
    tick(creditor.organization_id)
    file = read(f"/customers/{row.pk}/")
    assert "waits in the batch since" in file
    assert "no later step of these invoices leaves" in file
    assert "?tab=batch" in file
    assert "1 customer waits since" in read("/actions/?tab=batch")
    assert "in a batch that nobody has confirmed" in read("/")


# -- what stands beside what ---------------------------------------------------------------------


def test_groups_of_two_versions_of_a_scenario_tell_them_apart(creditor, read, sunday):
    first, second = debtor(creditor, "C1", late=1), debtor(creditor, "C2", late=1)
    old = default_scenario(creditor.organization_id)
    new = Scenario.objects.create(
        organization=creditor.organization, code=old.code, name=old.name, version=2,
        definition={**old.definition, "version": 2},
    )  # fmt: skip
    Enrollment.objects.create(
        organization=creditor.organization, case=factories.case(second), scenario=new,
        started_on=factories.TODAY,
    )  # fmt: skip
    tick(creditor.organization_id)
    groups = queries.batch_groups(creditor.organization_id, on=factories.TODAY)
    seen = [(group.version, group.lines[0].customer_name) for group in groups]
    assert seen == [(1, first.name), (2, second.name)]
    shown = read("/actions/?tab=batch")
    assert "version 1" in shown
    assert "version 2" in shown
