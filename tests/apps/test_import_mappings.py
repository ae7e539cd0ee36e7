"""How a bank's columns are read: named once, known again by their header; uploads that wait."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.utils import timezone

from amiable.apps.banking.models import Statement, StatementLine
from amiable.apps.imports.mappings import (
    MappingError,
    SavedMapping,
    mapping_checked,
    mapping_named,
    mapping_of_file,
    mapping_remove,
    mapping_save,
    mappings,
)
from amiable.apps.imports.models import ImportRun, Upload
from amiable.apps.imports.uploads import upload, upload_keep, uploads_prune
from amiable.apps.insights import uploads
from amiable.apps.insights.intake import file_import
from amiable.apps.work.models import Job
from amiable.interfaces.cli.main import amiable
from amiable.plugins.base import Layout
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db

IBAN = "FR1420041010050500013M02606"
OTHER = "FR7630006000011234567890189"
HEADER = "Wann;Was;Wieviel;Stand"
ROWS = ("11/20/2026;VIR DUPONT;-1.234;-1.234", "11/21/2026;KOSTEN;2.000;766")
COLUMNS = {"booked_on": "Wann", "label": "Was", "amount": "Wieviel", "balance": "Stand"}
LAYOUT = Layout(decimal=",", days="mdy", reversed=True, encoding="cp1252")


@pytest.fixture
def org(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    organization = factories.organization()
    factories.creditor(organization)
    return organization


@pytest.fixture
def saved(org) -> SavedMapping:
    mapping = SavedMapping(
        "statement", "Sparkasse", COLUMNS, tuple(HEADER.split(";")), LAYOUT, account=IBAN
    )
    mapping_save(org.id, mapping)
    return mapping


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "konto.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="cp1252")
    return path


def enter(org, path: Path, **options):
    return file_import(
        org, "statement", source=path, filename=path.name, now=timezone.now(), actor="a", **options
    )


def test_unknown_columns_are_refused_with_what_is_missing(org, tmp_path):
    result = enter(org, table(tmp_path, *ROWS))
    assert [(error.line, error.code) for error in result.errors] == [(1, "file.columns_missing")]
    assert not StatementLine.objects.exists()


def test_a_saved_mapping_is_used_by_itself_for_the_same_header(org, tmp_path, saved):
    result = enter(org, table(tmp_path, *ROWS))
    assert (result.state, result.mapping) == ("done", "Sparkasse")
    lines = StatementLine.objects.order_by("booked_on")
    assert list(lines.values_list("amount_minor", flat=True)) == [123_400, -200_000]
    assert [str(line.booked_on) for line in lines] == ["2026-11-20", "2026-11-21"]
    assert Statement.objects.get().account.identifier == IBAN


@pytest.mark.parametrize("header", ["WANN ; was;Wieviel ;Stand;;", "wann;Was;wieviel;stand"])
def test_case_and_empty_cells_make_no_other_header(org, tmp_path, saved, header):
    assert mapping_of_file(org.id, "statement", table(tmp_path, header=header)).name == "Sparkasse"


@pytest.mark.parametrize("header", ["Wann;Was;Wieviel", "Wann;Was;Wieviel;Stand;Mehr", ""])
def test_another_header_is_another_source(org, tmp_path, saved, header):
    assert mapping_of_file(org.id, "statement", table(tmp_path, header=header)) == SavedMapping()


def test_a_mapping_is_used_by_name_and_an_unknown_name_tells_those_there_are(org, tmp_path, saved):
    assert enter(org, table(tmp_path, *ROWS), mapping="Sparkasse").state == "done"
    with pytest.raises(LookupError, match="Sparkasse"):
        enter(org, table(tmp_path, *ROWS), mapping="Volksbank")
    assert mapping_named(org.id, "statement", "Sparkasse") == saved
    mapping_remove(org.id, "statement", "Sparkasse")
    with pytest.raises(LookupError):
        mapping_remove(org.id, "statement", "Sparkasse")


def test_a_column_that_is_said_to_be_none_is_not_read(org, tmp_path):
    header = "Date;Libellé;Montant;Débit"
    path = table(tmp_path, "20/11/2026;VIR;10,00;99,00", header=header)
    columns = {"booked_on": "Date", "label": "Libellé", "amount": "Montant", "debit": ""}
    mapping_save(org.id, SavedMapping("statement", "x", columns, tuple(header.split(";"))))
    assert enter(org, path).state == "done"
    assert StatementLine.objects.get().amount_minor == 1000


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"label": "a", "amount": "b"}, "mapping.day"),
        ({"booked_on": "a", "label": "b"}, "mapping.amount"),
        ({"booked_on": "a", "amount": "b"}, "mapping.label"),
        ({"booked_on": "a", "amount": "b", "label": "b"}, "mapping.twice"),
    ],
)
def test_a_mapping_without_day_amount_or_text_is_not_saved(columns, code):
    with pytest.raises(MappingError) as refusal:
        mapping_checked(SavedMapping("statement", "x", columns))
    assert refusal.value.sentence.code == code


def test_a_mapping_is_saved_listed_and_removed_on_the_command_line(org, tmp_path):
    def call(*words: str) -> object:
        return json.loads(CliRunner().invoke(amiable, ["mapping", *words, "--json"]).stdout)

    path = table(tmp_path, *ROWS)
    chosen = [f"--column={name}={column}" for name, column in COLUMNS.items()]
    call("save", "Sparkasse", "--header-of", str(path), *chosen, "--decimal", ",", "--days", "mdy",
         "--reversed", "--account", IBAN)  # fmt: skip
    (told,) = call("list")
    assert (told["name"], told["account"], told["columns"]["amount"]) == (
        "Sparkasse",
        IBAN,
        "Wieviel",
    )
    done = CliRunner().invoke(amiable, ["import", "statement", str(path), "--json"])
    assert json.loads(done.stdout)["mapping"] == "Sparkasse"
    call("remove", "Sparkasse")
    assert mappings(org.id, "statement") == {}


def test_the_only_account_is_taken_and_said(org, tmp_path):
    path = table(tmp_path, "20/11/2026;VIR;10,00", header="Date;Libellé;Montant")
    result = enter(org, path)
    assert [note.code for note in result.warnings] == ["bank.account_taken"]
    assert IBAN in str(result.warnings[0].sentence)
    assert ImportRun.objects.get().counts["notes"][0]["code"] == "bank.account_taken"


def test_good_rows_enter_and_bad_ones_are_put_aside_when_asked(org, tmp_path):
    path = table(
        tmp_path, "20/11/2026;VIR A;10,00", "31/02/2026;VIR B;20,00", "20/11/2026;VIR C;x",
        header="Date;Libellé;Montant",
    )  # fmt: skip
    assert (enter(org, path).state, StatementLine.objects.count()) == ("refused", 0)
    result = enter(org, path, partial=True)
    assert (result.state, result.counts["lines"], result.counts["rejected"]) == ("partial", 1, 2)
    assert [(error.line, error.column) for error in result.errors] == [(3, "Date"), (4, "Montant")]
    corrected = result.rejected.replace("31/02", "20/11").replace(";x", ";30,00")
    path.write_text(corrected, encoding="utf-8")
    assert enter(org, path).counts["lines"] == 2
    assert sorted(StatementLine.objects.values_list("amount_minor", flat=True)) == [
        1000,
        2000,
        3000,
    ]


def test_entries_of_a_camt_file_that_can_be_read_enter_when_asked(org, tmp_path):
    good = (Path(__file__).parent.parent / "samples" / "camt053" / "details.xml").read_text()
    amount = '<Amt Ccy="EUR">'
    at = good.index(amount, good.index("<Ntry>")) + len(amount)
    path = tmp_path / "s.xml"
    path.write_text(good[:at] + "x" + good[at:])
    assert enter(org, path).state == "refused"
    result = enter(org, path, partial=True)
    assert (result.state, result.counts["rejected"], result.counts["unbalanced"]) == (
        "partial",
        1,
        1,
    )
    assert result.counts["lines"] >= 2
    path.write_text(good[: len(good) // 2])  # cut: nothing tells what is behind
    assert enter(org, path, partial=True).state == "refused"


def keep(org, content: bytes, name: str = "s.csv", **options):
    return upload_keep(
        org.id, "statement", [content], filename=name, options=options, actor="a",
        now=timezone.now(),
    )  # fmt: skip


def test_a_large_upload_is_entered_by_the_worker(org, django_capture_on_commit_callbacks):
    kept = keep(org, "Date;Libellé;Montant\n20/11/2026;VIR;10,00\n".encode())
    with django_capture_on_commit_callbacks(execute=True):
        job_id = uploads.upload_start(org.id, kept, on=TODAY)
    standing = uploads.upload_standing(org.id, kept.id)
    assert (standing.job.state, standing.percent) == ("queued", None)
    uploads.upload_task.func(org.id, kept.id, job_id)
    standing = uploads.upload_standing(org.id, kept.id)
    assert standing.job.state == "done"
    assert standing.upload.run_id == ImportRun.objects.get().id
    assert standing.upload.path is None
    assert StatementLine.objects.count() == 1
    uploads.upload_task.func(org.id, kept.id, job_id)  # a second time, as after a crash
    jobs = list(Job.objects.order_by("id").values_list("kind", "state"))
    assert (ImportRun.objects.count(), jobs) == (1, [("import", "done"), ("match", "done")])


def test_an_upload_that_is_refused_is_kept_to_be_asked_about_and_pruned(org):
    kept = keep(org, b"a;b\n1;2\n", name="../../x.csv")
    assert kept.filename == "x.csv"
    assert uploads.upload_import(org.id, kept, now=timezone.now()).state == "refused"
    assert upload(org.id, kept.id).path is not None
    uploads_prune(timezone.now() + timedelta(days=3))
    assert upload(org.id, kept.id).path is None
    with pytest.raises(LookupError):
        uploads.upload_import(org.id, upload(org.id, kept.id), now=timezone.now())


def test_progress_inside_a_file_is_told_beside_the_upload(org):
    kept = keep(org, b"x", name="s.xml")
    told = uploads._Told(uploads._told_in(kept))
    told(50, 200)
    assert uploads.upload_standing(org.id, kept.id).percent == 25
    told.at = 0
    told(10, 40)
    standing = uploads.upload_standing(org.id, kept.id)
    assert (standing.step, standing.percent) == ("entering", 25)
    assert Upload.objects.get().size == 1


def test_uploads_are_of_one_organization(org):
    kept = keep(org, b"x")
    stranger = factories.organization("stranger")
    with pytest.raises(LookupError):
        upload(stranger.id, kept.id)
