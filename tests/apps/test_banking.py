"""Bank statements in: lines once, twins apart, balances; lines matched, confirmed, undone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking import queries
from amiable.apps.banking.models import BankAccount, Match, Statement, StatementLine
from amiable.apps.banking.services import (
    MatchError,
    StatementError,
    line_assign,
    line_ignore,
    line_restore,
    lines_match,
    match_confirm,
    match_refuse,
    match_undo,
    statement_import,
)
from amiable.apps.cases.models import Case
from amiable.apps.customers.models import CustomerIban
from amiable.apps.payments.models import Payment, PaymentReturn
from amiable.apps.receivables.allocations import AllocationError
from amiable.apps.receivables.models import Entry, Installment
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.apps.receivables.services import credits_settle
from amiable.core.records import StatementEntry, StatementRecord
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
IBAN = "FR7630006000011234567890189"


@pytest.fixture(autouse=True)
def _invariants_hold():
    yield
    assert broken_invariants() == []


@pytest.fixture
def creditor():
    return factories.creditor(factories.organization())


@pytest.fixture
def debtor(creditor):
    return factories.customer(creditor)


def entry(amount_minor: int, label: str = "", on: date = TODAY, **fields) -> StatementEntry:
    return StatementEntry(1, on, on, amount_minor, "EUR", label, **fields)


def record(*entries: StatementEntry, opening: int | None = 0, **fields) -> StatementRecord:
    closing = None if opening is None else opening + sum(e.amount_minor for e in entries)
    fields = {"opening_on": TODAY, "closing_on": TODAY, "closing_minor": closing, **fields}
    return StatementRecord(
        account="FR1420041010050500013M02606",
        currency="EUR",
        opening_minor=opening,
        entries=entries,
        **fields,
    )


def take(org, *records: StatementRecord) -> dict[str, int]:
    return statement_import(org.id, records, source="test.xml", on=TODAY, actor="test")


def match(org, *entries: StatementEntry) -> dict[str, int]:
    take(org, record(*entries))
    return lines_match(org.id, on=TODAY)


def balance(installment: Installment) -> int:
    return installment_balances(installment.organization_id, [installment.id])[installment.id]


def test_reimport_of_the_same_statement_adds_nothing(creditor):
    org = creditor.organization
    whole = record(entry(100, "A"), entry(200, "B"))
    assert take(org, whole)["lines"] == 2
    again = take(org, whole)
    assert (again["statements"], again["lines"], again["duplicates"]) == (0, 0, 2)
    assert (Statement.objects.count(), StatementLine.objects.count()) == (1, 2)


def test_overlapping_statement_adds_only_what_is_new(creditor):
    org = creditor.organization
    take(org, record(entry(100, "A"), entry(200, "B")))
    second = record(entry(200, "B"), entry(300, "C"), opening=100, reference="2")
    counts = take(org, second)
    assert (counts["lines"], counts["duplicates"]) == (1, 1)
    assert StatementLine.objects.count() == 3


def test_real_twins_are_both_kept(creditor):
    org = creditor.organization
    twin = entry(450, "LOYER MARS")
    assert take(org, record(twin, twin))["lines"] == 2
    assert take(org, record(twin, twin))["lines"] == 0


def test_balances_and_gaps_are_told(creditor):
    org = creditor.organization
    counts = take(org, replace(record(entry(100, "A")), closing_minor=101))
    assert counts["unbalanced"] == 1
    assert Statement.objects.get().difference_minor == -1
    tomorrow = TODAY + timedelta(days=1)
    late = replace(record(entry(5, "B", tomorrow), opening=500), opening_on=tomorrow)
    assert take(org, replace(late, closing_on=tomorrow))["gaps"] == 1


def test_rib_of_a_cfonb_file_is_the_account_of_the_iban(creditor):
    org = creditor.organization
    factories.creditor(org, "other", iban="")
    take(org, replace(record(entry(100, "A")), account="20041010050500013M026"))
    take(org, record(entry(200, "B")))
    account = BankAccount.objects.get()
    assert account.creditor_id == creditor.id


def test_unknown_account_is_refused_when_several_creditors_may_own_it(creditor):
    factories.creditor(creditor.organization, "other", iban="")
    with pytest.raises(StatementError, match="DE89370400440532013000"):
        take(creditor.organization, replace(record(), account="DE89370400440532013000"))
    assert not Statement.objects.exists()


def test_payment_by_reference_settles_the_invoice_and_wakes_the_case(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=125_223)
    Case.objects.update(next_plan_on=TODAY + timedelta(days=9))
    counts = match(
        debtor.organization,
        entry(
            125_223, "VIR SEPA RECU /DE MENUISERIE DUVAL /MOTIF FACT FA 2026 0042", payer_iban=IBAN
        ),
    )
    assert counts["posted"] == 1
    item.refresh_from_db()
    assert balance(item) == 0
    assert item.settled_on == TODAY
    assert Case.objects.get().next_plan_on == TODAY
    assert CustomerIban.objects.get().iban == IBAN
    found = Match.objects.get()
    assert found.payment.amount_minor == 125_223
    codes = [e["code"] for e in found.evidence]
    assert codes == ["match.cited", "match.name_same", "match.exact_one"]
    event = Event.objects.get(kind="payment.recorded")
    assert event.case_id == Case.objects.get().id


def test_matching_twice_changes_nothing(debtor):
    factories.invoice(debtor, "FA2026-0042", total_minor=125_223)
    org = debtor.organization
    match(org, entry(125_223, "FA2026-0042"), entry(77_700, "VIR FA2026-0042 BIS"), entry(-5, "F"))
    before = (Match.objects.count(), Payment.objects.count(), Entry.objects.count())
    states = list(StatementLine.objects.order_by("id").values_list("state", "evidence"))
    counts = lines_match(org.id, on=TODAY)
    assert (Match.objects.count(), Payment.objects.count(), Entry.objects.count()) == before
    assert list(StatementLine.objects.order_by("id").values_list("state", "evidence")) == states
    assert counts["posted"] == 0


def test_double_payment_is_proposed_never_posted_elsewhere(debtor):
    factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    other = factories.invoice(debtor, "FA2026-0043", total_minor=50_000)
    org = debtor.organization
    counts = match(org, entry(50_000, "FA2026-0042"), entry(50_000, "FA2026-0042 BIS"))
    assert (counts["posted"], counts["proposed"]) == (1, 1)
    assert balance(other) == 50_000
    proposal = Match.objects.get(state="proposed")
    assert "match.already_paid" in [e["code"] for e in proposal.evidence]
    match_confirm(org.id, proposal.id, on=TODAY, actor="ann")
    assert unallocated_credits(org.id, [debtor.id]) == {(debtor.id, "EUR"): 50_000}


def test_returned_debit_reopens_exactly_what_it_had_settled(debtor):
    first = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    second = factories.invoice(debtor, "FA2026-0043", total_minor=30_000)
    org = debtor.organization
    counts = match(
        org,
        entry(80_000, "PRLV FA2026-0042 FA2026-0043", end_to_end_id="SDD1"),
        entry(-80_000, "PRLV IMPAYE", end_to_end_id="SDD1", is_return=True, return_reason="AM04"),
    )
    assert (counts["posted"], counts["returned"]) == (1, 1)
    assert (balance(first), balance(second)) == (50_000, 30_000)
    first.refresh_from_db()
    assert first.settled_on is None
    assert PaymentReturn.objects.get().reason_code == "AM04"
    assert unallocated_credits(org.id, [debtor.id]) == {}
    # Paid again by transfer: no double payment is suspected.
    later = TODAY + timedelta(days=3)
    take(org, record(entry(80_000, "FA2026-0042 FA2026-0043", later), reference="2"))
    assert lines_match(org.id, on=later)["posted"] == 1
    assert (balance(first), balance(second)) == (0, 0)


def test_return_undone_pays_the_invoice_again(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    org = debtor.organization
    match(
        org,
        entry(50_000, "FA2026-0042", end_to_end_id="SDD1"),
        entry(-50_000, "IMPAYE", end_to_end_id="SDD1", is_return=True),
    )
    assert balance(item) == 50_000
    wrong = Match.objects.get(state="posted", returned_payment__isnull=False)
    match_undo(org.id, wrong.id, on=TODAY, actor="ann")
    assert balance(item) == 0
    assert lines_match(org.id, on=TODAY)["returned"] == 0


def test_return_of_an_unknown_payment_is_left_with_its_reason(debtor):
    counts = match(debtor.organization, entry(-4_000, "IMPAYE", is_return=True))
    assert counts["left"] == 1
    codes = [e["code"] for e in StatementLine.objects.get().evidence]
    assert codes == ["match.return", "match.return_unknown"]


def test_undo_restores_everything_and_is_not_posted_again(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    org = debtor.organization
    match(org, entry(50_000, "FA2026-0042", payer_iban=IBAN))
    match_undo(org.id, Match.objects.get().id, on=TODAY, actor="ann")
    item.refresh_from_db()
    assert (balance(item), item.settled_on) == (50_000, None)
    assert unallocated_credits(org.id, [debtor.id]) == {}
    assert not CustomerIban.objects.exists()
    assert StatementLine.objects.get().state == "new"
    assert lines_match(org.id, on=TODAY)["posted"] == 0
    assert balance(item) == 50_000
    with pytest.raises(MatchError):
        match_undo(org.id, Match.objects.first().id, on=TODAY, actor="ann")
    line_assign(
        org.id, StatementLine.objects.get().id, debtor.id, allocations=[(item.id, 50_000)],
        on=TODAY, actor="ann",
    )  # fmt: skip
    assert balance(item) == 0
    assert Payment.objects.count() == 2


def test_assigned_line_uses_the_credit_note_that_the_payer_took_off(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    note = factories.Invoice.objects.create(
        organization=debtor.organization, customer=debtor, number="AV2026-0007",
        kind="credit_note", issue_date=TODAY, due_date=TODAY, total_minor=8_000,
    )  # fmt: skip
    credit = Entry.objects.create(
        organization=debtor.organization, customer=debtor, invoice=note, kind="credit_note",
        amount_minor=-8_000, on_date=TODAY, source="test",
    )  # fmt: skip
    org = debtor.organization
    credits_settle(org.id, [credit.id])
    match(org, entry(42_000, "VIREMENT"))
    line_assign(
        org.id, StatementLine.objects.get().id, debtor.id, allocations=[(item.id, 42_000)],
        on=TODAY, actor="ann", credit_uses=[(credit.id, item.id, 8_000)],
    )  # fmt: skip
    assert balance(item) == 0
    assert unallocated_credits(org.id, [debtor.id]) == {}


def test_credit_note_netted_by_the_payer_is_used_with_the_payment(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    note = factories.Invoice.objects.create(
        organization=debtor.organization, customer=debtor, number="AV2026-0007",
        kind="credit_note", issue_date=TODAY, due_date=TODAY, total_minor=8_000,
    )  # fmt: skip
    credit = Entry.objects.create(
        organization=debtor.organization, customer=debtor, invoice=note, kind="credit_note",
        amount_minor=-8_000, on_date=TODAY, source="test",
    )  # fmt: skip
    org = debtor.organization
    credits_settle(org.id, [credit.id])
    counts = match(org, entry(42_000, "FA2026-0042 MOINS AV2026-0007"))
    assert counts["posted"] == 1
    assert balance(item) == 0
    assert unallocated_credits(org.id, [debtor.id]) == {}
    match_undo(org.id, Match.objects.get().id, on=TODAY, actor="ann")
    assert balance(item) == 50_000
    assert unallocated_credits(org.id, [debtor.id]) == {(debtor.id, "EUR"): 8_000}
    assert credit.allocations.count() == 2


def test_payment_known_to_the_accounts_first_is_confirmed_not_doubled(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    Entry.objects.create(
        organization=debtor.organization, customer=debtor, installment=item,
        invoice=item.invoice, kind="books", amount_minor=-50_000, on_date=TODAY, source="fec",
    )  # fmt: skip
    Installment.objects.update(settled_on=TODAY)
    org = debtor.organization
    assert match(org, entry(50_000, "FA2026-0042"))["posted"] == 1
    item.refresh_from_db()
    assert (balance(item), item.settled_on) == (0, TODAY)
    match_undo(org.id, Match.objects.get().id, on=TODAY, actor="ann")
    assert balance(item) == 0
    assert not Installment.objects.filter(settled_on=None).exists()


def test_proposals_are_confirmed_refused_and_superseded(debtor):
    first = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    second = factories.invoice(debtor, "FA2026-0043", total_minor=50_000)
    org = debtor.organization
    counts = match(org, entry(50_000, "LOYER", payer_name="MENUISERIE DUVAL SARL"))
    assert counts["proposed"] == 1
    proposals = list(Match.objects.order_by("rank"))
    assert len(proposals) == 2
    match_refuse(org.id, proposals[0].id, on=TODAY, actor="ann")  # neither of the equal ones
    lines_match(org.id, on=TODAY)
    assert not Match.objects.filter(state="proposed").exists()
    match(org, entry(50_000, "LOYER MARS", payer_name="MENUISERIE DUVAL SARL"))
    first_shown = Match.objects.filter(state="proposed").order_by("rank")[0]
    match_confirm(org.id, first_shown.id, on=TODAY, actor="ann", instead=second.id)
    assert (balance(first), balance(second)) == (50_000, 0)
    assert not Match.objects.filter(state="proposed").exists()


def test_line_is_set_aside_and_taken_up_again(debtor):
    org = debtor.organization
    match(org, entry(99, "APPORT"))
    row = StatementLine.objects.get()
    line_ignore(org.id, row.id, on=TODAY, actor="ann", reason="apport")
    assert lines_match(org.id, on=TODAY)["lines"] == 0
    line_restore(org.id, row.id, on=TODAY, actor="ann")
    assert lines_match(org.id, on=TODAY)["lines"] == 1


def test_assigning_more_than_is_open_is_refused_whole(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    org = debtor.organization
    match(org, entry(60_000, "DIVERS"))
    row = StatementLine.objects.get()
    with pytest.raises(AllocationError):
        line_assign(
            org.id, row.id, debtor.id, allocations=[(item.id, 60_000)], on=TODAY, actor="ann"
        )
    assert not Payment.objects.exists()
    line_assign(org.id, row.id, debtor.id, allocations=[(item.id, 50_000)], on=TODAY, actor="ann")
    assert unallocated_credits(org.id, [debtor.id]) == {(debtor.id, "EUR"): 10_000}


def test_other_organizations_are_out_of_reach(debtor):
    item = factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    match(debtor.organization, entry(50_000, "VIR 1"))
    stranger = factories.organization("stranger")
    factories.creditor(stranger)
    counts = match(stranger, entry(50_000, "FA2026-0042"))
    assert counts["posted"] == 0
    with pytest.raises(StatementLine.DoesNotExist):
        line_assign(
            stranger.id, StatementLine.objects.first().id, debtor.id, allocations=[(item.id, 1)],
            on=TODAY, actor="eve",
        )  # fmt: skip


def test_matching_costs_queries_per_chunk_not_per_line(debtor, django_assert_max_num_queries):
    org = debtor.organization
    for n in range(60):
        factories.invoice(debtor, f"FA2026-{n:04d}", total_minor=10_000 + n)
    take(org, record(*[entry(10_000 + n, f"FACT FA2026-{n:04d}") for n in range(60)]))
    with django_assert_max_num_queries(65):
        assert lines_match(org.id, on=TODAY)["posted"] == 60


def test_importing_a_statement_costs_few_queries(creditor, django_assert_max_num_queries):
    big = record(*[entry(100 + n, f"L{n}") for n in range(2000)])
    with django_assert_max_num_queries(45):
        assert take(creditor.organization, big)["lines"] == 2000


def test_bank_page_shows_lines_with_evidence_and_proposals(debtor, django_assert_max_num_queries):
    factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    factories.invoice(debtor, "FA2026-0043", total_minor=70_000)
    org = debtor.organization
    match(
        org,
        entry(50_000, "FA2026-0042"),
        entry(60_000, "FA2026-0043", payer_name="INCONNU"),
        entry(-900, "FRAIS"),
    )
    with django_assert_max_num_queries(4):
        page = queries.lines(org.id)
    by_label = {view.label: view for view in page}
    posted, proposed = by_label["FA2026-0042"], by_label["FA2026-0043"]
    assert [part.number for part in posted.matches[0].parts] == ["FA2026-0042"]
    assert posted.state == "posted"
    assert str(proposed.matches[0].evidence[0]) == "the remittance names FA2026-0043"
    assert proposed.matches[0].customer == debtor.name
    assert queries.state_counts(org.id)["ignored"] == 1
    (statement,) = queries.statements(org.id)
    assert statement.balances_hold is True
    assert queries.accounts(org.id)[0]["until"] == TODAY
    assert queries.posted_totals(org.id, TODAY) == {"EUR": 50_000}
    match_confirm(org.id, proposed.matches[0].id, on=TODAY, actor="ann")
    assert queries.unallocated(org.id) == []
    assert queries.line(org.id, proposed.id).state == "posted"


def test_match_command_answers_in_json(debtor):
    factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    take(debtor.organization, record(entry(50_000, "FA2026-0042")))
    result = CliRunner().invoke(amiable, ["match", "--json", "--on", TODAY.isoformat()])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["posted"] == 1
    assert document["states"]["posted"] == 1
