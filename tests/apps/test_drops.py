"""Files laid in a drop: imported once, put where people see what became of them, never lost."""

from __future__ import annotations

import os
import threading
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from amiable.apps.banking.models import StatementLine
from amiable.apps.imports.drops import DropCounts, source_of
from amiable.apps.imports.models import Drop, ImportRun
from amiable.apps.insights.intake import drops_take
from amiable.apps.receivables.models import Invoice
from tests import factories
from tests.plugins.sshd import installed, sshd_server

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Europe/Paris"))
SAMPLES = Path(__file__).resolve().parent.parent / "samples"
STATEMENT = (SAMPLES / "cfonb120" / "releve.txt").read_bytes()
HEADER = "code client;nom client;numero facture;date facture;echeance;montant ttc"
ROW = "C1;Société Un;F1;15/01/2026;14/02/2026;100,00"
BROKEN = "C1;Société Un;F2;15/01/2026;14/02/2026;cent euros"


@pytest.fixture
def org(settings, tmp_path):
    settings.DROP_URLS = [f"folder://{tmp_path}"]
    found = factories.organization()
    factories.creditor(found)
    return found


def lay(folder: Path, name: str, content: bytes | str, *, age: float = 3600) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (NOW.timestamp() - age,) * 2)
    return path


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_files_of_any_kind_come_in_and_lie_in_done(org, tmp_path):
    lay(tmp_path, "releve.txt", STATEMENT)
    lay(tmp_path, "ventes.csv", f"{HEADER}\n{ROW}\n")
    counts = drops_take(now=NOW)
    assert counts == DropCounts(drops=1, done=2, entered={org.pk})
    assert names(tmp_path) == ["done/releve.txt", "done/ventes.csv"]
    assert StatementLine.objects.exclude(state="new").exists()  # matched at once
    assert Invoice.objects.filter(number="F1").exists()
    runs = set(ImportRun.objects.values_list("kind", "filename", "state", "actor"))
    assert runs == {
        ("statement", "releve.txt", "done", "drop"),
        ("invoices", "ventes.csv", "done", "drop"),
    }
    (row,) = Drop.objects.all()
    assert (row.read_at, row.error) == (NOW, "")


def test_a_refused_file_lies_in_error_beside_what_is_wrong_with_it(org, tmp_path):
    lay(tmp_path, "ventes.csv", f"{HEADER}\n{ROW}\n{BROKEN}\n")
    counts = drops_take(now=NOW)
    assert (counts.done, counts.refused, counts.entered) == (0, 1, set())
    assert names(tmp_path) == ["error/ventes.csv", "error/ventes.csv.errors.txt"]
    told = (tmp_path / "error/ventes.csv.errors.txt").read_text("utf-8-sig")
    assert "3" in told
    assert "montant ttc" in told
    assert not Invoice.objects.exists()


def test_with_partial_the_good_rows_come_in_and_the_others_wait_to_be_corrected(
    org, settings, tmp_path
):
    settings.DROP_URLS = [f"folder://{tmp_path}?partial=1"]
    lay(tmp_path, "ventes.csv", f"{HEADER}\n{ROW}\n{BROKEN}\n")
    assert drops_take(now=NOW).done == 1
    assert names(tmp_path) == [
        "done/ventes.csv",
        "error/ventes.csv.errors.txt",
        "error/ventes.csv.rejected.csv",
    ]
    assert list(Invoice.objects.values_list("number", flat=True)) == ["F1"]


