"""The demo as a visitor meets it: real files in, nobody who has paid is reminded, twice the same.

A small portfolio, lived to a fixed day; the generator's truth.json is the judge.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.cases.models import Dispute, Promise
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.imports.models import ImportRun
from amiable.apps.insights.models import Snapshot
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.models import Installment, Invoice, InvoiceDocument
from amiable.interfaces.cli.main import amiable

ON = date(2026, 11, 20)
SIZE = ["--customers", "60", "--invoices", "450", "--seed", "5", "--no-serve", "--json"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def run(*extra: str) -> dict:
    result = CliRunner().invoke(amiable, ["demo", *SIZE, *extra])
    assert result.exit_code == 0, result.exception or result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def demo(settings, tmp_path):
    """(JSON of the run, truth) of a demo lived once."""
    settings.VAR_DIR = tmp_path
    document = run("--on", ON.isoformat())
    truth = json.loads((Path(document["files"]) / "truth.json").read_text(encoding="utf-8"))
    yield document, truth
    assert broken_invariants() == []


def test_the_demo_tells_one_consistent_story(demo):
    document, truth = demo
    _enters_through_imports(document)
    _posts_only_what_is_true(truth)
    _reminds_nobody_who_has_paid(truth)
    _never_says_the_same_thing_twice()
    _shows_people_at_work(document)
    _lives_on_without_doubles(document)


def _enters_through_imports(document):
    counts = document["counts"]
    assert (counts["customers"], counts["invoices"]) == (60, 450)
    runs = ImportRun.objects.values_list("state", flat=True)
    assert set(runs) == {"done"}
    imported = set(ImportRun.objects.values_list("filename", flat=True))
    written = {
        path.name
        for path in Path(document["files"]).rglob("*")
        if path.suffix in {".csv", ".xml", ".txt"}
    }
    assert imported == written
    assert InvoiceDocument.objects.exists()


def _posts_only_what_is_true(truth):
    numbers = dict(Installment.objects.values_list("id", "invoice__number"))
    automatic = Match.objects.filter(state="posted", decided_by="amiable")
    wrong = []
    for match in automatic.select_related("line", "customer"):
        said = truth["lines"][match.line.record["bank_reference"]]
        paid = {numbers[part["installment"]] for part in match.allocations}
        if match.customer.code != said["customer"]:
            wrong.append((match.line.label, match.customer.code, said))
        elif said["amount"][0] != "-" and not paid <= {*said["pays"], *said["repeats"]}:
            wrong.append((match.line.label, paid, said))
    assert wrong == []
    customers_lines = [
        line for line in StatementLine.objects.all()
        if truth["lines"][line.record["bank_reference"]]["customer"]
    ]  # fmt: skip
    assert automatic.count() >= 0.75 * len(customers_lines)


def _reminds_nobody_who_has_paid(truth):
    reminded = ActionItem.objects.filter(action__state="done", action__message__isnull=False)
    late = []
    for number, sent_on in reminded.values_list(
        "installment__invoice__number", "action__message__on_date"
    ):
        paid_on = truth["invoices"][number]["paid_on"]
        if paid_on and date.fromisoformat(paid_on) < sent_on:
            late.append((number, paid_on, sent_on))
    assert reminded.exists()
    assert late == []


def _never_says_the_same_thing_twice():
    sent: dict[tuple[int, str], list[date]] = defaultdict(list)
    for case_id, medium, on in Message.objects.values_list("case_id", "medium", "on_date"):
        sent[case_id, medium].append(on)
    assert all(len(days) == len(set(days)) for days in sent.values())
    assert not Message.objects.exclude(channel="outbox").exists()


def _shows_people_at_work(document):
    assert Action.objects.filter(medium="phone", state="done").exclude(result="").exists()
    assert Promise.objects.exists()
    assert Dispute.objects.exists()
    counts = document["counts"]
    waiting = sum(counts["actions_waiting"].values()) + counts["proposed"] + counts["left"]
    assert waiting > 0
    assert Snapshot.objects.filter(on_date=ON).exists()
    figures = document["figures"]
    assert 30 <= float(figures["dso"]) <= 90
    assert 0 < float(figures["overdue"]) < float(figures["outstanding"])


def _lives_on_without_doubles(document):
    before = (Invoice.objects.count(), StatementLine.objects.count(), Message.objects.count())
    again = run("--on", ON.isoformat())
    assert again["created"] is False
    assert again["counts"] == document["counts"]
    assert before == (
        Invoice.objects.count(),
        StatementLine.objects.count(),
        Message.objects.count(),
    )
    later = run("--on", "2026-11-25")
    assert later["on"] == "2026-11-25"
    assert later["counts"]["bank_lines"] > document["counts"]["bank_lines"]


def test_command_line_prints_one_json_document_and_leaves_the_tree_clean(tmp_path):
    """As `make demo ARGS="--no-serve --json"` runs it: another process, its own database."""
    environment = {
        "AMIABLE_VAR": str(tmp_path / "var"),
        "PATH": str(Path(sys.executable).parent),
        "AMIABLE_SECRET_KEY": "tests",
    }
    command = [sys.executable, "-c", "from amiable.interfaces.cli.main import run; run()", "demo"]
    size = ["--customers", "20", "--invoices", "100", "--no-serve", "--json", "--on", "2026-11-20"]
    done = subprocess.run(
        [*command, *size],
        capture_output=True, text=True, check=False, timeout=300, env=environment,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["login"].endswith("@demo.example")
    assert document["counts"]["invoices"] == 100
    assert [path.name for path in tmp_path.iterdir()] == ["var"]


def test_reset_is_refused_where_others_live(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    from tests import factories

    factories.organization("acme")
    result = CliRunner().invoke(amiable, ["demo", "--reset", "--no-serve"])
    assert result.exit_code == 2
    assert "--reset" in result.stderr
