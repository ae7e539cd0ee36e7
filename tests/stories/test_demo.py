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
from django.test import Client

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.cases.line_models import DisputeLine
from amiable.apps.cases.models import Dispute, Hold, PlanProposal, Promise
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.models import Action, AssignmentRule, Enrollment
from amiable.apps.imports.models import ImportRun
from amiable.apps.insights.models import Snapshot
from amiable.apps.messaging.models import Message, Reply, ReplyFile
from amiable.apps.payments.debits.models import Debit, Mandate
from amiable.apps.payments.models import Payment, PaymentReturn
from amiable.apps.receivables.models import Invoice, InvoiceDocument
from amiable.apps.tenants.models import Organization
from amiable.interfaces.cli.main import amiable
from tests.stories import demo_truth

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
    settings.VAR_DIR, settings.BASE_URL = tmp_path, "http://127.0.0.1:8000"
    document = run("--on", ON.isoformat())
    truth = json.loads((Path(document["files"]) / "truth.json").read_text(encoding="utf-8"))
    yield document, truth
    assert broken_invariants() == []


def test_the_demo_tells_one_consistent_story(demo):
    document, truth = demo
    _enters_through_imports(document)
    _posts_only_what_is_true(truth)
    _contacts_only_whom_it_may(truth)
    _shows_the_scenario_engine(document)
    _shows_what_stops()
    _never_says_the_same_thing_twice()
    _shows_people_at_work(document)
    _shows_money_that_moves(document)
    _shows_the_payment_page(document)
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
    assert demo_truth.wrong_posts(truth) == []
    assert demo_truth.automatic_posts().count() >= 0.75 * demo_truth.customers_lines(truth)


def _contacts_only_whom_it_may(truth):
    """Messages and calls: nobody who had paid, nobody whom something stops."""
    assert len(demo_truth.spoken()) > 100
    assert {each.medium for each in demo_truth.spoken()} >= {"email", "letter", "phone"}
    assert demo_truth.asked_although_paid(truth) == []
    assert truth["insolvent"]
    assert demo_truth.asked_although_insolvent(truth) == []
    assert demo_truth.asked_although_disputed() == []
    assert demo_truth.asked_although_held() == []
    assert demo_truth.asked_although_promised() == []


def _shows_the_scenario_engine(document):
    counts = document["counts"]
    on_scenarios = counts["scenarios"]
    assert sum(on_scenarios.values()) == Enrollment.objects.count() > 50
    assert set(on_scenarios) >= {
        "sme-standard:2", "sme-courteous:1", "key-accounts:2", "public-bodies:1", "good-payers:1",
        "consumer-subscription:1",
    }  # fmt: skip
    assert {"kept", "partly_kept"} <= set(counts["promises"])
    assert counts["plans"] == {"late": 1, "running": 1}
    assert document["experiment"]["payers"].keys() == {"champion", "challenger", "holdout"}
    assert document["experiment"]["payers"]["challenger"] > 0
    assert Organization.objects.get().bank_data_max_age_days == 7
    rules = AssignmentRule.objects.order_by("position").values_list("scenario_code", flat=True)
    assert rules[0] == "public-bodies"
    assert Enrollment.objects.filter(is_manual=True).exists()
    assert Action.objects.filter(step="ask_sales", state="todo").exists()


def _shows_what_stops():
    assert Dispute.objects.filter(amount_minor__isnull=False).exists()
    assert Dispute.objects.filter(closed_on__isnull=False).exists()
    assert Hold.objects.filter(installment=None).exists()
    assert ContactPoint.objects.filter(invalid_since__isnull=False, kind="email").exists()
    assert ContactPoint.objects.filter(opted_out_at__isnull=False).exists()
    assert PaymentReturn.objects.exclude(reason_code="").exists()


def _never_says_the_same_thing_twice():
    sent: dict[tuple[int, str], list[date]] = defaultdict(list)
    reminders = Message.objects.filter(action__isnull=False)  # not what confirms or announces
    for case_id, medium, on in reminders.values_list("case_id", "medium", "on_date"):
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


def _shows_money_that_moves(document):
    counts = document["counts"]
    assert counts["mandates"] == 4  # one of them for the plan that is signed on the page
    assert {"announced", "collected", "failed"} <= set(counts["debits"])
    reasons = Debit.objects.filter(state="returned").values_list("reason_code", flat=True)
    assert set(reasons) == {"AM04", "AC04"}
    assert Debit.objects.filter(attempt=2, state="collected").exists()
    assert set(Mandate.objects.values_list("signed_how", flat=True)) == {"portal", "paper"}
    assert counts["payouts"] > 0
    assert Match.objects.filter(state="posted", payout__isnull=False).exists()
    assert Payment.objects.filter(payout_parts__isnull=False).exists()


def _shows_the_payment_page(document):
    page = Client().get(document["payment_page"].removeprefix("http://127.0.0.1:8000"))
    assert page.status_code == 200
    assert "portal" in page.templates[0].name
    assert Message.objects.filter(text__contains=document["payment_page"]).exists()
    proposal = PlanProposal.objects.get()
    assert proposal.sha256
    assert proposal.text
    assert proposal.mandate_id is not None
    dispute = (
        Dispute.objects.filter(questions__isnull=False, entries__isnull=False).distinct().get()
    )
    assert DisputeLine.objects.filter(dispute=dispute, amount_minor__gt=0).exists()
    assert dispute.questions.filter(answered_at__isnull=True).exists()
    assert dispute.questions.filter(answered_at__isnull=False).exists()
    assert ReplyFile.objects.filter(reply__dispute=dispute).exists()
    assert Reply.objects.filter(dispute=dispute, state="unread").exists()


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
