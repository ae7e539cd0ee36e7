"""A payment falls short: what is left waits for an approval, and nobody is dunned for it meanwhile."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking import queries
from amiable.apps.banking.models import Match, Rest
from amiable.apps.banking.rests import (
    WAIT_DAYS,
    RestSaid,
    rest_approve,
    rest_refuse,
    rest_reopen,
    rests_name,
)
from amiable.apps.banking.services import line_assign, lines_match, match_undo, statement_import
from amiable.core.records import StatementEntry, StatementRecord
from amiable.core.scenario import Scenario, Step
from tests.stories.portfolio.office import Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 3, 2)  # a Monday
ANN, BOB = "ann@vauban.example", "bob@vauban.example"


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


@pytest.fixture(autouse=True)
def _invariants_hold():
    yield
    assert broken_invariants() == []


@pytest.fixture
def office():
    steps = tuple(
        Step(f"d{n}", n, "email", "friendly", "reminder_1", fallback=("letter",))
        for n in (4, 10, 17, 24)
    )
    return Office(Scenario("story", 1, "Story", steps))


def short(office, euros: int = 985) -> tuple[int, Match]:
    """An invoice of 1,000 euros, and a payment of less two days after its due date."""
    customer = office.customer()
    item = office.invoice(customer, due=DUE, euros=1000)
    entry = StatementEntry(1, day(2), day(2), euros * 100, "EUR", "VIR")
    record = StatementRecord("FR76", "EUR", None, None, day(2), day(2), (entry,), "1")
    statement_import(office.id, [record], source="t.xml", on=day(2), actor=ANN)
    lines_match(office.id, on=day(2))
    line = queries.lines(office.id)[0]
    parts = [(item, euros * 100)]
    match = line_assign(office.id, line.id, customer.id, allocations=parts, on=day(2), actor=ANN)
    return item, match


def name(office, item: int, match: Match, reason: str = "bank_fee", **more) -> Rest:
    said = RestSaid(item, reason, hold_words="waits for an approval", **more)
    (rest,) = rests_name(office.id, match.id, [said], on=day(2), actor=ANN)
    return rest


def days_of(told) -> list[int]:
    return [(on - DUE).days for on, _, _ in told]


def test_while_an_approval_waits_nobody_is_asked_for_the_rest(office):
    item, match = short(office)
    name(office, item, match)
    assert office.live(day(2), day(2 + WAIT_DAYS)) == []
    customer = match.customer
    assert office.why_not(customer, day(5)) == ["stop.item_held"]


def test_when_nobody_decides_the_rest_is_dunned_again_after_two_weeks(office):
    item, match = short(office)
    name(office, item, match)
    assert days_of(office.live(day(2), day(20)))[0] == 2 + WAIT_DAYS + 1


def test_refused_the_rest_is_asked_for_from_the_same_day_on(office):
    item, match = short(office)
    rest = name(office, item, match)
    assert office.live(day(2), day(7)) == []
    rest_refuse(office.id, rest.id, reason="their bank must pay", on=day(8), actor=BOB)
    assert days_of(office.live(day(8), day(8))) == [8]


def test_approved_nothing_is_owed_and_undone_all_of_it_is(office):
    item, match = short(office)
    rest = name(office, item, match)
    rest_approve(office.id, rest.id, on=day(5), actor=BOB)
    assert office.live(day(5), day(12)) == []
    match_undo(office.id, match.id, on=day(14), actor=BOB)
    assert days_of(office.live(day(14), day(14))) == [14]
    rest.refresh_from_db()
    assert rest.state == "withdrawn"


def test_an_approval_taken_back_holds_the_rest_again(office):
    item, match = short(office)
    rest = name(office, item, match)
    rest_approve(office.id, rest.id, on=day(5), actor=BOB)
    rest_reopen(office.id, rest.id, on=day(8), actor=BOB)
    assert office.live(day(8), day(8 + WAIT_DAYS)) == []
    assert days_of(office.live(day(9 + WAIT_DAYS), day(9 + WAIT_DAYS))) == [9 + WAIT_DAYS]


def test_a_disputed_rest_is_not_asked_for_until_the_dispute_ends(office):
    item, match = short(office, 800)
    rest = name(office, item, match, "dispute", detail="quality")
    assert office.live(day(2), day(16)) == []
    match_undo(office.id, match.id, on=day(17), actor=BOB)
    rest.refresh_from_db()
    assert (rest.state, rest.dispute.closed_on) == ("withdrawn", day(17))
    assert days_of(office.live(day(17), day(17))) == [17]


def test_a_retained_guarantee_is_asked_for_on_its_day(office):
    item, match = short(office, 950)
    rest = name(office, item, match, "deduction", detail="retention", note="works", until=day(20))
    rest_approve(office.id, rest.id, on=day(5), actor=BOB)
    assert office.live(day(5), day(20)) == []
    assert days_of(office.live(day(21), day(22)))[0] == 21


def test_a_part_payment_is_dunned_for_the_rest_as_ever(office):
    item, match = short(office)
    rests_name(office.id, match.id, [RestSaid(item, "part")], on=day(2), actor=ANN)
    assert days_of(office.live(day(2), day(5))) == [4]
