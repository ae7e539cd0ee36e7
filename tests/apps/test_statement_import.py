"""Statements in: what only informs books nothing, formats agree, gaps are told and healed."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from amiable.apps.banking import queries
from amiable.apps.banking.models import Statement, StatementLine
from amiable.apps.banking.services import StatementError, statement_import
from amiable.apps.tenants.models import Membership, User
from amiable.core.records import RowError, StatementEntry, StatementRecord
from amiable.interfaces.cli.main import amiable
from amiable.plugins.sniffing import read_file
from tests import factories
from tests.factories import TODAY
from tests.plugins.statement_facts import SAMPLES

pytestmark = pytest.mark.django_db


@pytest.fixture
def org():
    organization = factories.organization()
    factories.creditor(organization)
    return organization


def take(org, *records: StatementRecord, **options) -> dict[str, int]:
    return statement_import(org.id, records, source="test", on=TODAY, actor="test", **options)


def statements(name: str) -> tuple[StatementRecord, ...]:
    found = read_file(SAMPLES / name, kind="statement")
    assert not found.errors
    return found.statements


@pytest.mark.parametrize("name", ["camt053/notification.xml", "mt940/intraday.sta"])
def test_reports_and_notifications_book_nothing(org, name):
    with pytest.raises(StatementError) as refusal:
        take(org, *statements(name))
    assert refusal.value.sentence.code == "bank.information_only"
    assert not StatementLine.objects.exists()


def test_a_notification_beside_statements_is_left_out_and_counted(org):
    both = (*statements("camt053/notification.xml"), *statements("mt940/releve.sta"))
    counts = take(org, *both)
    assert (counts["informative"], counts["statements"], counts["lines"]) == (1, 2, 7)
    assert Statement.objects.count() == 2


def entry(amount_minor: int, label: str = "", **said) -> StatementEntry:
    said = {"booked_on": TODAY, "value_on": None, "currency": "EUR", **said}
    return StatementEntry(line=1, amount_minor=amount_minor, label=label, **said)


def record(*entries: StatementEntry, code: str, opening: int = 0, **said) -> StatementRecord:
    closing = opening + sum(each.amount_minor for each in entries)
    said = {"account": IBAN, "opening_on": TODAY, "closing_on": TODAY, **said}
    return StatementRecord(
        currency="EUR", opening_minor=opening, closing_minor=closing, entries=entries, format=code,
        **said,
    )  # fmt: skip


IBAN = "FR1420041010050500013M02606"
PAID = entry(125_223, "FACTURE FA20260042", payer_name="DUPONT SARL", end_to_end_id="E2E-1")


def test_the_day_in_another_format_adds_nothing(org):
    unpaid = entry(-48_000, "PRLV IMPAYE AM04", payer_name="GARAGE MARTIN")
    take(org, record(PAID, unpaid, code="camt053"))
    cut = [entry(125_223, "VIR SEPA RECU DUPONT SARL", bank_reference="REF0001"),
           entry(-48_000, "PRLV SEPA IMPAYE", operation="B3")]  # fmt: skip
    counts = take(org, record(*cut, code="cfonb120", account="20041010050500013M026"))
    assert (counts["lines"], counts["duplicates"], counts["recognized"]) == (0, 2, 2)
    assert counts["overlapping"] == 0
    assert StatementLine.objects.count() == 2


def test_twins_across_formats_are_counted_not_swallowed(org):
    take(org, record(entry(10_000, "A"), code="camt053"))
    counts = take(org, record(entry(10_000, "a"), entry(10_000, "b"), code="mt940"))
    assert (counts["lines"], counts["recognized"], counts["overlapping"]) == (1, 1, 1)
    assert StatementLine.objects.count() == 2


@pytest.mark.parametrize(
    "other",
    [{"end_to_end_id": "E2E-2"}, {"payer_name": "MARTIN SAS"}, {"structured_reference": "RF18"}],
)
def test_what_contradicts_is_another_movement(org, other):
    first = replace(PAID, structured_reference="RF83FA20260042")
    take(org, record(first, code="camt053"))
    counts = take(org, record(entry(125_223, **other), code="mt940"))
    assert (counts["lines"], counts["recognized"], counts["overlapping"]) == (1, 0, 1)


def test_the_better_telling_is_paired_first(org):
    take(org, record(entry(10_000, "LOYER", payer_name="LEROY"), PAID, code="camt053"))
    new = entry(10_000, "LOYER OCTOBRE", payer_name="LEROY", bank_reference="1")
    other = entry(10_000, "autre chose", bank_reference="2")
    take(org, record(other, new, code="mt940"))
    (line,) = StatementLine.objects.filter(statement__format="mt940")
    assert line.label == "autre chose"


def test_a_batch_that_one_format_splits_is_the_same_money(org):
    take(org, record(entry(10_000, "a"), entry(11_000, "b"), entry(500, "c"), code="camt053"))
    counts = take(org, record(entry(21_000, "REMISE"), entry(500, "c"), code="cfonb120"))
    assert (counts["lines"], counts["duplicates"], counts["recognized"]) == (0, 2, 1)


def test_the_same_format_with_another_text_is_new_unless_the_bank_says_the_same_reference(org):
    take(org, record(entry(10_000, "a", bank_reference="F-1"), entry(700, "x"), code="ofx"))
    again = [entry(10_000, "a, told at length", bank_reference="F-1"), entry(700, "y")]
    counts = take(org, record(*again, code="ofx"))
    assert (counts["lines"], counts["recognized"]) == (1, 1)


def test_gaps_are_told_and_healed_when_the_missing_statement_comes(org):
    notes: list[RowError] = []
    days = [TODAY - timedelta(days=number) for number in (3, 2, 1)]
    first, missing, last = (
        record(entry(100, f"{n}", booked_on=day), code="camt053", opening=100 * n,
               opening_on=day, closing_on=day)
        for n, day in enumerate(days)
    )  # fmt: skip
    take(org, first)
    counts = take(org, last, notes=notes)
    assert counts["gaps"] == 1
    assert [note.code for note in notes] == ["bank.gap"]
    assert "2.00" in str(notes[0].sentence)
    assert take(org, missing)["gaps"] == 0
    assert list(Statement.objects.order_by("opening_on").values_list("follows", flat=True)) == [
        None, True, True,
    ]  # fmt: skip


def test_what_two_statements_both_tell_is_said_with_its_days(org):
    days = [TODAY - timedelta(days=number) for number in (4, 3, 2, 1)]
    entries = [entry(100, f"{n}", booked_on=day) for n, day in enumerate(days)]
    notes: list[RowError] = []
    first, second = (
        record(*some, code="camt053", opening_on=some[0].booked_on, closing_on=some[-1].booked_on)
        for some in (entries[:3], entries[1:])
    )
    take(org, first, notes=notes)
    assert notes == []
    counts = take(org, second, notes=notes)
    assert (counts["lines"], counts["duplicates"]) == (1, 2)
    (told,) = [note for note in notes if note.code == "bank.overlap"]
    assert (told.params["count"], told.params["before"]) == (2, days[2])
    assert (told.params["since"], told.params["until"]) == (days[1], days[2])
    shown = {each.opening_on: each.overlap for each in queries.statements(org.id)}
    assert shown == {days[0]: (0, None, None), days[1]: (2, days[1], days[2])}
    take(org, second, notes=notes)  # the very same file again is told as known
    assert sum(note.code == "bank.overlap" for note in notes) == 1


def test_pages_of_one_day_follow_one_another(org):
    pages = [record(entry(100, f"{n}"), code="mt940", opening=100 * n, reference=str(n))
             for n in range(3)]  # fmt: skip
    assert take(org, *pages)["gaps"] == 0


def test_a_difference_is_told_to_the_cent(org):
    notes: list[RowError] = []
    counts = take(org, *statements("mt940/releve.sta"), notes=notes)
    assert counts["unbalanced"] == 1
    assert [(note.code, str(note.params["amount"])) for note in notes] == [
        ("bank.unbalanced", "0.01"),
    ]


def test_a_movement_of_zero_waits_for_nobody(org):
    take(org, *statements("camt053/details.xml"))
    assert StatementLine.objects.get(amount_minor=0).state == "ignored"


def test_a_file_without_account_takes_the_only_one_or_the_one_named(org, tmp_path):
    path = tmp_path / "banque.csv"
    path.write_text("Date;Libellé;Montant\n20/11/2026;VIR DUPONT;10,00\n")
    factories.creditor(org, "other", iban="FR7630006000011234567890189")
    nameless = read_file(path, kind="statement").statements
    with pytest.raises(StatementError) as refusal:
        take(org, *nameless)
    assert refusal.value.sentence.code == "bank.no_account"
    command = ["import", "statement", str(path), "--json"]
    assert CliRunner().invoke(amiable, command, standalone_mode=False).return_value == 1
    named = CliRunner().invoke(amiable, [*command, "--account", IBAN])
    assert json.loads(named.stdout)["counts"]["lines"] == 1
    assert take(org, *nameless, account=IBAN)["known"] == 1


def test_a_file_without_account_is_of_the_only_account_there_is(org, tmp_path):
    (tmp_path / "f.csv").write_text("Date;Libellé;Montant\n20/11/2026;VIR DUPONT;10,00\n")
    take(org, *read_file(tmp_path / "f.csv", kind="statement").statements)
    assert Statement.objects.get().account.identifier == IBAN


def test_gaps_reach_the_command_line(org, tmp_path):
    path = SAMPLES / "mt940" / "releve.sta"
    command = ["import", "statement", str(path), "--json"]
    found = CliRunner().invoke(amiable, command, standalone_mode=False)
    document = json.loads(found.stdout)
    assert [each["code"] for each in document["warnings"]] == ["bank.unbalanced"]
    assert found.return_value == 0


def test_reading_prints_one_document_in_pieces():
    paths = [str(SAMPLES / "mt940" / "releve.sta"), str(SAMPLES / "camt053" / "details.xml")]
    one = json.loads(CliRunner().invoke(amiable, ["read", paths[0]]).stdout)
    assert (one["kind"], one["format"], len(one["records"])) == ("statement", "mt940", 7)
    assert one["records"][3]["fee"] == "3.20"
    both = json.loads(CliRunner().invoke(amiable, ["read", *paths]).stdout)
    assert [document["format"] for document in both] == ["mt940", "camt053"]
    assert both[0] == one


def test_a_difference_is_told_on_the_page_before_anything_is_written(org):
    content = (SAMPLES / "mt940" / "releve.sta").read_bytes()
    check = {"kind": "statement", "file": SimpleUploadedFile("r.sta", content), "check": "yes"}
    user = User.objects.create_user("u", email="u@x.example", password="pass-word-1234")
    Membership.objects.create(organization=org, user=user, role="collector")
    http = Client()
    http.force_login(user)
    page = http.post("/imports/file/", check).content.decode()
    assert "0,01" in page
    assert not Statement.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_import_the_same_file_once(org):
    found: list[dict[str, int]] = []

    def work() -> None:
        try:
            found.append(take(org, *statements("camt053/details.xml")))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts["lines"] for counts in found) == [0, 4]
    assert (Statement.objects.count(), StatementLine.objects.count()) == (1, 4)


def test_a_movement_booked_years_ahead_is_refused_with_its_line_and_nothing_enters(org):
    later = TODAY + timedelta(days=367)
    wrong = replace(entry(2_000, booked_on=later), line=7)

    with pytest.raises(StatementError) as refusal:
        take(org, record(entry(1_000), wrong, code="1", closing_on=later))

    assert refusal.value.sentence.code == "bank.far_ahead"
    assert refusal.value.sentence.params == {"line": 7, "day": later}
    assert not StatementLine.objects.exists()
    near = entry(2_000, booked_on=TODAY + timedelta(days=366))
    assert take(org, record(near, code="2"))["lines"] == 1


def test_an_account_that_nobody_knew_is_taken_and_told(org):
    notes: list[RowError] = []
    take(org, record(entry(1_000), code="1"), notes=notes)
    assert not notes, "the first account there is"
    other = replace(record(entry(2_000), code="2"), account="FR7610096000509876543210185")
    take(org, other, notes=notes)
    assert [(each.code, each.params["account"]) for each in notes] == [
        ("bank.account_new", other.account)
    ]
