"""Habits learned from confirmed matches: posted from, shown, forgotten, forbidden, refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking import queries
from amiable.apps.banking.habits import customer_habits, habit_forbid, habit_forget
from amiable.apps.banking.models import Match
from amiable.apps.banking.opening import opening, waiting_ids, waiting_lines
from amiable.apps.banking.services import (
    line_assign,
    lines_match,
    match_confirm,
    match_refuse,
    match_undo,
    statement_import,
)
from amiable.apps.banking.terms import Agreed, TermsError, terms_set
from amiable.apps.receivables.queries import installment_balances
from amiable.core.records import StatementEntry, StatementRecord
from amiable.core.sentences import Sentence
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
IBAN = "FR7630006000011234567890189"
WHO = {"actor": "ann"}


@pytest.fixture(autouse=True)
def _invariants_hold():
    yield
    assert broken_invariants() == []


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture
def prices(debtor):
    """Twelve invoices of a price list: many sets of them make the same sum."""
    return [
        factories.invoice(
            debtor, f"FA2026-{n:04}", total_minor=1_000 * (n % 3 + 1),
            due=TODAY - timedelta(days=300 - 10 * n),
        )
        for n in range(18)
    ]  # fmt: skip


def receive(org, amount: int, on: date, label: str = "VIR SEPA") -> dict[str, int]:
    entry = StatementEntry(1, on, on, amount, "EUR", label, payer_iban=IBAN)
    account = "FR1420041010050500013M02606"
    record = StatementRecord(account, "EUR", None, None, on, on, (entry,), on.isoformat())
    statement_import(org.id, [record], source="test.xml", on=on, actor="test")
    return lines_match(org.id, on=on)


def sum_of(*items) -> int:
    balances = installment_balances(items[0].organization_id, [item.id for item in items])
    return sum(balances.values())


def pays(debtor, items, on: date) -> Match:
    """A payment of just these, which a person assigns."""
    receive(debtor.organization, sum_of(*items), on)
    line = queries.lines(debtor.organization_id, states=["left", "proposed", "new"])[0]
    parts = [(item.id, sum_of(item)) for item in items]
    return line_assign(debtor.organization_id, line.id, debtor.id, allocations=parts, on=on, **WHO)


def learn(debtor, items, times: int = 3) -> list[date]:
    days = [TODAY - timedelta(days=9 - n) for n in range(times)]
    for n, day in enumerate(days):
        pays(debtor, items[2 * n : 2 * n + 2], day)
    return days


def codes(debtor) -> list[str]:
    found = customer_habits(debtor.organization_id, {debtor.id}, on=TODAY)
    return [habit.code for habit in found.get(debtor.id, [])]


def test_from_three_confirmations_on_a_habit_posts_and_says_the_days(debtor, prices):
    org = debtor.organization
    days = learn(debtor, prices, 2)
    assert "oldest" not in codes(debtor)
    days.append(TODAY - timedelta(days=5))
    pays(debtor, prices[4:6], days[2])
    assert "oldest" in codes(debtor)
    assert receive(org, sum_of(*prices[6:10]), TODAY)["posted"] == 1
    posted = Match.objects.filter(state="posted").latest("id")
    assert {part["installment"] for part in posted.allocations} == {i.id for i in prices[6:10]}
    said = Sentence.from_json(posted.evidence[-1])
    assert (said.code, said.params["count"]) == ("match.habit", 3)
    assert str(said).endswith(f"({', '.join(map(str, days))})")


def test_undoing_what_a_habit_posted_takes_the_habit_back(debtor, prices):
    org = debtor.organization
    learn(debtor, prices)
    assert receive(org, sum_of(*prices[6:10]), TODAY)["posted"] == 1
    match = Match.objects.filter(state="posted").latest("id")
    match_undo(org.id, match.id, on=TODAY, **WHO)
    assert "oldest" not in codes(debtor)
    assert sum_of(*prices[6:10]) == match.line.amount_minor
    assert receive(org, sum_of(*prices[6:9]), TODAY + timedelta(days=1))["posted"] == 0


def test_a_habit_never_stands_against_a_veto_and_a_refusal_takes_it_back(debtor, prices):
    org = debtor.organization
    learn(debtor, prices)
    assert receive(org, sum_of(*prices[6:10]), TODAY, "VIR FA2026-9999")["posted"] == 0
    proposal = Match.objects.filter(state="proposed").order_by("rank")[0]
    assert {"match.habit", "match.veto_unknown"} <= {each["code"] for each in proposal.evidence}
    match_refuse(org.id, proposal.id, on=TODAY, **WHO)
    assert "oldest" not in codes(debtor)


def test_a_habit_is_forgotten_until_confirmed_anew_or_forbidden_for_good(debtor, prices):
    org = debtor.organization
    learn(debtor, prices)
    assert "group" in codes(debtor)
    habit_forget(org.id, debtor.id, "oldest", on=TODAY, **WHO)
    assert "oldest" not in codes(debtor)
    assert "group" in codes(debtor)
    for n, day in enumerate(TODAY - timedelta(days=n) for n in (5, 4, 3)):
        pays(debtor, prices[6 + 2 * n : 8 + 2 * n], day)
    assert "oldest" in codes(debtor)
    habit_forbid(org.id, debtor.id, "oldest", forbidden=True, on=TODAY, **WHO)
    assert "oldest" not in codes(debtor)
    habit_forbid(org.id, debtor.id, "oldest", forbidden=False, on=TODAY, **WHO)
    assert "oldest" in codes(debtor)
    with pytest.raises(TermsError):
        habit_forget(org.id, debtor.id, "luck", on=TODAY, **WHO)


def test_what_a_habit_posted_teaches_nothing(debtor, prices):
    learn(debtor, prices)
    before = customer_habits(debtor.organization_id, {debtor.id}, on=TODAY)[debtor.id]
    assert receive(debtor.organization, sum_of(*prices[6:10]), TODAY)["posted"] == 1
    after = customer_habits(debtor.organization_id, {debtor.id}, on=TODAY)[debtor.id]
    assert [h.days for h in before if h.code == "oldest"] == [
        h.days for h in after if h.code == "oldest"
    ]


def test_an_order_agreed_by_hand_posts_equal_subscriptions_and_outranks_habits(debtor):
    org = debtor.organization
    rents = [
        factories.invoice(
            debtor, f"AB-{n}", total_minor=12_000, due=TODAY - timedelta(days=31 * (4 - n))
        )
        for n in range(4)
    ]
    label = f"VIR {debtor.name}"
    entry = StatementEntry(1, TODAY, TODAY, 12_000, "EUR", label, payer_name=debtor.name)
    record = StatementRecord(
        "FR1420041010050500013M02606", "EUR", None, None, TODAY, TODAY, (entry,), "s1"
    )
    statement_import(org.id, [record], source="t.xml", on=TODAY, actor="test")
    assert lines_match(org.id, on=TODAY)["proposed"] == 1
    terms_set(org.id, debtor.id, Agreed(order="oldest"), on=TODAY, **WHO)
    assert lines_match(org.id, on=TODAY)["posted"] == 1
    assert sum_of(rents[0]) == 0
    assert sum_of(*rents[1:]) == 36_000


def test_habits_of_others_are_never_seen(debtor, prices):
    learn(debtor, prices)
    stranger = factories.customer(factories.creditor(factories.organization("other")))
    assert customer_habits(stranger.organization_id, {debtor.id}, on=TODAY) == {}
    with pytest.raises(TermsError):
        habit_forget(stranger.organization_id, debtor.id, "oldest", on=TODAY, **WHO)


def test_habits_cost_a_fixed_number_of_queries(debtor, prices, django_assert_max_num_queries):
    learn(debtor, prices)
    receive(debtor.organization, 77, TODAY)
    with django_assert_max_num_queries(5):
        customer_habits(debtor.organization_id, {debtor.id}, on=TODAY)
    lines = waiting_lines(debtor.organization_id, waiting_ids(debtor.organization_id))
    with django_assert_max_num_queries(30):
        state = opening(debtor.organization_id, lines, on=TODAY)
    assert {habit.code for habit in state.habits} >= {"oldest", "group"}


def test_a_confirmed_proposal_teaches_as_an_assignment_does(debtor, prices):
    org = debtor.organization
    learn(debtor, prices, 2)
    receive(org, sum_of(*prices[4:6]), TODAY)
    proposed = Match.objects.filter(state="proposed").order_by("rank")
    chosen = next(
        (m for m in proposed if {p["installment"] for p in m.allocations} == {prices[4].id, prices[5].id}),
        None,
    )  # fmt: skip
    assert chosen is not None
    match_confirm(org.id, chosen.id, on=TODAY, **WHO)
    assert "oldest" in codes(debtor)


def test_a_parent_that_may_not_pay_for_a_customer_is_asked_about_every_time(debtor):
    org, parent = debtor.organization, "Holding Atlantique"
    items = [
        factories.invoice(debtor, f"FA2026-01{n:02}", total_minor=70_001 + 1_100 * n)
        for n in range(6)
    ]

    def pay(item, on: date) -> dict[str, int]:
        label = f"FACT {item.invoice.number}"
        entry = StatementEntry(1, on, on, sum_of(item), "EUR", label, payer_name=parent)
        account = "FR1420041010050500013M02606"
        record = StatementRecord(account, "EUR", None, None, on, on, (entry,), label)
        statement_import(org.id, [record], source="t.xml", on=on, actor="test")
        return lines_match(org.id, on=on)

    for n in range(4):
        assert pay(items[n], TODAY - timedelta(days=9 - n))["posted"] == 1
    found = customer_habits(org.id, {debtor.id}, on=TODAY)[debtor.id]
    assert [habit.payer for habit in found if habit.code == "payer"] == [parent]
    habit_forbid(org.id, debtor.id, "payer", forbidden=True, on=TODAY, **WHO)
    assert pay(items[4], TODAY)["proposed"] == 1
    habit_forbid(org.id, debtor.id, "payer", forbidden=False, on=TODAY, **WHO)
    assert pay(items[5], TODAY)["posted"] == 2