def test_what_no_format_knows_is_refused_not_lost(org, tmp_path):
    lay(tmp_path, "photo.jpg", b"\xff\xd8\xff\xe0 not a statement")
    lay(tmp_path, "empty.xml", b"")
    lay(tmp_path, "bomb.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><Document>&a;</Document>')
    assert drops_take(now=NOW).refused == 3
    assert {"error/photo.jpg", "error/empty.xml", "error/bomb.xml"} < set(names(tmp_path))


def test_what_is_still_being_written_is_left_alone(org, tmp_path):
    lay(tmp_path, "fresh.txt", STATEMENT, age=5)
    lay(tmp_path, "ahead.txt", STATEMENT, age=-5)
    for name in ("releve.txt.part", ".hidden", "releve.txt.filepart", "releve.txt~"):
        lay(tmp_path, name, STATEMENT)
    before = names(tmp_path)
    counts = drops_take(now=NOW)
    assert (counts.done, counts.refused, counts.fresh) == (0, 0, 2)
    assert names(tmp_path) == before


def test_the_same_statement_dropped_again_enters_nothing_twice(org, tmp_path):
    lay(tmp_path, "releve.txt", STATEMENT)
    drops_take(now=NOW)
    lines = StatementLine.objects.count()
    lay(tmp_path, "releve.txt", STATEMENT)
    assert drops_take(now=NOW).done == 1
    assert StatementLine.objects.count() == lines > 0
    assert names(tmp_path) == ["done/releve.2.txt", "done/releve.txt"]


def test_a_crash_between_import_and_move_is_made_good_by_the_next_visit(org, tmp_path, monkeypatch):
    lay(tmp_path, "releve.txt", STATEMENT)
    from amiable.plugins.drops import folder

    with monkeypatch.context() as crash:
        crash.setattr(folder._FolderSession, "move", lambda *_: (_ for _ in ()).throw(OSError("x")))
        assert drops_take(now=NOW).errors
    lines = StatementLine.objects.count()
    assert names(tmp_path) == ["releve.txt"]
    assert drops_take(now=NOW).done == 1
    assert StatementLine.objects.count() == lines > 0


def test_a_drop_that_cannot_be_reached_says_so_and_hinders_no_other(org, settings, tmp_path):
    settings.DROP_URLS = [
        f"folder://{tmp_path}/away",
        "sftp://me:secret@127.0.0.1/in",
        f"folder://{tmp_path}",
    ]
    lay(tmp_path, "releve.txt", STATEMENT)
    counts = drops_take(now=NOW)
    assert (counts.drops, counts.done, len(counts.errors)) == (2, 1, 2)
    assert "secret" not in str(counts.errors)
    errors = dict(Drop.objects.values_list("name", "error"))
    assert errors[f"folder://{tmp_path}"] == ""
    assert "there is no folder" in errors[f"folder://{tmp_path}/away"]


def test_with_several_organizations_a_drop_says_whose_it_is(org, settings, tmp_path):
    other = factories.organization("other")
    factories.creditor(other)
    (tmp_path / "theirs").mkdir()
    settings.DROP_URLS = [
        f"folder://{tmp_path}",
        f"folder://{tmp_path}/theirs?organization=other&kind=statement",
        f"folder://{tmp_path}/theirs?organization=nobody",
    ]
    lay(tmp_path, "a.txt", STATEMENT)
    lay(tmp_path / "theirs", "b.txt", STATEMENT)
    counts = drops_take(now=NOW)
    assert (counts.drops, counts.done, counts.entered) == (1, 1, {other.pk})
    assert len(counts.errors) == 2
    assert names(tmp_path) == ["a.txt", "theirs/done/b.txt"]
    assert drops_take(now=NOW, organization_id=org.pk).drops == 0


def test_an_unknown_creditor_stops_the_drop_before_a_file_is_moved(org, settings, tmp_path):
    settings.DROP_URLS = [f"folder://{tmp_path}?creditor=nobody"]
    lay(tmp_path, "ventes.csv", f"{HEADER}\n{ROW}\n")
    counts = drops_take(now=NOW)
    assert "nobody" in next(iter(counts.errors.values()))
    assert names(tmp_path) == ["ventes.csv"]


def test_an_address_gives_the_plug_in_its_own_options_only():
    source = source_of("sftp://me@bank/in?key=/k&host_key=SHA256:" + "+" * 43 + "&kind=statement")
    assert (source.kind, source.config["key"], source.name) == (
        "statement",
        "/k",
        "sftp://me@bank/in",
    )
    with pytest.raises(ValueError, match="kind is one of"):
        source_of("folder:///in?kind=photos")
    with pytest.raises(ValueError, match="begins with folder, sftp"):
        source_of("ftp://host/in")


@pytest.mark.skipif(not installed(), reason="needs Debian's openssh-server")
def test_the_bank_s_server_is_visited_over_sftp(org, settings):
    with sshd_server() as server:
        settings.DROP_URLS = [server.url(options="&kind=statement")]
        lay(server.drop, "relevé du 20.txt", STATEMENT)
        lay(server.drop, "ruined.txt", STATEMENT[:-70])
        counts = drops_take(now=NOW)
        assert (counts.done, counts.refused, counts.errors) == (1, 1, {})
        assert names(server.drop) == [
            "done/relevé du 20.txt",
            "error/ruined.txt",
            "error/ruined.txt.errors.txt",
        ]
        assert quote(str(server.folder)) in source_of(settings.DROP_URLS[0]).name


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="a shared in-memory database does not wait for locks"
)
@pytest.mark.django_db(transaction=True)
def test_two_that_look_at_once_enter_nothing_twice(org, tmp_path):
    lay(tmp_path, "releve.txt", STATEMENT)
    begin = threading.Barrier(2)
    seen: list[DropCounts] = []

    def look() -> None:
        begin.wait()
        try:
            seen.append(drops_take(now=NOW))
        finally:
            connection.close()

    both = [threading.Thread(target=look) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sum(counts.done for counts in seen) >= 1
    assert names(tmp_path) in (["done/releve.txt"],)
    expected = StatementLine.objects.values("fingerprint").distinct().count()
    assert StatementLine.objects.count() == expected > 0
