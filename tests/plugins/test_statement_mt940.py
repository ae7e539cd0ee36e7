"""MT940 and MT942: the facts of real files, signs of reversals, dialects, what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from amiable.plugins.registry import plugins
from tests.plugins.statement_facts import SAMPLES, manifest, number, read, written

RELEVE = SAMPLES / "mt940" / "releve.sta"


@pytest.mark.parametrize(("name", "facts", "notes"), manifest("statements/mt940"))
def test_mt940_facts_of_real_files(corpus, name, facts, notes):
    found = read("mt940", corpus / name)
    head = (corpus / name).read_bytes()[:65536]
    if not facts["statements"]:
        assert [error.code for error in found.errors] == ["statement.none"]
        assert not plugins("statements")["mt940"].sniff(head, name)
        return
    assert plugins("statements")["mt940"].sniff(head, name)
    assert not found.errors
    summaries = found.summary["statements"]
    assert len(summaries) == facts["n_statements"]
    holds = [each["balances_hold"] for each in summaries]
    expected = facts["balance_checks"]
    assert holds.count(True) == expected.get("OK", 0)
    assert holds.count(False) == expected.get("FAILS", 0)
    assert sum(each["entries"] for each in summaries) == facts["entries"]
    total = sum(Decimal(each["credits"]) - Decimal(each["debits"]) for each in summaries)
    assert total == Decimal(facts["sum"])
    # The facts list the first statements of a long file.
    for ours, theirs in zip(summaries, facts["statements"], strict=False):
        if "broken" not in name:  # there a second field 25 carries the text of a field 86
            assert ours["account"] == theirs["account"]
        assert ours["entries"] == theirs["entries"]
        assert number(ours["credits"]) - number(ours["debits"]) == Decimal(theirs["sum"])
        assert number(ours["opening"]) == number(theirs.get("opening"))
        assert number(ours["closing"]) == number(theirs.get("closing"))
        check = theirs["balance_check"].split()
        assert ours["balances_hold"] is {"OK": True, "FAILS": False}.get(check[0])
        if check[0] == "FAILS":
            assert Decimal(ours["difference"]) == Decimal(check[-1])


def test_reversals_have_the_sign_of_what_they_take_back():
    first, second = read("mt940", RELEVE).statements
    amounts = [entry.amount_minor for entry in first.entries]
    assert amounts == [125_223, -48_000, 2_500, 30_000, -1_250]
    assert first.difference_minor == 0
    assert second.difference_minor == 1
    assert [entry.is_return for entry in first.entries] == [False, True, True, False, False]


def test_german_details_give_name_iban_and_references():
    credit, unpaid = read("mt940", RELEVE).statements[0].entries[:2]
    assert credit.payer_name == "DUPONT UND SOEHNE GMBH HAMBURG"
    assert credit.payer_iban == "DE02120300000000202051"
    assert credit.end_to_end_id == "FA20260042"
    assert credit.label == "GUTSCHRIFT Facture FA20260042 et avoir AV20260007"
    assert (credit.operation, credit.bank_reference) == ("166", "B-000001")
    assert (unpaid.return_reason, unpaid.mandate_id) == ("AM04", "RUM-1")
    assert (unpaid.payer_name, unpaid.end_to_end_id) == ("GARAGE MARTIN", "SDD-9")


def test_slashed_details_exchange_and_charges():
    entry = read("mt940", RELEVE).statements[0].entries[3]
    assert (entry.payer_name, entry.payer_iban) == ("JANSSEN BV", "NL91ABNA0417164300")
    assert (entry.end_to_end_id, entry.label) == ("", "SEPA OVERBOEKING FA20260044")
    assert (entry.original, entry.fee_minor) == ("USD 324.50", 320)


def test_dates_of_february_and_of_the_turn_of_the_year(tmp_path):
    rent = read("mt940", RELEVE).statements[0].entries[4]
    assert (rent.booked_on, rent.value_on) == (date(2026, 10, 30), date(2026, 2, 28))
    assert rent.payer_name == "CABINET LEROY"
    for value, entry, booked in (("261231", "0102", date(2027, 1, 2)),
                                 ("270101", "1231", date(2026, 12, 31))):  # fmt: skip
        text = f":20:A\n:25:FR1\n:60F:C261230EUR0,\n:61:{value}{entry}C1,NTRFX\n:62F:C270102EUR1,\n"
        (statement,) = written("mt940", tmp_path, text).statements
        assert statement.entries[0].booked_on == booked
        assert statement.difference_minor == 0


def test_two_equal_payments_of_a_day_are_both_kept():
    found = read("mt940", RELEVE)
    assert [e.amount_minor for e in found.statements[1].entries] == [10_000, 10_000]
    assert found.summary["statements"][1]["difference"] == "0.01"


def test_several_accounts_under_one_reference_are_several_statements(tmp_path):
    text = "".join(
        f":25:FR{n}\n:60F:C261030EUR{n},\n:61:261030C1NTRFX\n:62F:C261030EUR{n + 1}\n"
        for n in (1, 2)
    )
    found = written("mt940", tmp_path, f":20:A\n{text}-\n")
    assert [s.account for s in found.statements] == ["FR1", "FR2"]
    assert [s.difference_minor for s in found.statements] == [0, 0]


def test_an_interim_report_states_no_balance_and_marks_what_is_expected():
    found = read("mt940", SAMPLES / "mt940" / "intraday.sta")
    (statement,) = found.statements
    assert (statement.kind, statement.currency) == ("report", "EUR")
    assert (statement.opening_minor, statement.closing_minor) == (None, None)
    assert [(e.amount_minor, e.status) for e in statement.entries] == [
        (5_000, ""),
        (7_500, "expected"),
    ]
    assert found.summary["statements"][0]["pending"] == 1


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("1252,23NTRF", "12S2,23NTRF", "statement.bad_amount", 6),
        ("1252,23NTRF", "1252,23,1NTRF", "statement.bad_amount", 6),
        ("1252,23NTRF", "12S223,00NTRF", "statement.bad_amount", 6),
        ("300,NTRF", "300,123NTRF", "statement.decimals", 15),
        (":61:2610301030RC", ":61:2613301030RC", "statement.bad_date", 10),
        (":62F:C261030EUR11084,73", ":62F:C261030EURx", "statement.bad_amount", 22),
        (":25:FR1420041010050500013M02606", ":25:", "statement.no_account", 2),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, old, new, code, line):
    text = RELEVE.read_text()
    assert old in text
    found = written("mt940", tmp_path, text.replace(old, new, 1))
    assert not found.statements
    assert (found.errors[0].code, found.errors[0].line) == (code, line)


def test_encodings_and_line_ends_read_the_same(tmp_path):
    text = RELEVE.read_text().replace("LEROY", "LÉROY")
    expected = written("mt940", tmp_path, text).statements
    for content in (text.encode("cp1252"), text.replace("\n", "\r\n").encode(),
                    text.replace("\n", "\r").encode(), b"\xef\xbb\xbf\x01" + text.encode(),
                    text.encode("utf-16")):  # fmt: skip
        assert plugins("statements")["mt940"].sniff(content, "f")
        assert written("mt940", tmp_path, content).statements == expected


HEAD = ":20:A\n:25:FR1\n:28C:1/1\n:60F:C261030EUR0,\n"
END = ":62F:C261031EUR5,\n"


def movement(folder, lines, head=HEAD, end=END):
    found = written("mt940", folder, f"{head}{lines}\n{end}")
    assert not found.errors
    (statement,) = found.statements
    return statement.entries[0]


@pytest.mark.parametrize("end", ["-}{5:{MAC:ABCDEFGH}{CHK:0123456789AB}}\n", "-}\x03\n", "-}"])
def test_blocks_around_a_message_end_its_last_field(tmp_path, end):
    head = "\x01{1:F01EXAMFRPPAXXX0000000000}{2:I940EXAMFRPPXXXXN}{3:{108:1}}{4:\n"
    message = f"{head}{HEAD}:61:261030C5,NTRFX\n:62F:C261031EUR5,\n"
    found = written("mt940", tmp_path, message + end.rstrip("\n") + message + end)
    assert [s.difference_minor for s in found.statements] == [0, 0]
    first_field = message.replace("{4:\n", "{4:") + end
    assert [s.closing_minor for s in written("mt940", tmp_path, first_field).statements] == [500]


@pytest.mark.parametrize(
    ("field", "operation", "reference"),
    [
        ("C5,00 NTRFNONREF//B-1", "TRF", "B-1"),
        ("C5,00//B-1", "", "B-1"),
        ("C5,NTRFNONREF//NONREF", "TRF", ""),
        ("C5,N102EREF", "102", ""),
    ],
)
def test_a_type_apart_or_left_out_and_references_that_say_nothing(
    tmp_path, field, operation, reference
):
    entry = movement(tmp_path, f":61:2610301030{field}")
    assert entry.amount_minor == 500
    assert (entry.operation, entry.bank_reference) == (operation, reference)


def test_other_party_below_or_behind_the_reference(tmp_path):
    entry = movement(tmp_path, ":61:261030C5,N102EREF\nNL91ABNA0417164300\n:86:/REMI/FA42")
    assert (entry.payer_iban, entry.label) == ("NL91ABNA0417164300", "FA42")
    entry = movement(tmp_path, ":61:261030C5,N0440123456789      J. JANSSEN\n:86:FA42")
    assert (entry.payer_name, entry.bank_reference) == ("J. JANSSEN", "0123456789")
    entry = movement(
        tmp_path, ":61:261030C5,NTRFNONREF\n:86:FA42\nREK: NL91ABNA0417164300/NAAM: JANSSEN BV"
    )
    assert (entry.payer_name, entry.payer_iban) == ("JANSSEN BV", "NL91ABNA0417164300")


def test_a_time_at_the_beginning_of_a_line_is_text(tmp_path):
    for minute in ("12", "20", "25"):
        text = f":61:261030C5,NTRFX\n:86:106?00CARTE?20SVWZ+2026-10-30T13\n:{minute}:11 PARIS"
        assert movement(tmp_path, text).label == f"CARTE 2026-10-30T13:{minute}:11 PARIS"


def test_german_names_and_what_stands_behind_an_identifier(tmp_path):
    details = "166?20EREF+FA42?21CRED+DE98ZZZ09999999999?22Lieferung 7?32BRAUEREI?33MUELLER"
    entry = movement(tmp_path, f":61:261030C5,NTRFX\n:86:{details}")
    assert (entry.payer_name, entry.label) == ("BRAUEREI MUELLER", "Lieferung 7")
    full = "FINANZVERWALTUNG MUENCHEN N"
    assert len(full) == 27
    entry = movement(tmp_path, f":61:261030C5,NTRFX\n:86:166?32{full}?33ORD")
    assert entry.payer_name == "FINANZVERWALTUNG MUENCHEN NORD"


def test_a_creditor_reference_in_slashed_details(tmp_path):
    details = "/REMI//CDTRREFTP//CD/SCOR/ISSR/CUR/CDTRREF/RF18539007547034/ISDT/2026-10-30"
    entry = movement(tmp_path, f":61:261030C5,NTRFX\n:86:{details}")
    assert entry.structured_reference == "RF18539007547034"


def test_a_balance_of_the_31st_is_of_the_last_day_of_its_month(tmp_path):
    text = f"{HEAD}:61:261030C5,NTRFX\n:62F:C261131EUR5,\n"
    (statement,) = written("mt940", tmp_path, text).statements
    assert statement.closing_on == date(2026, 11, 30)
    refused = written("mt940", tmp_path, text.replace(":61:261030", ":61:261131"))
    assert [error.code for error in refused.errors] == ["statement.bad_date"]


def test_a_statement_without_opening_balance_is_incomplete(tmp_path):
    found = written("mt940", tmp_path, ":20:A\n:25:FR1\n:28C:1/1\n:61:261030C5,NTRFX\n")
    assert [(error.code, error.line) for error in found.errors] == [("mt940.no_opening", 1)]
