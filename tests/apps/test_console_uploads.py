"""The columns of a bank named on screen, accounts chosen, large files read in the background."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from amiable.apps.banking.models import Batch, Statement, StatementLine
from amiable.apps.imports.mappings import mappings
from amiable.apps.imports.models import ImportRun, Upload
from amiable.apps.insights import uploads
from amiable.apps.tenants.models import Membership, User
from amiable.apps.work.models import Job
from tests import factories
from tests.apps.test_bank_batches import bulk, camt, details

pytestmark = pytest.mark.django_db

OTHER = "FR7630006000011234567890189"
TABLE = (
    "Wann;Was;Wieviel;Stand\n20.11.2026;VIR DUPONT;10,00;110,00\n21.11.2026;FRAIS;-5,00;105,00\n"
)


@pytest.fixture
def org(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    settings.LANGUAGE_CODE = "en"
    organization = factories.organization()
    factories.creditor(organization)
    return organization


@pytest.fixture
def http(org) -> Client:
    user = User.objects.create_user("u", email="u@x.example", password="pass-word-1234")
    Membership.objects.create(organization=org, user=user, role="collector")
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def hand_in(http: Client, content: str | bytes, name: str = "konto.csv", **more):
    content = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, content)
    return http.post(reverse("console:import_file"), {"kind": "statement", "file": file, **more})


def choose(**more) -> dict[str, str]:
    chosen = {"booked_on": "0", "label": "1", "amount": "2", "balance": "3"}
    fields = {f"column-{field}": position for field, position in chosen.items()}
    return {"header": "1", "days": "dmy", "name": "Sparkasse", **fields, **more}


def test_a_table_of_unknown_columns_leads_to_the_page_that_asks(http):
    answer = hand_in(http, TABLE)
    kept = Upload.objects.get()
    assert answer.headers["Location"] == reverse("console:upload_columns", args=[kept.id])
    assert ImportRun.objects.get().state == "refused"
    page = http.get(answer.headers["Location"]).content.decode()
    assert "VIR DUPONT" in page
    assert '<option value="2">Wieviel</option>' in page


def test_the_columns_are_previewed_saved_and_used_by_themselves_next_time(http, org):
    place = hand_in(http, TABLE).headers["Location"]
    page = http.post(place.replace("columns", "preview"), choose()).content.decode()
    assert "10.00" in page
    assert "pill-good" in page  # 100 + 10 - 5 = 105
    assert not StatementLine.objects.exists()
    answer = http.post(place.replace("columns", "save"), choose())
    run = ImportRun.objects.latest("id")
    assert answer.headers["Location"] == reverse("console:import_run", args=[run.id])
    assert (run.state, Statement.objects.get().difference_minor) == ("done", 0)
    assert mappings(org.id, "statement")["Sparkasse"].header == ("Wann", "Was", "Wieviel", "Stand")
    again = TABLE.replace("DUPONT", "MARTIN")
    assert "uploads" not in hand_in(http, again).headers["Location"]
    assert StatementLine.objects.filter(label="VIR MARTIN").exists()
    assert "Sparkasse" in http.get(reverse("console:imports")).content.decode()
    http.post(reverse("console:mapping_forget"), {"name": "Sparkasse"})
    assert mappings(org.id, "statement") == {}


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"column-amount": ""}, "amount"),
        ({"column-balance": "2"}, "twice"),
        ({"days": "dym"}, "dym"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_saved(http, org, wrong, word):
    place = hand_in(http, TABLE).headers["Location"]
    page = http.post(place.replace("columns", "preview"), choose(**wrong)).content.decode()
    assert word in page
    assert http.post(place.replace("columns", "save"), choose(**wrong)).headers["Location"] == place
    assert mappings(org.id, "statement") == {}


def test_a_name_is_needed_to_save(http, org):
    place = hand_in(http, TABLE).headers["Location"]
    assert (
        http.post(place.replace("columns", "save"), choose(name=" ")).headers["Location"] == place
    )
    assert not Statement.objects.exists()


def test_rows_that_cannot_be_read_are_listed_beside_those_that_can(http):
    place = hand_in(http, TABLE.replace("-5,00", "x")).headers["Location"]
    page = http.post(place.replace("columns", "preview"), choose()).content.decode()
    assert "Wieviel" in page
    assert "VIR DUPONT" in page


def test_columns_may_be_chosen_although_they_are_recognized(http):
    answer = hand_in(http, "Date;Libellé;Montant\n20/11/2026;VIR;10,00\n", columns="yes")
    page = http.get(answer.headers["Location"]).content.decode()
    assert '<option value="2" selected>Montant</option>' in page
    assert not ImportRun.objects.exists()


def test_another_row_may_hold_the_names(http):
    place = hand_in(http, "Konto 12;;\n" + TABLE).headers["Location"]
    page = http.get(place, {"header": "2"}).content.decode()
    assert '<option value="2">Wieviel</option>' in page


def test_checking_a_table_offers_to_name_its_columns(http):
    page = hand_in(http, TABLE, check="yes").content.decode()
    assert reverse("console:upload_columns", args=[Upload.objects.get().id]) in page


def test_a_file_without_account_asks_which_one_when_there_are_several(http, org):
    factories.creditor(org, "other", iban=OTHER)
    ofx = (
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR</CURDEF><BANKTRANLIST><STMTTRN>"
        "<TRNTYPE>CREDIT<DTPOSTED>20261120<TRNAMT>10.00<FITID>1<NAME>VIR</STMTTRN></BANKTRANLIST>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    known = "Date;Libellé;Montant\n20/11/2026;VIR;10,00\n"
    for content in (known, ofx):
        place = hand_in(http, content).headers["Location"]
        if "uploads" not in place:
            continue  # such a file names its account, or is refused
        page = http.get(place).content.decode()
        assert OTHER[-4:] in page
    place = hand_in(http, known).headers["Location"]
    http.post(place.replace("columns", "account"), {"account": ""})
    assert not Statement.objects.exists()
    http.post(place.replace("columns", "account"), {"account": OTHER})
    assert Statement.objects.get().account.identifier == OTHER


def test_a_large_file_is_left_to_the_worker_and_its_progress_is_shown(
    http, monkeypatch, django_capture_on_commit_callbacks
):
    for module in ("interfaces.console.views.imports", "apps.insights.uploads"):
        monkeypatch.setattr(f"amiable.{module}.AT_ONCE_BYTES", 10)
    content = "Date;Libellé;Montant\n20/11/2026;VIR;10,00\n"
    assert "background" in hand_in(http, content, check="yes").content.decode()
    assert not Upload.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        place = hand_in(http, content).headers["Location"]
    page = http.get(place).content.decode()
    assert "<progress" in page
    assert not StatementLine.objects.exists()
    kept = Upload.objects.get()
    uploads.upload_task.func(kept.organization_id, kept.id, kept.job_id)
    report = reverse("console:import_run", args=[ImportRun.objects.get().id])
    assert http.get(place).headers["Location"] == report
    assert http.get(place, headers={"hx-request": "true"}).headers["HX-Redirect"] == report
    assert StatementLine.objects.count() == 1


def test_matching_after_a_large_file_is_shown_while_it_goes_on(http, org, monkeypatch):
    kept, seen = _kept_by_the_worker(http, monkeypatch), []
    place = reverse("console:upload", args=[kept.id])

    def matched(*_, progress, **__):
        progress(30, 120)
        seen.append(http.get(place, headers={"hx-request": "true"}).content.decode())
        return {"lines": 120}

    monkeypatch.setattr("amiable.apps.insights.intake.lines_match", matched)
    uploads.upload_task.func(org.id, kept.id, kept.job_id)
    assert "being matched" in seen[0]
    assert 'value="25"' in seen[0]
    assert "every 2s" in seen[0]
    assert http.get(place).status_code == 302
    assert Job.objects.get(kind="match").result == {"lines": 120}


def test_matching_that_stops_is_told_and_goes_on_with_the_next_worker(http, org, monkeypatch):
    kept, now = _kept_by_the_worker(http, monkeypatch), []
    place = reverse("console:upload", args=[kept.id])

    def broken(*_, **__):
        raise RuntimeError("disk full")

    monkeypatch.setattr("amiable.apps.insights.intake.lines_match", broken)
    with pytest.raises(RuntimeError):
        uploads.upload_task.func(org.id, kept.id, kept.job_id)
    page = http.get(place).content.decode()
    assert "disk full" in page
    assert "Nothing is lost" in page
    assert reverse("console:import_run", args=[ImportRun.objects.get().id]) in page
    Job.objects.filter(kind="match").update(state="running", finished_at=None)  # cut, not failed
    monkeypatch.setattr(
        "amiable.apps.insights.intake.lines_match", lambda *_, **__: now.append(1) or {}
    )
    uploads.upload_task.func(org.id, kept.id, kept.job_id)
    uploads.upload_task.func(org.id, kept.id, kept.job_id)
    assert now == [1]
    assert http.get(place).status_code == 302


def test_a_file_that_was_just_read_is_not_said_to_be_gone(http, monkeypatch):
    kept = _kept_by_the_worker(http, monkeypatch)
    Job.objects.update(state="done")  # before the upload knows its run
    page = http.get(reverse("console:upload", args=[kept.id])).content.decode()
    assert "no longer here" not in page
    assert "every 2s" in page


def _kept_by_the_worker(http, monkeypatch) -> Upload:
    """A file handed in that the worker is to read."""
    for module in ("interfaces.console.views.imports", "apps.insights.uploads"):
        monkeypatch.setattr(f"amiable.{module}.AT_ONCE_BYTES", 10)
    hand_in(http, "Date;Libellé;Montant\n20/11/2026;VIR;10,00\n")
    return Upload.objects.get()


def test_pages_of_files_that_are_gone_or_of_others_are_not_found(http, org):
    place = hand_in(http, TABLE).headers["Location"]
    stranger = factories.organization("stranger")
    Upload.objects.update(organization=stranger)
    assert http.get(place).status_code == 404
    Upload.objects.update(organization=org, stored="")
    assert http.get(place).status_code == 404
    assert http.post(place.replace("columns", "save"), choose()).status_code == 404


def test_a_bulk_line_is_split_kept_and_joined_on_the_bank_page(http, org, tmp_path):
    for kind, told in (("053", {"batch": "B"}), ("054", {"told": details(), "batch": "B"})):
        path = camt(tmp_path / f"{kind}.xml", kind, bulk(75_000, **told), balance=75_000)
        hand_in(http, path.read_bytes(), path.name)
    line = StatementLine.objects.get(state="split")
    page = http.get(reverse("console:bank"), {"state": "all"}).content.decode()
    assert reverse("console:batch_join", args=[line.id]) in page
    assert "750.00" in page
    http.post(reverse("console:batch_join", args=[line.id]))
    assert StatementLine.objects.get(id=line.id).state == "left"
    Batch.objects.update(state="proposed")
    page = http.get(reverse("console:bank")).content.decode()
    assert reverse("console:batch_split", args=[line.id]) in page
    http.post(reverse("console:batch_split", args=[line.id]))
    assert StatementLine.objects.get(id=line.id).state == "split"
    assert http.post(reverse("console:batch_refuse", args=[line.id])).status_code == 302


def test_the_report_of_an_import_shows_what_it_did_and_no_row_of_zeros():
    counts = {"rows": 3, "rejected": 0, "created": 0, "lines": 0, "gaps": 1, "split": 0, "parts": 0}
    page = render_to_string("console/parts/import_counts.html", {"counts": counts})
    assert page.count("<dt>") == 5
    assert "Statements" in page or "Relevés" in page
