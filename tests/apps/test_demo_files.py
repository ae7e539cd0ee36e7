"""The fictional portfolio: valid keys, nobody real, balances that hold, files that are accepted."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date

import pytest
from stdnum import iban as iban_number
from stdnum import iso11649, luhn
from stdnum.fr import tva

from amiable.core.workdays import is_workday
from amiable.interfaces.cli.demo import bank, documents, files, keys, people
from amiable.interfaces.cli.demo.ledger import books
from amiable.interfaces.cli.demo.profiles import DEBITED
from amiable.plugins.base import ReadOptions
from amiable.plugins.registry import plugins

ANCHOR = date(2026, 11, 20)
FICTION = re.compile(r"(01 99 00|02 61 91|03 53 01|04 65 71|05 36 49|06 39 98) \d\d \d\d")


@pytest.fixture(scope="module")
def story():
    return books(1, ANCHOR, customers=400, invoices=3000)


@pytest.fixture(scope="module")
def folder(story, tmp_path_factory):
    where = tmp_path_factory.mktemp("demo")
    files.write(files.deliveries(story), where, until=ANCHOR)
    return where


@pytest.mark.parametrize(
    ("bank_code", "branch", "account", "key"),
    [("20041", "01005", "0500013M026", "06"), ("99901", "00049", "00021500471", "64")],
)
def test_rib_key_follows_the_published_rule(bank_code, branch, account, key):
    assert keys.rib_key(bank_code, branch, account=account) == key


def test_creditor_reference_has_the_iso_11649_key():
    assert keys.creditor_reference("FA2026-0042") == "RF83FA20260042"
    assert iso11649.is_valid(keys.creditor_reference("FA2026-00001"))


def test_every_identifier_has_a_valid_key_and_belongs_to_nobody(story):
    for client in story.clients.values():
        assert iban_number.is_valid(client.iban)
        assert client.iban[4:7] == "999"
        assert client.email == "" or client.email.endswith(".example")
        assert client.phone == "" or FICTION.fullmatch(client.phone)
        if client.kind != "consumer":
            assert luhn.is_valid(client.siren)
            assert client.siren.startswith("0")
        if client.kind == "company":
            assert tva.is_valid(client.vat_number)
    creditor = people.Creditor()
    assert luhn.is_valid(creditor.siren)
    assert iban_number.is_valid(creditor.iban)
    assert iban_number.is_valid(creditor.second_iban)


def test_customers_are_of_every_kind_and_every_holiday_zone(story):
    kinds = Counter(client.kind for client in story.clients.values())
    assert kinds == {"company": 300, "public": 40, "consumer": 60}
    departments = {client.postcode[:2] for client in story.clients.values()}
    assert {"57", "67", "68", "97"} <= departments
    assert len({client.name for client in story.clients.values()}) == 400


def test_exactly_the_invoices_asked_for_over_eighteen_months(story):
    issued = [b for b in story.bills if b.kind == "invoice" and b.issued <= ANCHOR]
    assert len(issued) == 3000
    assert (ANCHOR - min(bill.issued for bill in issued)).days >= 540
    assert len({bill.number for bill in story.bills}) == len(story.bills)
    assert all(is_workday(bill.issued) for bill in issued)


def test_no_invoice_is_paid_more_than_whole_on_any_day(story):
    moves = sorted({payment.on for payment in story.payments})
    for bill in story.bills:
        assert 0 <= story.open_minor(bill, story.ends) <= bill.total_minor
    for day in moves[::40]:
        assert all(0 <= story.open_minor(bill, day) <= bill.total_minor for bill in story.bills)


def test_payments_are_the_sum_of_what_they_pay(story):
    for payment in story.payments:
        if payment.kind != "double":
            assert payment.amount_minor == sum(cents for _, cents in payment.parts)
        assert is_workday(payment.on)


def test_portfolio_looks_like_a_french_sme(story):
    # What is collected by direct debit is paid on the accounts, not in the books of the story.
    paid_here = [b for b in story.bills if story.clients[b.code].part not in DEBITED]
    still_open = [(b, story.open_minor(b, ANCHOR)) for b in paid_here if b.issued <= ANCHOR]
    invoices = [(b, cents) for b, cents in still_open if b.kind == "invoice" and cents]
    total = sum(cents for _, cents in invoices)
    overdue = sum(cents for bill, cents in invoices if bill.due < ANCHOR)
    quarter = sum(b.total_minor for b in paid_here if 0 <= (ANCHOR - b.issued).days < 90)
    assert 0.18 <= overdue / total <= 0.32
    assert 45 <= 90 * total / quarter <= 65


def test_same_seed_and_date_give_the_same_bytes(story):
    again = files.deliveries(books(1, ANCHOR, customers=400, invoices=3000))
    assert [(d.name, d.content) for d in again] == [
        (d.name, d.content) for d in files.deliveries(story)
    ]


def test_another_seed_gives_another_story():
    one, two = (
        books(1, ANCHOR, customers=20, invoices=100),
        books(2, ANCHOR, customers=20, invoices=100),
    )
    assert [b.total_minor for b in one.bills] != [b.total_minor for b in two.bills]


def test_statements_are_read_and_their_balances_hold_and_follow_on(folder):
    readers = plugins("statements").values()
    closing = None
    formats = Counter()
    for path in sorted((folder / "banque").iterdir()):
        head = path.read_bytes()[:65536]
        reader = next(reader for reader in readers if reader.sniff(head, path.name))
        result = reader.read(path, ReadOptions())
        assert result.errors == ()
        formats[path.suffix] += 1
        for record in result.statements:
            assert record.difference_minor == 0
            if path.suffix == ".xml":
                assert closing in (None, record.opening_minor)
                closing = record.closing_minor
    assert formats[".txt"] == 1
    assert formats[".xml"] > 50


def test_truth_knows_every_line_by_its_bank_reference(story, folder):
    truth = files.truth(story)["lines"]
    reader = plugins("statements")["camt053"]
    seen = 0
    for path in sorted((folder / "banque").glob("*.xml")):
        for record in reader.read(path, ReadOptions()).statements:
            for entry in record.entries:
                assert truth[entry.bank_reference]["amount"].replace(".", "") == str(
                    entry.amount_minor
                )
                seen += 1
    assert seen == sum(1 for x in bank.lines(story) if x.account == 1 and x.on < ANCHOR)


def test_bank_lines_carry_the_noise_of_real_statements(story):
    rows = bank.lines(story)
    assert len({line.reference for line in rows}) == len(rows)
    natures = Counter(line.nature for line in rows)
    assert {"transfer", "instant", "debit", "debit_return", "cheque", "card"} <= set(natures)
    assert any(line.repeats for line in rows)
    assert any(len(line.parts) > 2 for line in rows)
    assert any(line.remit.structured.startswith("RF") for line in rows)
    assert any(line.remit.text and " " not in line.remit.text for line in rows)
    strangers = [line for line in rows if line.amount_minor > 0 and not line.code]
    assert strangers
    assert all(len(line.remit.text) <= 140 for line in rows)


def test_tables_are_written_as_french_software_writes_them(folder):
    text = (folder / "clients.csv").read_bytes().decode("cp1252")
    rows = list(csv.reader(text.splitlines(), delimiter=";"))
    assert rows[0] == list(files.CUSTOMER_HEADER)
    assert len(rows) == 401
    latest = sorted((folder / "factures").glob("*-factures.csv"))[-1]
    assert latest.read_bytes().startswith(b"\xef\xbb\xbf")


def test_only_what_has_arrived_is_written(story, tmp_path):
    early = date(2026, 9, 30)
    written = files.write(files.deliveries(story), tmp_path, until=early)
    assert max(path.name for path in written if path.parent != tmp_path)[:10] <= "2026-09-30"


def test_invoice_documents_are_pdfs_of_invoices_paid_late(story, tmp_path):
    bills = documents.chased(story, until=ANCHOR)
    assert 100 < len(bills) < 900
    paths = documents.write(story, bills[:4], folder=tmp_path)
    assert [path.read_bytes()[:5] for path in paths] == [b"%PDF-"] * 4


@pytest.mark.parametrize(
    "anchor", [date(2026, 11, 21), date(2027, 1, 1), date(2028, 2, 29), date(2026, 5, 1)]
)
def test_any_day_can_be_the_anchor(anchor, tmp_path):
    story = books(4, anchor, customers=20, invoices=100)
    paths = files.write(files.deliveries(story), tmp_path, until=anchor)
    assert sum(b.kind == "invoice" and b.issued <= anchor for b in story.bills) == 100
    assert len({path.name for path in paths}) == len(paths)
    rows = [
        p.read_bytes().decode("utf-8-sig", "ignore") for p in paths if p.parent.name == "factures"
    ]
    told = {number for text in rows for number in re.findall(r"^FA\d{4}-\d{5}", text, re.MULTILINE)}
    assert len(told) == 100
    reader = plugins("statements")["camt053"]
    for path in paths:
        if path.suffix == ".xml":
            (record,) = reader.read(path, ReadOptions()).statements
            assert record.difference_minor == 0


@pytest.mark.parametrize("anchor", [date(2026, 11, 25), date(2026, 12, 27), date(2027, 3, 1)])
def test_a_small_portfolio_delivers_no_empty_table(anchor):
    small = books(2, anchor, customers=20, invoices=100)
    tables = [d for d in files.deliveries(small) if d.kind in {"customers", "invoices"}]
    assert all(len(d.content.strip().splitlines()) > 1 for d in tables)
