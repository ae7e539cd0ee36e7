"""What matching gives up, remembers and forgets: rests with a name, payers, refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking import queries
from amiable.apps.banking.models import BankAccount, Match, StatementLine
from amiable.apps.banking.opening import opening, waiting_ids, waiting_lines
from amiable.apps.banking.services import (
    line_assign,
    lines_match,
    match_confirm,
    match_refuse,
    match_undo,
    statement_import,
)
from amiable.apps.customers.models import CustomerIban
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
IBAN = "FR7630006000011234567890189"
PARENT = "FR1420041010050500013M02607"


@pytest.fixture
def debtor():
    """A customer of an organization that gives up small rests by itself."""
    organization = factories.organization()
    organization.rest_fee_minor, organization.rest_discount_permille = 2_500, 30
    organization.save()
    return factories.customer(factories.creditor(organization))


def entry(amount_minor: int, label: str = "", on=TODAY, **fields) -> StatementEntry:
    return StatementEntry(1, on, on, amount_minor, "EUR", label, **fields)


def match(org, *entries: StatementEntry, reference: str = "1", on=TODAY) -> dict[str, int]:
    record = StatementRecord(
        "FR1420041010050500013M02606", "EUR", None, None, on, on, entries, reference
    )
    statement_import(org.id, [record], source="test.xml", on=on, actor="test")
    return lines_match(org.id, on=on)


def balance(item) -> int:
    return installment_balances(item.organization_id, [item.id])[item.id]


def line_of(org) -> queries.LineView:
    return queries.lines(org.id)[0]


@pytest.mark.parametrize(
    ("amount", "due", "reason"),
    [
        (99_955, -10, "cents"),
        (98_530, -10, "bank_fee"),
        (98_000, +10, "discount"),
    ],
)
def test_a_rest_with_a_name_is_given_up_and_undone_with_its_payment(debtor, amount, due, reason):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=100_000, due=TODAY + timedelta(due))
    org = debtor.organization
    assert match(org, entry(amount, "FACT FA2026-0042", payer_name=debtor.name))["posted"] == 1
    item.refresh_from_db()
    assert (balance(item), item.settled_on) == (0, TODAY)
    (given_up,) = Entry.objects.filter(kind="write_off")
    assert (given_up.amount_minor, given_up.installment_id) == (amount - 100_000, item.id)
    parts = line_of(org).matches[0].parts
    assert [(p.amount.amount_minor, p.reason) for p in parts] == [
        (amount, ""), (100_000 - amount, reason),
    ]  # fmt: skip
    assert line_of(org).matches[0].unallocated.amount_minor == 0
    match_undo(org.id, Match.objects.get().id, on=TODAY, actor="ann")
    item.refresh_from_db()
    assert (balance(item), item.settled_on) == (100_000, None)
    assert broken_invariants() == []


def test_a_returned_payment_brings_back_what_was_given_up_with_it(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=100_000)
    org = debtor.organization
    counts = match(
        org,
        entry(99_950, "FA2026-0042", end_to_end_id="SDD1", payer_name=debtor.name),
        entry(-99_950, "IMPAYE", end_to_end_id="SDD1", is_return=True, return_reason="AM04"),
    )
    assert (counts["posted"], counts["returned"]) == (1, 1)
    assert balance(item) == 100_000
    wrong = Match.objects.get(state="posted", returned_payment__isnull=False)
    match_undo(org.id, wrong.id, on=TODAY, actor="ann")
    assert balance(item) == 0
    assert broken_invariants() == []


def test_more_than_a_limit_stays_a_part_payment(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=100_000, due=TODAY)
    org = debtor.organization
    assert match(org, entry(95_000, "FA2026-0042", payer_name=debtor.name))["posted"] == 1
    assert balance(item) == 5_000
    assert not Entry.objects.filter(kind="write_off").exists()


def test_the_organization_says_how_much_is_given_up(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=100_000)
    org = debtor.organization
    org.rest_fee_minor = 1_000
    org.save()
    assert match(org, entry(98_500, "FA2026-0042", payer_name=debtor.name))["posted"] == 1
    assert balance(item) == 1_500
    assert not Entry.objects.filter(kind="write_off").exists()


def test_a_rest_that_a_person_confirms_is_given_up_with_its_reason(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=100_000)
    org = debtor.organization
    assert match(org, entry(98_500, "FA2026-0042"))["proposed"] == 1
    proposal = Match.objects.get(state="proposed", rank=1)
    assert proposal.kind == "bank_fee"
    match_confirm(org.id, proposal.id, on=TODAY, actor="ann")
    assert balance(item) == 0
    assert broken_invariants() == []


def test_a_credit_note_that_nobody_knows_makes_no_part_payment(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=100_000)
    org = debtor.organization
    counts = match(org, entry(70_000, "FA2026-0042 - AVOIR AV2026-9999", payer_name=debtor.name))
    assert (counts["posted"], counts["proposed"]) == (0, 1)
    assert "match.credit_differs" in [s.code for m in line_of(org).matches for s in m.evidence]
    assert balance(item) == 100_000


def test_who_pays_for_a_customer_is_known_the_third_time(debtor):
    org = debtor.organization
    items = [factories.invoice(debtor, f"FA2026-005{n}", total_minor=11_111 * n) for n in (1, 2, 3)]
    parent = {"payer_name": "Holding Rivoire", "payer_iban": PARENT}
    for n, item in enumerate(items[:2], 1):
        day = TODAY + timedelta(n)
        assert match(org, entry(11_111 * n, item.invoice.number, day, **parent),
                     reference=str(n), on=day)["posted"] == 1  # fmt: skip
    assert not CustomerIban.objects.exists()
    day = TODAY + timedelta(9)
    assert match(org, entry(33_333, "VIREMENT", day, **parent), reference="9", on=day)["posted"]
    assert balance(items[2]) == 0
    assert "match.paid_before" in [s.code for s in line_of(org).evidence]


def test_an_undone_payment_is_no_memory(debtor):
    org = debtor.organization
    for n in (1, 2, 3):
        factories.invoice(debtor, f"FA2026-005{n}", total_minor=11_111 * n)
    parent = {"payer_name": "Holding Rivoire", "payer_iban": PARENT}
    match(org, entry(11_111, "FA2026-0051", **parent), entry(22_222, "FA2026-0052", **parent))
    for posted in Match.objects.filter(state="posted"):
        match_undo(org.id, posted.id, on=TODAY, actor="ann")
    state = opening(org.id, waiting_lines(org.id, waiting_ids(org.id)), on=TODAY)
    assert state.links == ()


def test_a_person_teaches_the_account_unless_the_payer_goes_by_another_name(debtor):
    org = debtor.organization
    item = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    other = factories.invoice(debtor, "FA2026-0043", total_minor=60_000)
    match(
        org,
        entry(777, "VIREMENT", payer_name="MENUISERIE DUVALL", payer_iban=IBAN),
        entry(888, "VIREMENT", payer_name="HOLDING RIVOIRE", payer_iban=PARENT),
    )
    first, second = StatementLine.objects.order_by("amount_minor")
    line_assign(org.id, first.id, debtor.id, allocations=[(item.id, 777)], on=TODAY, actor="ann")
    line_assign(org.id, second.id, debtor.id, allocations=[(other.id, 888)], on=TODAY, actor="ann")
    assert [row.iban for row in CustomerIban.objects.all()] == [IBAN]


def test_a_payer_that_was_not_this_customer_is_asked_about_again(debtor):
    org = debtor.organization
    twin = factories.customer(debtor.creditor, "C002", name="Menuiserie Duval Ouest")
    factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    factories.invoice(debtor, "FA2026-0044", total_minor=70_000)
    item = factories.invoice(twin, "FA2026-0043", total_minor=60_000)
    payer = {"payer_name": "MENUISERIE DUVAL"}
    assert match(org, entry(60_000, "VIREMENT", **payer))["proposed"] == 1
    for proposal in Match.objects.filter(state="proposed"):
        match_refuse(org.id, proposal.id, on=TODAY, actor="ann")
    row = StatementLine.objects.get()
    line_assign(org.id, row.id, twin.id, allocations=[(item.id, 60_000)], on=TODAY, actor="ann")
    day = TODAY + timedelta(40)
    counts = match(org, entry(70_000, "VIREMENT", day, **payer), reference="2", on=day)
    assert (counts["posted"], counts["proposed"]) == (0, 1)
    assert "match.veto_not_payer" in [s.code for m in line_of(org).matches for s in m.evidence]


def test_money_from_an_account_of_our_own_is_set_aside(debtor):
    org = debtor.organization
    factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    match(org, entry(1, "X"))
    own = BankAccount.objects.get().identifier
    day = TODAY + timedelta(1)
    counts = match(org, entry(50_000, "VIR", day, payer_iban=own), reference="2", on=day)
    assert counts["ignored"] == 1


def test_an_invoice_paid_long_ago_is_known_when_a_line_names_it(debtor):
    org = debtor.organization
    old = factories.invoice(debtor, "FA2025-0007", total_minor=50_000)
    factories.invoice(debtor, "FA2025-0008", total_minor=50_000)
    match(org, entry(50_000, "FA2025-0007"), reference="1")
    later = TODAY + timedelta(200)
    counts = match(org, entry(50_000, "REGLT FA 2025.0007", later), reference="2", on=later)
    assert (counts["posted"], counts["proposed"]) == (0, 1)
    assert "match.already_paid" in [s.code for m in line_of(org).matches for s in m.evidence]
    other = opening(org.id, [], on=later)
    assert old.id not in {item.id for item in other.items}


def test_memory_costs_the_same_for_one_line_and_for_many(debtor, django_assert_max_num_queries):
    org = debtor.organization
    for n in range(60):
        factories.invoice(debtor, f"FA2026-1{n:03d}", total_minor=10_000 + n)
    lines = [entry(10_000 + n, f"FA2026-1{n:03d}", payer_name=f"P {n}") for n in range(60)]
    match(org, *lines)
    with django_assert_max_num_queries(16):
        opening(org.id, [], on=TODAY)
    rows = waiting_lines(org.id, waiting_ids(org.id))
    with django_assert_max_num_queries(24):
        opening(org.id, rows, on=TODAY)


class Undo(TestCase):
    """Whatever a line posts, undoing it restores every balance."""

    @settings(max_examples=25, deadline=None)
    @given(
        opens=st.lists(st.integers(1_000, 90_000), min_size=1, max_size=4),
        kept=st.integers(-150, 3_000),
        named=st.integers(1, 4),
    )
    def test_undo_is_exact_whatever_was_posted(self, opens, kept, named):
        owner = factories.customer(factories.creditor(factories.organization()))
        org = owner.organization
        items = [
            factories.invoice(owner, f"FA2026-00{n:02d}", total_minor=amount)
            for n, amount in enumerate(opens, 10)
        ]
        asked = items[:named]
        amount = sum(item.entries.get().amount_minor for item in asked) - kept
        if amount <= 0:
            return
        label = " ".join(item.invoice.number for item in asked)
        match(org, entry(amount, label, payer_name=owner.name))
        for posted in Match.objects.filter(organization=org, state="posted"):
            spent = sum(opens) - sum(balance(item) for item in items)
            free = unallocated_credits(org.id, [owner.id]).get((owner.id, "EUR"), 0)
            given_up = -sum(
                Entry.objects.filter(organization=org, kind="write_off").values_list(
                    "amount_minor", flat=True
                )
            )
            assert spent == amount - free + given_up  # cents are conserved
            match_undo(org.id, posted.id, on=TODAY, actor="ann")
        assert [balance(item) for item in items] == opens
        assert unallocated_credits(org.id, [owner.id]) == {}
        assert broken_invariants() == []


def test_two_creditors_of_an_agency_are_each_paid_on_their_own_account():
    agency = factories.organization()
    own = ("FR1420041010050500013M02606", "FR7630006000011234567890189")
    debtors = []
    for number, iban in enumerate(own, start=1):
        owner = factories.creditor(agency, f"C{number}", iban=iban, name=f"Creditor {number}")
        debtors.append(factories.customer(owner, f"D{number}", name=f"Client {number} SARL"))
        factories.invoice(debtors[-1], f"FA2026-010{number}", due=TODAY)
    for iban, reference in zip(own, ("1", "2"), strict=True):
        paid = [entry(120_000, f"VIR FA2026-010{n}", payer_name=f"Client {n}") for n in (1, 2)]
        record = StatementRecord(iban, "EUR", None, None, TODAY, TODAY, tuple(paid), reference)
        statement_import(agency.id, [record], source="test.xml", on=TODAY, actor="test")
    lines_match(agency.id, on=TODAY)
    posted = Match.objects.filter(state="posted")
    owners = posted.values_list("line__statement__account__creditor", "customer__creditor")
    assert sorted(owners) == [(debtor.creditor_id, debtor.creditor_id) for debtor in debtors]
    assert Match.objects.filter(state="proposed").exists()
