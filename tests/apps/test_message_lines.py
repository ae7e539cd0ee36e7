"""What a message lists and why, from the facts of a case to the message that leaves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Action, Scenario
from amiable.apps.dunning.planning import plan_tick
from amiable.apps.dunning.sending import send_tick
from amiable.apps.dunning.writing.listing import (
    Account,
    account_lines,
    broken_pledge,
    message_lines,
    returned_payment,
)
from amiable.apps.messaging.models import Message
from amiable.core.facts import CaseFacts, Hold, Item, Promise, Receipt
from amiable.core.promises import commitments
from amiable.core.scenario_data import scenario_to_json
from amiable.core.shipped import AFTER_BROKEN, AGENCY_45_DAYS
from tests import factories
from tests.factories import TODAY

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
ROUTES = {
    medium: ("memory", {"box": {}}) for medium in ("email", "letter", "registered_letter", "sms")
}


def item(number: int, late: int = 10, *, open_minor: int = 100_000, **fields) -> Item:
    due = TODAY - timedelta(days=late)
    return Item(number, f"FA{number}", due - timedelta(days=30), due, 120_000, open_minor, **fields)


def case_facts(*items: Item, **fields) -> CaseFacts:
    return CaseFacts(
        case_id=1, organization_id=1, customer_id=1, customer_name="Duval",
        customer_kind="company", language="fr", currency="EUR", items=items, **fields,
    )  # fmt: skip


def account(*items: Item, **fields) -> Account:
    facts = case_facts(*items, **fields)
    return Account(facts, TODAY, commitments(facts, TODAY), {each.id: each.id for each in items})


def shown(lines):
    return [(x.number, x.group, x.open_minor, x.paid_minor) for x in lines]


def test_what_is_asked_reminded_or_announced_stands_under_its_own_title():
    given = account(item(1), item(2, 30), item(3, -5))
    assert shown(message_lines(given, {1: 100_000, 3: 0}, show_paused=True)) == [
        ("FA1", "due", 100_000, 20_000),
        ("FA2", "reminded", 100_000, 20_000),
        ("FA3", "upcoming", 100_000, 20_000),
    ]


def test_disputed_in_part_is_two_lines_and_wholly_is_one():
    given = account(item(1, disputed_minor=30_000), item(2, disputed_minor=100_000))
    assert shown(message_lines(given, {1: 70_000}, show_paused=True)) == [
        ("FA1", "due", 70_000, 20_000),
        ("FA1", "disputed", 30_000, 20_000),
        ("FA2", "disputed", 100_000, 20_000),
    ]


def test_promised_in_part_is_two_lines_and_a_plan_is_told_from_a_promise():
    promise = Promise(60_000, TODAY + timedelta(days=5), made_on=TODAY - timedelta(days=1))
    given = account(item(1), promises=(promise,))
    asked = {1: 40_000}
    assert shown(message_lines(given, asked, show_paused=True)) == [
        ("FA1", "due", 40_000, 20_000),
        ("FA1", "promised", 60_000, 20_000),
    ]
    planned = account(item(1), promises=(replace(promise, plan_id=7, amount_minor=100_000),))
    assert shown(message_lines(planned, {}, show_paused=True)) == [
        ("FA1", "planned", 100_000, 20_000)
    ]


def test_disputed_and_promised_are_both_taken_off_what_is_asked():
    promise = Promise(20_000, TODAY + timedelta(days=5), made_on=TODAY - timedelta(days=1))
    given = account(item(1, disputed_minor=30_000), promises=(promise,))
    assert shown(message_lines(given, {1: 50_000}, show_paused=True)) == [
        ("FA1", "due", 50_000, 20_000),
        ("FA1", "promised", 20_000, 20_000),
        ("FA1", "disputed", 30_000, 20_000),
    ]


def test_item_on_hold_is_listed_apart_and_one_gone_from_the_accounts_is_not_spoken_of():
    hold = Hold("we check", TODAY - timedelta(days=1), item_id=1)
    given = account(item(1), item(2, missing_from_export=True), holds=(hold,))
    assert shown(message_lines(given, {}, show_paused=True)) == [("FA1", "held", 100_000, 20_000)]


def test_policy_leaves_out_what_is_paused_but_never_what_is_asked():
    promise = Promise(60_000, TODAY + timedelta(days=5), made_on=TODAY - timedelta(days=1))
    given = account(item(1), item(2, -5, disputed_minor=10_000), promises=(promise,))
    assert shown(message_lines(given, {1: 40_000}, show_paused=False)) == [
        ("FA1", "due", 40_000, 20_000),
        ("FA2", "upcoming", 90_000, 20_000),
    ]


def test_statement_shows_everything_open_whatever_the_message_asks_for():
    hold = Hold("we check", TODAY - timedelta(days=1), item_id=2)
    given = account(item(1), item(2), item(3, -9), item(4, disputed_minor=100_000), holds=(hold,))
    assert [(x.number, x.group) for x in account_lines(given)] == [
        ("FA1", "due"), ("FA2", "held"), ("FA3", "upcoming"), ("FA4", "disputed"),
    ]  # fmt: skip


STEPS = {step.code: step for step in AFTER_BROKEN.steps}


def test_broken_promise_is_named_with_what_came_of_it():
    facts = case_facts(
        item(1),
        promises=(Promise(80_000, TODAY - timedelta(days=9), made_on=TODAY - timedelta(days=20)),),
        receipts=(Receipt(TODAY - timedelta(days=10), 20_000),),
    )
    pledge = broken_pledge(commitments(facts, TODAY), STEPS["broken_email"])
    assert pledge is not None
    assert (pledge.amount_minor, pledge.received_minor) == (80_000, 20_000)
    assert (pledge.due_on, pledge.made_on) == (
        TODAY - timedelta(days=9), TODAY - timedelta(days=20),
    )  # fmt: skip
    assert not pledge.in_plan


def test_missed_instalment_names_its_plan_and_the_next_one():
    made = TODAY - timedelta(days=40)
    plan = tuple(
        Promise(30_000, TODAY + timedelta(days=days), made_on=made, plan_id=3, id=n)
        for n, days in enumerate((-9, 21, 51))
    )
    given = commitments(case_facts(item(1, 60), promises=plan), TODAY)
    pledge = broken_pledge(given, STEPS["missed_email"])
    assert pledge is not None
    assert (pledge.in_plan, pledge.amount_minor) == (True, 30_000)
    assert (pledge.next_on, pledge.next_minor) == (TODAY + timedelta(days=21), 30_000)
    # One instalment missed breaks no plan: there is no broken promise to speak of.
    assert broken_pledge(given, STEPS["broken_email"]) is None
    assert broken_pledge(commitments(case_facts(item(1)), TODAY), STEPS["broken_email"]) is None


def test_last_returned_payment_of_what_is_asked_is_the_one_named():
    early, late = date(2026, 11, 2), date(2026, 11, 18)
    facts = case_facts(
        item(1, events={"payment_returned": early}, return_reason="AM04"),
        item(2, events={"payment_returned": late}, return_reason="MD01"),
    )
    assert returned_payment(facts, {1: 1, 2: 1}) == (late, "MD01")
    assert returned_payment(facts, {1: 1}) == (early, "AM04")
    assert returned_payment(facts, {}) == (None, "")


# From an agency's books to its messages


@pytest.fixture
def agency(db):
    """An agency, its debtor with one overdue invoice, on the 45-day scenario less its calls."""
    organization = factories.organization("lyonnais")
    organization.is_agency = True
    organization.name = "Recouvrement Lyonnais"
    organization.address = ["24 quai Rambaud", "69002 LYON"]
    organization.email, organization.phone = "dossiers@lyonnais.example", "04 78 00 00 00"
    organization.save()
    debtor = factories.customer(factories.creditor(organization))
    factories.invoice(debtor, due=TODAY - timedelta(days=1))
    steps = tuple(s for s in AGENCY_45_DAYS.steps if s.code.startswith(("first", "reminder")))
    scenario = replace(AGENCY_45_DAYS, steps=steps)
    Scenario.objects.create(
        organization=organization, code=scenario.code, version=1, name=scenario.name,
        definition=scenario_to_json(scenario), is_default=True,
    )  # fmt: skip
    return organization


def night(organization, on: date):
    Case.objects.update(next_plan_on=on)
    plan_tick(organization.id, on=on)
    now = NOW.replace(year=on.year, month=on.month, day=on.day)
    Action.objects.filter(state="proposed").update(state="approved")
    return send_tick(organization.id, now=now, routes=ROUTES)


@pytest.mark.django_db(transaction=True)
def test_first_messages_of_an_agency_carry_the_statements_and_the_next_recall_them(agency):
    counts = night(agency, TODAY)
    assert counts.sent == 2
    for message in Message.objects.all():
        said = re.sub(r"\s", " ", message.text)
        assert "L111-8" in said
        assert "Recouvrement Lyonnais, 24 quai Rambaud, 69002 LYON" in said
        assert "Atelier Vauban, 12 rue des Forges, 69007 LYON" in said
    assert night(agency, TODAY + timedelta(days=11)).sent == 1
    recall = Message.objects.order_by("id").last()
    said = re.sub(r"\s", " ", recall.text)
    assert "notre lettre du 20 novembre 2026" in said
    assert "L111-8" not in said


@pytest.mark.django_db(transaction=True)
def test_organization_that_is_no_agency_cannot_send_the_agency_scenario(agency):
    agency.is_agency = False
    agency.save()
    counts = night(agency, TODAY)
    assert (counts.sent, counts.failed) == (0, 2)
    assert not Message.objects.exists()
    reasons = {row["code"] for a in Action.objects.filter(state="failed") for row in a.outcome}
    assert reasons == {"message.not_agency"}
