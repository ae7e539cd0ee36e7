"""Nobody is reminded while money that seems to be theirs waits for a person on the bank page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from amiable.apps.banking import matching
from amiable.apps.banking.batches import lines_split
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.proposed import proposals_wake
from amiable.apps.banking.services import (
    MatchError,
    line_assign,
    line_ignore,
    lines_match,
    match_confirm,
    match_refuse,
    match_undo,
)
from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_tick
from amiable.apps.insights.alerts import alerts
from amiable.core.money import Money
from amiable.core.workdays import add_workdays
from tests import factories
from tests.apps.test_money_paths import ACTOR, matched, proposal
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
LATE = TODAY - timedelta(days=1)


@pytest.fixture
def creditor():
    return factories.creditor(factories.organization())


@pytest.fixture
def debtor(creditor):
    row = factories.customer(creditor)
    factories.invoice(row, "FA2026-0077", total_minor=45_000, due=LATE)
    plan_tick(row.organization_id, on=TODAY)
    return row


def standing(debtor) -> list[str]:
    """Steps that would leave for a customer, once the planner has looked where it was told to."""
    plan_tick(debtor.organization_id, on=TODAY)
    rows = Action.objects.filter(case__customer=debtor, state="approved")
    return list(rows.values_list("step", flat=True))


def too_much(debtor, **fields):
    """A line that pays more than the invoice it names: a person has to look."""
    line = matched(debtor, 50_000, "FACT FA2026-0077", **fields)
    assert line.state == "proposed"
    return line


def test_a_proposal_stops_the_reminder_of_its_customer_and_says_why(debtor):
    other = factories.customer(debtor.creditor, "C2", name="Garage Martin")
    factories.invoice(other, "FA2026-0099", total_minor=70_000, due=LATE)
    assert (standing(debtor), standing(other)) == (["reminder_1"], ["reminder_1"])
    too_much(debtor)
    assert (standing(debtor), standing(other)) == ([], ["reminder_1"])
    (said,) = Action.objects.get(case__customer=debtor).outcome
    assert said["code"] == "stop.proposed"
    assert said["params"] == {"amount": ["money", 50_000, "EUR"], "since": ["date", str(TODAY)]}
    assert Case.objects.get(customer=debtor).next_plan_on > TODAY


def test_a_proposal_turned_down_or_set_aside_lets_the_reminder_go_on(debtor):
    org = debtor.organization_id
    match = proposal(too_much(debtor))
    assert standing(debtor) == []
    match_refuse(org, match.pk, **ACTOR)
    assert standing(debtor) == ["reminder_1"]
    line = too_much(debtor, payer_name="Menuiserie Duval")
    assert standing(debtor) == []
    line_ignore(org, line.pk, **ACTOR)
    assert standing(debtor) == ["reminder_1"]


def test_money_given_to_another_customer_lets_the_reminder_go_on(debtor):
    other = factories.customer(debtor.creditor, "C2", name="Garage Martin")
    line = too_much(debtor)
    assert standing(debtor) == []
    line_assign(debtor.organization_id, line.pk, other.pk, allocations=[], **ACTOR)
    assert standing(debtor) == ["reminder_1"]


def test_confirmed_it_is_paid_and_undone_it_is_asked_for_again(debtor):
    org = debtor.organization_id
    match = match_confirm(org, proposal(too_much(debtor)).pk, **ACTOR)
    assert standing(debtor) == []
    match_undo(org, match.pk, **ACTOR)
    assert standing(debtor) == ["reminder_1"]


def test_money_proposed_for_several_customers_stops_each_of_them(debtor):
    other = factories.customer(debtor.creditor, "C2", name="Garage Martin")
    factories.invoice(other, "FA2026-0099", total_minor=70_000, due=LATE)
    assert (standing(debtor), standing(other)) == (["reminder_1"], ["reminder_1"])
    line = matched(debtor, 115_000, "FACT FA2026-0077 FA2026-0099", payer_name="HOLDING")
    assert (proposal(line).kind, proposal(line).customer) == ("several", None)
    assert (standing(debtor), standing(other)) == ([], [])
    line_ignore(debtor.organization_id, line.pk, **ACTOR)
    assert (standing(debtor), standing(other)) == (["reminder_1"], ["reminder_1"])


def also_proposed(line, row, *, rank: int) -> Match:
    return Match.objects.create(
        organization_id=row.organization_id, line=line, state="proposed", rank=rank, customer=row,
        kind="x", decided_by="amiable",
    )  # fmt: skip


def test_of_two_customers_who_may_have_paid_neither_is_chased(debtor):
    other = factories.customer(debtor.creditor, "C2", name="Garage Martin")
    factories.invoice(other, "FA2026-0099", total_minor=50_000, due=LATE)
    assert (standing(debtor), standing(other)) == (["reminder_1"], ["reminder_1"])
    line = too_much(debtor)
    also_proposed(line, other, rank=2)
    also_proposed(line, other, rank=3)  # it is said once of the same line
    proposals_wake(debtor.organization_id, line.matches.all(), on=TODAY)
    assert (standing(debtor), standing(other)) == ([], [])
    (said,) = Action.objects.get(case__customer=other).outcome
    assert said["params"]["amount"] == ["money", 50_000, "EUR"]
    match_confirm(debtor.organization_id, proposal(line).pk, **ACTOR)
    assert (standing(debtor), standing(other)) == ([], ["reminder_1"])


def test_cents_that_wait_stop_nothing(debtor):
    matched(debtor, 90, "FACT FA2026-0077")
    assert standing(debtor) == ["reminder_1"]


def test_after_the_first_proposal_is_turned_down_the_next_is_the_first(debtor):
    line = too_much(debtor)
    org, best = debtor.organization_id, proposal(line)
    second = also_proposed(line, debtor, rank=2)
    match_refuse(org, best.pk, **ACTOR)
    second.refresh_from_db()
    assert (second.rank, standing(debtor)) == (1, [])
    lines_match(org, on=TODAY)
    assert standing(debtor) == ["reminder_1"]


def test_the_dashboard_tells_of_a_proposal_that_nobody_looks_at(debtor):
    org = debtor.organization_id
    line = too_much(debtor)
    other = factories.customer(debtor.creditor, "C2", name="Garage Martin")
    assert factories.invoice(other, "FA2026-0099", total_minor=70_000, due=LATE)

    def waiting(on):
        return [each for each in alerts(org, on) if each.code == "proposals_wait"]

    late = add_workdays(TODAY, 3)
    assert waiting(add_workdays(TODAY, 2)) == []
    (alert,) = waiting(late)
    assert (alert.count, alert.since) == (1, line.booked_on)
    assert alert.amounts == (Money(50_000, "EUR"),)
    assert [each.name for each in alert.customers] == [debtor.name]
    match_refuse(org, proposal(line).pk, **ACTOR)
    assert waiting(late) == []


def test_details_that_stand_for_a_proposed_line_let_the_reminder_go_on(debtor):
    org, line = debtor.organization_id, too_much(debtor)
    assert standing(debtor) == []
    with transaction.atomic():
        lines_split(org, [(line, [])], on=TODAY)
    assert standing(debtor) == ["reminder_1"]


def test_a_line_that_cannot_be_posted_after_all_lets_the_reminder_go_on(debtor, monkeypatch):
    org, line = debtor.organization_id, too_much(debtor)
    other = factories.customer(debtor.creditor, "C2", name="Garage Martin")
    factories.invoice(other, "FA2026-0099", total_minor=50_000, due=LATE)
    assert standing(debtor) == []
    StatementLine.objects.filter(id=line.pk).update(
        label="FACT FA2026-0099", record={**line.record, "payer_name": "Garage Martin"}
    )

    def refused(*_, **__):
        raise MatchError("bank.not_proposed")

    monkeypatch.setattr(matching, "post_payments", refused)
    assert lines_match(org, on=TODAY)["left"] == 1
    assert standing(debtor) == ["reminder_1"]
