"""pain.002: refusals read as the bank says them; what is hostile or names nothing is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from amiable.interfaces.cli.records import read_pieces
from amiable.plugins.imports.pain002 import PLUGIN
from amiable.plugins.sniffing import read_file

SAMPLE = Path(__file__).parent.parent / "samples" / "pain002" / "refused.xml"


def read(tmp_path: Path, text: str):
    path = tmp_path / "p.xml"
    path.write_text(text, encoding="utf-8")
    return read_file(path)


def changed(*pairs: tuple[str, str]) -> str:
    text = SAMPLE.read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_what_a_bank_refuses_is_read_with_its_reason():
    found = read_file(SAMPLE)
    assert (found.kind, found.format, found.errors) == ("debit_results", "pain002", ())
    refused, taken = found.debit_results
    assert (refused.end_to_end_id, refused.status, refused.reason) == ("RF16C39-34", "RJCT", "AC04")
    assert (refused.amount_minor, refused.mandate_id) == (125_223, "AM-MAIN-00000001")
    assert (taken.status, taken.amount_minor) == ("ACCP", None)
    assert found.summary["refused"] == 1
    told = json.loads("".join(read_pieces(found)))
    assert told["records"][0]["amount"] == "1252.23"


def test_the_facts_of_the_corpus_are_read(corpus):
    with (corpus / "MANIFEST.csv").open(encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["kind"] == "sepa-returns"]
    checked = 0
    for row in rows:
        facts = json.loads(row["expected_facts"])
        if not facts.get("message", "").startswith("pain.002"):
            continue
        found = read_file(corpus / row["file"])
        assert found.errors == ()
        assert found.summary["original_message"] == facts["original_message"]
        assert [
            {
                "e2e": each.end_to_end_id, "status": each.status, "reason": each.reason,
                "amount": str((each.amount_minor or 0) // 100), "mandate": each.mandate_id,
            }
            for each in found.debit_results
        ] == facts["transactions"]  # fmt: skip
        checked += 1
    assert checked


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("RF16C39-34", "")], "pain002.no_reference"),
        ([("1252.23", "1252.2345")], "pain002.bad_amount"),
        ([("1252.23", "lots")], "pain002.bad_amount"),
        ([("</Document>", "")], "pain002.broken"),
        ([("<Document", "<!DOCTYPE x [<!ENTITY a 'b'>]><Document")], "file.xml_hostile"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path, pairs, code):
    found = read(tmp_path, changed(*pairs))
    assert [error.code for error in found.errors][:1] == [code]
    assert found.debit_results == ()


def test_a_doctype_behind_many_comments_is_refused_too(tmp_path):
    text = "<!-- " + "x" * 70_000 + " --><!DOCTYPE x SYSTEM 'file:///etc/passwd'>"
    path = tmp_path / "late.xml"
    path.write_text(SAMPLE.read_text("utf-8").replace("<Document", text + "<Document"), "utf-8")
    assert [e.code for e in PLUGIN.read(path, None).errors] == ["xml.dtd"]  # type: ignore[arg-type]


def test_a_refusal_that_names_no_debit_says_what_to_do(tmp_path):
    start, _, rest = SAMPLE.read_text("utf-8").partition("<OrgnlPmtInfAndSts>")
    whole = start.replace("PART", "RJCT") + "</CstmrPmtStsRpt></Document>"
    assert [e.code for e in read(tmp_path, whole).errors] == ["pain002.group"]
    group = (
        f"{start}<OrgnlPmtInfAndSts><OrgnlPmtInfId>G1</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts>"
        "<StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf></OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    )
    (error,) = read(tmp_path, group).errors
    assert (error.code, error.params["reason"]) == ("pain002.group", "FF01")
    assert rest


def test_a_report_without_statuses_is_none(tmp_path):
    text = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"/>'
    assert [e.code for e in read(tmp_path, text).errors] == ["pain002.nothing"]
