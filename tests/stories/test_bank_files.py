"""A week with bank files: a bank nobody knew, a collection told in two files, one decided too soon."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking import queries
from amiable.apps.banking.models import StatementLine
from amiable.apps.banking.services import line_assign, lines_match
from amiable.apps.banking.splitting import batch_split
from amiable.apps.imports.mappings import SavedMapping, mapping_save
from amiable.apps.insights.intake import file_import
from amiable.apps.receivables.models import Installment
from tests import factories
from tests.apps.test_bank_batches import PAID, bulk, camt, details
from tests.factories import TODAY

pytestmark = pytest.mark.django_db

HEADER = ("Wann", "Was", "Wieviel")


@pytest.fixture
def office(tmp_path):
    """A creditor to whom two customers owe an invoice each, and the folder of its files."""
    creditor = factories.creditor(factories.organization())
    owed = {}
    for amount, number, name in PAID:
        customer = factories.customer(creditor, name)
        owed[number] = factories.invoice(customer, number, total_minor=amount)
    return creditor.organization, owed, tmp_path


def enter(org, path: Path):
    return file_import(
        org, "statement", source=path, filename=path.name, now=timezone.now(), actor="claire"
    )


def open_minor(item: Installment) -> int:
    return sum(entry.amount_minor for entry in item.entries.all()) - sum(
        use.amount_minor for use in item.allocations.all()
    )


def test_a_bank_nobody_knew_is_named_once_and_known_the_next_week(office):
    org, owed, folder = office
    first, second = folder / "first.csv", folder / "second.csv"
    first.write_text(";".join(HEADER) + "\n20/11/2026;VIR DUPONT SARL FA2026-0001;500,00\n")
    second.write_text(";".join(HEADER) + "\n21/11/2026;VIR GARAGE MARTIN FA2026-0002;250,00\n")
    # Monday: the columns mean nothing to us. Nothing enters; the error says what is missing.
    assert enter(org, first).state == "refused"
    # Claire says which column is what, once.
    columns = dict(zip(("booked_on", "label", "amount"), HEADER, strict=True))
    mapping_save(org.id, SavedMapping("statement", "Sparkasse", columns, HEADER))
    assert enter(org, first).mapping == "Sparkasse"
    # The week after, nobody is asked.
    assert (enter(org, second).state, enter(org, second).counts["duplicates"]) == ("done", 1)
    assert lines_match(org.id, on=TODAY)["posted"] == 2
    assert [open_minor(item) for item in owed.values()] == [0, 0]
    assert broken_invariants() == []


def test_a_collection_told_in_two_files_pays_the_invoices_of_its_debtors(office):
    org, owed, folder = office
    # In the evening the statement has one line of 750.00 and not a name.
    enter(org, camt(folder / "s.xml", "053", bulk(75_000, batch="SDD-7"), balance=75_000))
    assert lines_match(org.id, on=TODAY)["posted"] == 0
    # In the morning the notification tells who paid what.
    told = enter(org, camt(folder / "n.xml", "054", bulk(75_000, told=details(), batch="SDD-7")))
    assert (told.counts["split"], told.counts["parts"]) == (1, 2)
    assert lines_match(org.id, on=TODAY)["posted"] == 2
    assert [open_minor(item) for item in owed.values()] == [0, 0]
    assert queries.posted_totals(org.id, TODAY) == {"EUR": 75_000}
    assert broken_invariants() == []


def test_a_collection_that_was_decided_too_soon_is_proposed_never_undone_unasked(office):
    org, owed, folder = office
    enter(org, camt(folder / "s.xml", "053", bulk(75_000, batch="SDD-7"), balance=75_000))
    line = StatementLine.objects.get()
    item = owed["FA2026-0001"]
    # Somebody put the whole on one customer's account.
    line_assign(
        org.id, line.id, item.customer_id, allocations=[(item.id, 50_000)], on=TODAY, actor="claire"
    )
    told = enter(org, camt(folder / "n.xml", "054", bulk(75_000, told=details(), batch="SDD-7")))
    assert (told.counts["split"], told.counts["proposed"]) == (0, 1)
    assert [note.code for note in told.warnings] == ["bank.batch_proposed"]
    assert open_minor(item) == 0
    # Claire agrees: the payment is taken back, and each part pays what it names.
    batch_split(org.id, line.id, on=TODAY, actor="claire")
    assert open_minor(item) == 50_000
    assert lines_match(org.id, on=TODAY)["posted"] == 2
    assert [open_minor(each) for each in owed.values()] == [0, 0]
    assert broken_invariants() == []
