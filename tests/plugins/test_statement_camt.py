"""camt.053, .052 and .054: what details say, balances to choose from, messages that book nothing."""

from __future__ import annotations

import pytest

from amiable.plugins.sniffing import read_file
from tests.plugins.statement_facts import SAMPLES, read, written

DETAILS = SAMPLES / "camt053" / "details.xml"
NOTIFICATION = SAMPLES / "camt053" / "notification.xml"


def test_booked_balances_are_chosen_among_all():
    found = read("camt053", DETAILS)
    (statement,) = found.statements
    assert (statement.opening_minor, statement.closing_minor) == (-125_223, -65_223)
    assert str(statement.closing_on) == "2026-10-31"
    assert statement.difference_minor == 0
    assert statement.account == "FR1420041010050500013M02606"
    assert found.summary["statements"][0]["entries"] == 4


def test_details_give_parties_references_exchange_and_charges():
    paid = read("camt053", DETAILS).statements[0].entries[0]
    assert (paid.payer_name, paid.ultimate_payer) == ("FACTOR EXEMPLE SA", "DUPONT SARL")
    assert paid.credited_iban == "FR7699999000010000000000142"
    assert paid.structured_reference == "RF83FA20260042"
    assert paid.label == "FA20260042 solde du chantier"
    assert (paid.original, paid.fee_minor) == ("USD 100.00", 320)
    assert paid.uetr == "eb6305c9-1f7f-49de-aed0-16487c27b42d"
    assert (paid.bank_reference, str(paid.value_on)) == ("ASR-1", "2026-11-02")


def test_a_payment_of_ours_that_comes_back_is_money_in_from_whom_we_paid():
    back = read("camt053", DETAILS).statements[0].entries[1]
    assert (back.amount_minor, back.is_return, back.return_reason) == (30_000, True, "AC04")
    assert back.payer_name == "FOURNISSEUR SAS"
    assert back.label == "COMPTE CLOS"


def test_a_net_batch_is_kept_whole_and_says_so():
    found = read("camt053", DETAILS)
    net = found.statements[0].entries[2]
    assert (net.amount_minor, net.batch_size, net.batch_id) == (20_880, 3, "PSP-31")
    summary = found.summary["statements"][0]
    assert (summary["batches_split"], summary["batches_kept"]) == (0, 1)
    split = read("camt053", SAMPLES / "camt053" / "batch-and-returns.xml")
    assert split.summary["statements"][0]["batches_split"] == 1
    assert {entry.batch_size for entry in split.statements[0].entries} == {0}


@pytest.mark.parametrize(
    "namespace",
    ["", *(f' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{v:02}"' for v in range(2, 14)),
     ' xmlns="urn:example:of-another-world"'],
)  # fmt: skip
def test_every_version_and_a_wrong_or_no_namespace_read_the_same(tmp_path, namespace):
    text = DETAILS.read_text()
    stated = ' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"'
    assert stated in text
    found = written("camt053", tmp_path, text.replace(stated, namespace), "s.xml")
    assert found.statements == read("camt053", DETAILS).statements


def test_prefixed_elements_read_the_same(tmp_path):
    text = NOTIFICATION.read_text().replace("xmlns=", "xmlns:n=").replace("</", "</n:")
    text = (
        text.replace("<?", "\0").replace("<", "<n:").replace("<n:/n:", "</n:").replace("\0", "<?")
    )
    found = written("camt053", tmp_path, text, "s.xml")
    assert found.statements == read("camt053", NOTIFICATION).statements


def test_amounts_are_never_rounded(tmp_path):
    text = DETAILS.read_text()
    found = written("camt053", tmp_path, text.replace(">91.20</Amt><Cdt", ">91.20500</Amt><Cdt"))
    assert [(e.code, e.params["value"]) for e in found.errors] == [
        ("statement.decimals", "91.20500"),
    ]
    assert not found.statements


def test_notifications_and_reports_state_no_balance_and_mark_what_is_not_booked(tmp_path):
    found = read("camt053", NOTIFICATION)
    (record,) = found.statements
    assert (found.format, record.kind) == ("camt054", "notification")
    assert [(e.amount_minor, e.status) for e in record.entries] == [(5_000, ""), (7_500, "PDNG")]
    assert {str(entry.booked_on) for entry in record.entries} == {"2026-10-30"}
    assert found.summary["statements"][0]["balances_hold"] is None
    text = NOTIFICATION.read_text().replace("BkToCstmrDbtCdtNtfctn", "BkToCstmrAcctRpt")
    report = written("camt053", tmp_path, text.replace("Ntfctn>", "Rpt>"), "r.xml")
    assert (report.format, report.statements[0].kind) == ("camt052", "report")


def test_what_only_informs_never_refuses_a_statement(tmp_path):
    text = DETAILS.read_text().replace('"USD">100.00', '"USD">1OO').replace(">3.20<", ">3.205<")
    (paid, *_) = written("camt053", tmp_path, text).statements[0].entries
    assert (paid.amount_minor, paid.original, paid.fee_minor) == (9_120, "", 0)
    text = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text().replace("700.00", "700.001")
    kept = written("camt053", tmp_path, text).statements[0].entries[0]
    assert (kept.amount_minor, kept.batch_size) == (73_223, 2)


