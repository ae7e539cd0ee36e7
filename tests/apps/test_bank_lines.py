"""What was decided on bank lines, read from the command line."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner

import amiable.core.matching as engine_modules
from amiable.apps.banking import listing
from amiable.apps.banking.services import lines_match, statement_import
from amiable.core.records import StatementEntry, StatementRecord
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
IBAN = "FR1420041010050500013M02606"


def _take(organization, *rows):
    entries = tuple(
        StatementEntry(
            at, TODAY - timedelta(days=back), TODAY, amount, "EUR", label, payer_name=who
        )
        for at, (amount, label, who, back) in enumerate(rows, 1)
    )
    statement = StatementRecord(
        account=IBAN, currency="EUR", opening_minor=None, entries=entries,
        opening_on=TODAY, closing_on=TODAY, closing_minor=None,
    )  # fmt: skip
    statement_import(organization.id, [statement], source="bank.xml", on=TODAY, actor="test")


def _run(*words):
    result = CliRunner().invoke(amiable, [*words, "--json", "--on", TODAY.isoformat()])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def debtor():
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.invoice(debtor, "FA2026-0042", total_minor=50_000)
    factories.invoice(debtor, "FA2026-0043", total_minor=70_000)
    _take(
        debtor.organization,
        (20_000, "FA2026-0043 FA2026-0042", "", 0),
        (50_000, "FACTURE FA2026-0042", debtor.name, 1),
        (-900, "FRAIS DE TENUE DE COMPTE", "", 2),
    )
    return debtor


def test_lines_tell_each_decision_its_invoices_and_its_evidence(debtor):
    _run("match")
    document = _run("lines")
    aside, posted, proposed = document["lines"]
    assert document["count"] == 3
    assert (aside["state"], aside["matches"], aside["amount"]) == ("ignored", [], "-9.00")
    assert [each["code"] for each in aside["evidence"]] == ["match.money_out"]
    (match,) = posted["matches"]
    assert match["invoices"] == [
        {
            "number": "FA2026-0042",
            "customer_name": debtor.name,
            "amount": "500.00",
            "by": "payment",
        }
    ]
    assert match["customer"] == debtor.code
    assert match["unallocated"] == "0.00"
    assert {"match.cited", "match.exact_one"} <= {each["code"] for each in match["evidence"]}
    assert proposed["state"] == "proposed"
    assert proposed["matches"][0]["rank"] == 1


def test_lines_are_chosen_by_state_and_day(debtor):
    _run("match")
    (posted,) = _run("lines", "--state", "posted")["lines"]
    assert posted["label"] == "FACTURE FA2026-0042"
    assert _run("lines", "--from", TODAY.isoformat(), "--to", TODAY.isoformat())["count"] == 1
    text = CliRunner().invoke(amiable, ["lines", "--state", "posted"])
    assert "FA2026-0042" in text.stdout
    assert text.exit_code == 0


def test_match_lists_the_lines_it_looked_at(debtor):
    first = _run("match", "--lines")
    assert [line["state"] for line in first["lines_decided"]] == ["ignored", "posted", "proposed"]
    again = _run("match", "--lines")
    assert [line["state"] for line in again["lines_decided"]] == ["proposed"]


def test_a_page_of_lines_costs_a_fixed_number_of_queries(debtor, django_assert_max_num_queries):
    _take(debtor.organization, *[(1_000 + at, f"VIR {at}", debtor.name, 0) for at in range(60)])
    lines_match(debtor.organization_id, on=TODAY)
    with django_assert_max_num_queries(8):
        ids = listing.line_ids(debtor.organization_id)
        assert len(list(listing.line_documents(debtor.organization_id, ids))) == 63


def test_a_process_that_only_lists_knows_every_sentence_of_a_decision():
    names = [each.name for each in pkgutil.iter_modules(engine_modules.__path__)]
    code = (
        "from amiable.interfaces.cli.common import setup_django; setup_django();"
        "import importlib, amiable.apps.banking.listing;"
        "from amiable.core.sentences import CATALOG; known = set(CATALOG);"
        f"[importlib.import_module('amiable.core.matching.' + name) for name in {names!r}];"
        "print(sorted(code for code in set(CATALOG) - known if not code.startswith('rest.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_invoice_is_told_from_its_twin_by_the_day_that_the_text_names(debtor):
    org = debtor.organization
    for number, back in (("FA2026-0051", 70), ("FA2026-0052", 40)):
        day = TODAY - timedelta(days=back)
        factories.invoice(debtor, number, total_minor=36_000, issued=day, due=TODAY)
    named = f"FACTURE DU {TODAY - timedelta(days=40):%d/%m/%Y}"
    _take(org, (36_000, named, debtor.name, 0))
    _run("match")
    (line,) = [row for row in _run("lines", "--state", "posted")["lines"] if row["label"] == named]
    assert [each["number"] for each in line["matches"][0]["invoices"]] == ["FA2026-0052"]
    assert "match.dated" in [each["code"] for each in line["matches"][0]["evidence"]]
