"""Bank statement readers: the facts of real files, returns, batches, and what must be refused."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amiable.plugins.registry import plugins
from tests.plugins.statement_facts import SAMPLES, manifest, number, read


@pytest.mark.parametrize(("name", "facts", "notes"), manifest("statements/camt"))
def test_camt_facts_of_real_files(corpus, name, facts, notes):
    found = read("camt053", corpus / name)
    if "INVALID" in notes:
        assert found.errors
        assert not found.statements
        return
    assert not found.errors
    kinds = {"052": "report", "054": "notification"}
    kind = next((k for mark, k in kinds.items() if mark in facts["message"]), "statement")
    assert {statement.kind for statement in found.statements} == {kind}
    assert len(found.summary["statements"]) == facts["statements"]
    for ours, theirs in zip(found.summary["statements"], facts["stmts"], strict=True):
        assert ours["account"] == theirs["account"]
        assert ours["entries"] == theirs["entries"]
        for key in ("credits", "debits", "opening", "closing"):
            assert number(ours[key]) == number(theirs.get(key)), key
        check = theirs["balance_check"]
        expected = {"OK": True, "FAILS": False}.get(check.split()[0])
        assert ours["balances_hold"] is expected
        if expected is False:
            assert Decimal(ours["difference"]) == Decimal(check.rpartition(" ")[2])
    if any(entry.batch_size for s in found.statements for entry in s.entries):
        return  # a batch that is kept whole has the references of no single payment
    ids = [e.end_to_end_id for s in found.statements for e in s.entries if e.end_to_end_id]
    assert ids == [i for s in facts["stmts"] for i in s["end_to_end_ids"]]
    labels = " ".join(e.label for s in found.statements for e in s.entries)
    assert all(text in labels for s in facts["stmts"] for text in s["first_ustrd"])
    references = [e.structured_reference for s in found.statements for e in s.entries]
    assert [r for r in references if r] == [
        r for s in facts["stmts"] for r in s.get("creditor_refs", [])
    ]


@pytest.mark.parametrize(("name", "facts", "notes"), manifest("statements/cfonb120"))
def test_cfonb120_facts_of_real_files(corpus, name, facts, notes):
    found = read("cfonb120", corpus / name)
    if "INVALID" in notes or "record_types" in facts:
        assert not found.statements
        lines = {error.line for error in found.errors}
        stated = {int(e.split()[1].rstrip(":")) for e in facts.get("sequence_errors", [])}
        assert found.errors
        assert stated <= lines
        return
    assert not found.errors
    ours = found.summary["statements"]
    assert len(ours) == facts["totals"]["groups"]
    for mine, record, group in zip(ours, found.statements, facts["groups"], strict=True):
        assert (mine["bank"], mine["branch"]) == (group["bank"], group["branch"])
        assert mine["account_number"] == group["account"]
        assert number(mine["opening"]) == Decimal(group["opening"])
        assert number(mine["closing"]) == Decimal(group["closing"])
        assert record.closing_on.strftime("%d%m%y") == group["closing_date"]
        assert mine["entries"] == group["entries"]
        amounts = [Decimal(e.amount_minor) / 100 for e in record.entries]
        assert amounts == [Decimal(a) for a in group.get("amounts", [])]
        assert all(
            e.label.startswith(text)
            for e, text in zip(record.entries, group["labels"], strict=True)
        )
        assert mine["balances_hold"] is (group["balance_check"] == "OK")


def test_cfonb120_reads_references_and_returns():
    found = read("cfonb120", SAMPLES / "cfonb120" / "releve.txt")
    (statement,) = found.statements
    credit, unpaid = statement.entries
    assert (statement.opening_minor, statement.closing_minor) == (1_000_000, 1_077_223)
    assert statement.difference_minor == 0
    assert statement.account == "2004101005" + "0500013M026"
    assert credit.amount_minor == 125_223
    assert credit.payer_name == "DUPONT SARL"
    assert credit.structured_reference == "RF83FA20260042"
    assert unpaid.is_return
    assert (unpaid.amount_minor, unpaid.return_reason) == (-48_000, "B3")


def test_cfonb120_without_line_ends_or_padding_reads_the_same(tmp_path):
    text = (SAMPLES / "cfonb120" / "releve.txt").read_text()
    expected = read("cfonb120", SAMPLES / "cfonb120" / "releve.txt").summary
    variants = {
        "joined.txt": text.replace("\n", "").encode(),
        "short.txt": "\r\n".join(line.rstrip() for line in text.splitlines()).encode(),
        "ebcdic.txt": text.replace("\n", "").encode("cp1140"),
        "dos.txt": text.encode() + b"\x1a",
        "utf16.txt": text.encode("utf-16"),
    }
    for name, content in variants.items():
        (tmp_path / name).write_bytes(content)
        assert read("cfonb120", tmp_path / name).summary == expected, name
        assert plugins("statements")["cfonb120"].sniff(content, name)


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8"])
def test_cfonb120_accents_keep_their_columns(tmp_path, encoding):
    text = (SAMPLES / "cfonb120" / "releve.txt").read_text().replace("RECU DUPONT", "REÇU DUPONÉ")
    (tmp_path / "r.txt").write_bytes(text.encode(encoding))
    found = read("cfonb120", tmp_path / "r.txt")
    assert found.statements[0].entries[0].label == "VIR SEPA REÇU DUPONÉ SARL"


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("0000000012522C", "00000000X2522C", "statement.bad_amount", 2),
        ("0000000012522C", "00000000125221", "statement.bad_amount", 2),
        ("05301026  301026VIR", "05311126  301026VIR", "statement.bad_date", 2),
        ("0520041000001005EUR2 0500013M02605301026     NPY", "06" + "x" * 46, "cfonb.record", 3),
        ("0720041", "9920041", "cfonb.record", 6),
    ],
)
def test_cfonb120_refuses_what_it_cannot_read(tmp_path, old, new, code, line):
    text = (SAMPLES / "cfonb120" / "releve.txt").read_text()
    assert old in text
    (tmp_path / "r.txt").write_text(text.replace(old, new, 1))
    found = read("cfonb120", tmp_path / "r.txt")
    assert not found.statements
    assert (found.errors[0].code, found.errors[0].line) == (code, line)


def test_camt_batch_is_split_and_a_return_is_recognized():
    found = read("camt053", SAMPLES / "camt053" / "batch-and-returns.xml")
    (statement,) = found.statements
    first, second, unpaid = statement.entries
    assert (first.amount_minor, second.amount_minor) == (70_000, 3_223)
    assert first.structured_reference == "RF83FA20260042"
    assert first.payer_iban == "FR7630006000011234567890189"
    assert first.batch_id == second.batch_id == "LOT-7"
    assert second.end_to_end_id == ""
    assert (second.payer_name, second.label) == ("ÉTABLISSEMENTS NOËL", "FACTURE FA2026 0043")
    assert unpaid.is_return
    assert (unpaid.return_reason, unpaid.payer_name) == ("AM04", "GARAGE MARTIN")
    assert (unpaid.end_to_end_id, unpaid.mandate_id) == ("SDD-9", "RUM-1")
    summary = found.summary["statements"][0]
    assert (summary["entries"], summary["pending"]) == (2, 1)
    assert summary["balances_hold"] is True
    assert str(statement.opening_on) == "2026-10-29"


def test_camt_batch_that_does_not_sum_is_kept_whole(tmp_path):
    text = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text()
    (tmp_path / "s.xml").write_text(text.replace("700.00", "700.01", 1))
    entries = read("camt053", tmp_path / "s.xml").statements[0].entries
    assert [entry.amount_minor for entry in entries] == [73_223, -48_000]


def test_camt_entry_under_a_status_of_the_bank_is_not_booked(tmp_path):
    text = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text()
    found = []
    for own in ("<Sts><Cd>PDNG</Cd></Sts>", "<Sts><Prtry>EN ATTENTE</Prtry></Sts>"):
        assert "<Cd>PDNG</Cd>" in text
        (tmp_path / "s.xml").write_text(text.replace("<Sts><Cd>PDNG</Cd></Sts>", own))
        found.append(read("camt053", tmp_path / "s.xml").summary)
    assert found[0] == found[1]


def test_camt_in_utf16_is_read(tmp_path):
    text = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text()
    content = text.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    (tmp_path / "s.xml").write_bytes(content)
    assert plugins("statements")["camt053"].sniff(content, "s.xml")
    assert len(read("camt053", tmp_path / "s.xml").statements[0].entries) == 3


@pytest.mark.parametrize("cut", [0, 60, 400, 2000])
def test_truncated_camt_is_refused(tmp_path, cut):
    content = (SAMPLES / "camt053" / "batch-and-returns.xml").read_bytes()[:cut]
    (tmp_path / "s.xml").write_bytes(content)
    found = read("camt053", tmp_path / "s.xml")
    assert found.errors
    assert not found.statements


def test_hostile_xml_is_refused_unread(corpus):
    files = sorted((corpus / "malicious" / "xml").iterdir())
    assert files
    for path in files:
        assert [e.code for e in read("camt053", path).errors] == ["xml.dtd"], path.name


@pytest.mark.parametrize("code", ["camt053", "cfonb120"])
@given(content=st.binary(max_size=600))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_refused_without_a_crash(tmp_path_factory, code, content):
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(content)
    plugins("statements")[code].sniff(content, "f")
    assert read(code, path).errors


@example(at=19, byte=0xB2)  # a raised two: a digit to some, no number to others
@given(at=st.integers(0, 900), byte=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_a_damaged_byte_never_crashes_the_cfonb_reader(tmp_path_factory, at, byte):
    content = bytearray((SAMPLES / "cfonb120" / "releve.txt").read_bytes())
    content[at % len(content)] = byte
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(bytes(content))
    found = read("cfonb120", path)
    assert bool(found.errors) != bool(found.statements)


MEMORY = """
import resource, sys
from pathlib import Path
from amiable.plugins.base import ReadOptions
from amiable.plugins.statements.camt053 import PLUGIN
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = PLUGIN.read(Path(sys.argv[1]), ReadOptions())
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(found.statements[0].entries), (after - before) // 1024)
"""


@pytest.mark.slow
def test_hundred_thousand_entries_fit_in_60_megabytes(tmp_path):
    head, _, rest = (SAMPLES / "camt053" / "batch-and-returns.xml").read_text().partition("<Ntry>")
    entry = "<Ntry>" + rest.partition("</Ntry>")[2].partition("<Ntry>")[2].partition("</Ntry>")[0]
    tail = "</Stmt></BkToCstmrStmt></Document>"
    with (tmp_path / "big.xml").open("w") as file:
        file.write(head)
        for n in range(100_000):
            file.write(entry.replace("SDD-9", f"SDD-{n}") + "</Ntry>\n")
        file.write(tail)
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "big.xml")]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count, megabytes = map(int, output.split())
    assert count == 100_000
    assert megabytes < 60
