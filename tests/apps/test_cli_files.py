"""`amiable read` and `amiable import`: documents, exit statuses, files of rejected rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from amiable.apps.receivables.models import Invoice
from amiable.interfaces.cli.main import amiable
from tests import factories

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
GOOD = SAMPLES / "invoices_csv" / "ventes-cp1252.csv"
BAD = SAMPLES / "invoices_csv" / "erreurs.csv"


def run(*arguments) -> tuple[int, dict]:
    result = CliRunner().invoke(amiable, [str(a) for a in arguments], standalone_mode=False)
    assert result.exception is None, result.exception
    return result.return_value or 0, json.loads(result.stdout)


def test_read_prints_the_agreed_document():
    status, document = run("read", GOOD, "--json")
    assert status == 0
    assert list(document) == ["kind", "format", "records", "errors", "summary"]
    assert document["records"][0]["total_with_vat"] == "1252.23"
    assert document["records"][0]["customer"]["code"] == "C001"
    status, document = run("read", BAD)
    assert status == 1
    assert list(document["errors"][0]) == ["line", "column", "code", "message"]


def test_read_tells_what_it_left_out(tmp_path):
    path = tmp_path / "releve.csv"
    path.write_text(
        "Statut;Date;Libellé;Montant\nExécuté;08/10/2026;EDF;-65,44\nRefusé;09/10/2026;TAXI;-5,00\n"
    )
    status, document = run("read", path)
    assert (status, len(document["records"]), document["errors"]) == (0, 1, [])
    assert [(each["line"], each["code"]) for each in document["warnings"]] == [
        (3, "statement.row_void"),
    ]


def test_read_of_several_files_is_a_list():
    status, documents = run("read", GOOD, SAMPLES / "fec" / "debit-credit.txt")
    assert (status, [d["format"] for d in documents]) == (0, ["invoices_csv", "fec"])
    assert documents[1]["summary"]["open_amount"] == "2202.23"


def test_read_of_a_foreign_file_names_what_is_supported(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    status, document = run("read", path)
    assert (status, document["format"], document["errors"][0]["line"]) == (1, None, 0)
    assert "camt.053" in document["errors"][0]["message"]
    assert "FEC" in document["errors"][0]["message"]


@pytest.fixture
def org(db):
    organization = factories.organization()
    factories.creditor(organization)
    return organization


def test_import_reports_counts_and_exit_status(org):
    status, document = run("import", "invoices", GOOD, "--json")
    assert (status, document["state"], document["counts"]["created"]) == (0, "done", 5)
    status, document = run("import", "invoices", GOOD, "--json", "--full")
    assert (status, document["counts"]["unchanged"]) == (0, 5)
    status, document = run("import", "invoices", BAD, "--json")
    assert (status, document["state"], len(document["errors"])) == (1, "refused", 14)


def test_partial_import_writes_the_rejected_rows(org, tmp_path):
    rejected = tmp_path / "a-corriger.csv"
    status, document = run(
        "import", "invoices", BAD, "--partial", "--rejected-to", rejected, "--json"
    )
    assert (status, document["counts"]["rejected"]) == (1, 11)
    assert rejected.read_text(encoding="utf-8-sig").startswith("code client;numero facture")


def test_import_of_a_statement_enters_banking(org):
    path = SAMPLES / "camt053" / "batch-and-returns.xml"
    status, document = run("import", "statement", path, "--json")
    assert document["format"] == "camt053"
    assert (status == 0) == (document["state"] == "done")


def test_a_movement_in_another_currency_is_told_with_its_line(org, tmp_path):
    text = (SAMPLES / "camt053" / "details.xml").read_text()
    at = text.index("<Ntry>")
    mixed = tmp_path / "mixed.xml"
    mixed.write_text(text[:at] + text[at:].replace('Ccy="EUR"', 'Ccy="USD"', 1))
    result = CliRunner().invoke(amiable, ["import", "statement", str(mixed)])
    line = text[:at].count("\n") + 1
    assert f"line {line}: a movement is in USD, the account in EUR" in result.output


def test_wrong_use_is_told_before_anything_is_written(org):
    for options in (["--creditor", "nobody"], ["--mapping", "none"]):
        result = CliRunner().invoke(amiable, ["import", "invoices", str(GOOD), *options])
        assert result.exit_code == 2
    result = CliRunner().invoke(amiable, ["import", "payslips", str(GOOD)])
    assert result.exit_code == 2
    assert not Invoice.objects.exists()