def test_a_booked_movement_without_a_date_is_refused_in_a_statement(tmp_path):
    text = DETAILS.read_text().replace("<BookgDt><Dt>2026-10-31</Dt></BookgDt>", "")
    found = written("camt053", tmp_path, text, "s.xml")
    assert [error.code for error in found.errors] == ["statement.no_date"] * 3


def test_one_payment_told_of_a_larger_batch_is_not_its_payer(tmp_path):
    text = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text()
    begins = text.index("<TxDtls>", text.index("<TxDtls>") + 1)
    alone = text[:begins] + text[text.index("</TxDtls>", begins) + len("</TxDtls>") :]
    entry = written("camt053", tmp_path, alone).statements[0].entries[0]
    assert (entry.amount_minor, entry.batch_size) == (73_223, 2)
    assert (entry.payer_name, entry.end_to_end_id, entry.structured_reference) == ("", "", "")
    whole = alone.replace(">700.00<", ">732.23<")
    entry = written("camt053", tmp_path, whole).statements[0].entries[0]
    assert (entry.amount_minor, entry.payer_name) == (73_223, "DUPONT SARL")


def test_an_empty_line_before_the_declaration_is_passed_over(tmp_path):
    found = written("camt053", tmp_path, "\r\n" + DETAILS.read_text())
    assert len(found.statements[0].entries) == 4


def test_a_reversal_without_a_reason_gives_the_sub_family(tmp_path):
    text = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text()
    unpaid = text.replace("<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>", "")
    entry = written("camt053", tmp_path, unpaid).statements[0].entries[2]
    assert (entry.is_return, entry.return_reason, entry.operation) == (
        True, "UPDD", "PMNT/IDDT/UPDD",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("family", "own", "side", "returned"),
    [
        ("ICDT</Cd><SubFmlyCd>RRTN", "", "CRDT", True),
        ("RDDT</Cd><SubFmlyCd>UPDD", "", "CRDT", True),
        ("RCDT</Cd><SubFmlyCd>RRTN", "", "CRDT", False),
        ("RCDT</Cd><SubFmlyCd>RRTN", "", "DBIT", True),
        ("IDDT</Cd><SubFmlyCd>ESDD", "33", "DBIT", True),
        ("IDDT</Cd><SubFmlyCd>ESDD", "NRTI+109+9310", "DBIT", True),
        ("RCDT</Cd><SubFmlyCd>ESCT", "12</Cd><Issr>CFONB</Issr><Cd>", "CRDT", True),
        ("RCDT</Cd><SubFmlyCd>ESCT", "12", "CRDT", False),
        ("IDDT</Cd><SubFmlyCd>ESDD", "33</Cd><Issr>SIX</Issr><Cd>", "DBIT", False),
        ("RCDT</Cd><SubFmlyCd>ESCT", "05", "CRDT", False),
    ],
)
def test_codes_tell_returns_by_the_side_of_the_money(tmp_path, family, own, side, returned):
    text = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text()
    old = "IDDT</Cd><SubFmlyCd>UPDD</SubFmlyCd></Fmly></Domn>"
    assert old in text
    code = f"{family}</SubFmlyCd></Fmly></Domn><Prtry><Cd>{own}</Cd></Prtry>"
    text = text.replace(old, code).replace("<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>", "")
    text = text.replace("480.00</Amt><CdtDbtInd>DBIT", f"480.00</Amt><CdtDbtInd>{side}")
    entry = written("camt053", tmp_path, text).statements[0].entries[2]
    assert entry.is_return is returned


def test_references_that_say_nothing_are_none(tmp_path):
    text = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text()
    text = text.replace("<BookgDt><DtTm>", "<AcctSvcrRef>NONREF</AcctSvcrRef><BookgDt><DtTm>")
    entry = written("camt053", tmp_path, text).statements[0].entries[2]
    assert (entry.bank_reference, entry.entry_reference) == ("", "")


@pytest.mark.parametrize("message", ["pain.001.001.03", "pain.008.001.08", "camt.029.001.09"])
def test_other_messages_of_iso_20022_are_refused_by_their_name(tmp_path, message):
    (tmp_path / "m.xml").write_text(
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}"><A><B>1</B></A></Document>'
    )
    (error,) = read_file(tmp_path / "m.xml").errors
    assert (error.code, error.params["message"]) == ("camt.other_message", message)


def test_an_account_without_a_number_is_told_once(tmp_path):
    text = (SAMPLES / "camt053" / "details.xml").read_text()
    told = "<Id><IBAN>FR14 2004 1010 0505 0001 3M02 606</IBAN></Id>"
    assert text.count(told) == 1
    for without in (text.replace(told, ""), text.replace(f"<Acct>{told}</Acct>", "")):
        assert without != text
        codes = [error.code for error in written("camt053", tmp_path, without).errors]
        assert codes.count("statement.no_account") == 1
