"""Letters in folders: whole runs or none, once per key, whatever is killed when."""

from __future__ import annotations

import csv
import io
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from amiable.plugins.base import Outgoing
from amiable.plugins.channels._addresses import Address, address_parts
from amiable.plugins.documents.separators import Sheet, separators_pdf
from amiable.plugins.registry import plugins

CHANNEL = plugins("channels")["print"]
ADDRESS = "Menuiserie Duval\nÀ l’attention de Zoé\n8 AVENUE DE L OCEAN\n44000 NANTES"


def pdf(pages: int = 1, word: str = "") -> bytes:
    sheets = [Sheet(f"{word}{i}", "", ("x",), "") for i in range(pages)]
    return separators_pdf("letter", sheets, duplex=False, on=date(2026, 11, 20))


ONE, TWO = pdf(1), pdf(2)


def letter(number: int, content: bytes = ONE, *, medium="letter", recipient=ADDRESS, key=""):
    key = key or f"1:case-{number}"
    return Outgoing(key, medium, recipient, "", content, "application/pdf")


@contextmanager
def opened(folder, options=""):
    with CHANNEL.session(CHANNEL.configure(f"print://{folder}?{options}")) as session:
        yield session


def send(folder, *letters, options=""):
    with opened(folder, options) as session:
        return [session.send(each) for each in letters]


def runs(folder):
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def manifest(run):
    text = (run / "manifest.csv").read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def keys(folder):
    return sorted(row["key"] for run in runs(folder) for row in manifest(run))


def test_batch_is_one_pdf_with_a_separator_before_each_letter(tmp_path):
    outcomes = send(tmp_path, letter(1), letter(2, TWO, medium="registered_letter"))
    assert [outcome.state for outcome in outcomes] == ["sent", "sent"]
    (run,) = runs(tmp_path)
    pages = PdfReader(run / "letters.pdf").pages
    assert len(pages) == 5
    rows = manifest(run)
    assert [(r["file"], r["first_page"], r["pages"]) for r in rows] == [
        ("letters.pdf", "2", "1"), ("letters.pdf", "4", "2")]  # fmt: skip
    before = pages[2].extract_text()
    assert "2" in before
    assert "registered letter" in before
    assert "44000 NANTES" in before
    assert "1:case-2" in before


def test_manifest_says_who_where_and_how_heavy(tmp_path):
    send(tmp_path, letter(1, TWO), options="paper=90&envelope=6&colour=1")
    row = manifest(runs(tmp_path)[0])[0]
    assert row["name"] == "Menuiserie Duval"
    assert [row["address_1"], row["address_2"], row["address_3"]] == [
        "À l’attention de Zoé", "8 AVENUE DE L OCEAN", ""]  # fmt: skip
    assert (row["postcode"], row["city"], row["country"]) == ("44000", "NANTES", "")
    # Two sheets of 0.06237 m2 at 90 g/m2 = 11.2 g, and the envelope.
    assert (row["sheets"], row["grams"], row["duplex"], row["colour"]) == ("2", "18", "no", "yes")


def test_on_both_sides_every_letter_begins_on_a_front_side(tmp_path):
    send(tmp_path, letter(1), letter(2, TWO), letter(3), options="duplex=1")
    (run,) = runs(tmp_path)
    rows = manifest(run)
    assert [int(row["first_page"]) % 2 for row in rows] == [1, 1, 1]
    assert [row["sheets"] for row in rows] == ["1", "1", "1"]
    pages = PdfReader(run / "letters.pdf").pages
    for row in rows:
        assert len(pages) >= int(row["first_page"])
        assert f"{row['position']}\n" in pages[int(row["first_page"]) - 3].extract_text() + "\n"


def test_single_mode_keeps_the_bytes_of_each_letter(tmp_path):
    send(tmp_path, letter(1, ONE), letter(2, TWO), options="mode=single")
    (run,) = runs(tmp_path)
    assert [(run / row["file"]).read_bytes() for row in manifest(run)] == [ONE, TWO]


def test_run_is_closed_when_it_is_full(tmp_path):
    send(tmp_path, *[letter(i) for i in range(7)], options="size=3&mode=single")
    assert sorted(len(manifest(run)) for run in runs(tmp_path)) == [1, 3, 3]
    assert len(set(keys(tmp_path))) == 7


def test_nothing_is_visible_before_the_run_is_whole(tmp_path):
    with opened(tmp_path) as session:
        session.send(letter(1))
        assert runs(tmp_path) == []
    assert len(runs(tmp_path)) == 1


def test_key_is_taken_once_also_when_the_printer_took_the_run_away(tmp_path):
    send(tmp_path, letter(1), options="mode=single")
    (run,) = runs(tmp_path)
    for path in run.iterdir():
        path.unlink()
    run.rmdir()
    assert send(tmp_path, letter(1), options="mode=single")[0].state == "sent"
    assert runs(tmp_path) == []


def test_spreadsheet_finds_no_formula(tmp_path):
    evil = '=HYPERLINK("http://x")\n+33 RUE\n44000 @NANTES'
    send(tmp_path, letter(1, key="=1+1", recipient=evil), options="mode=single")
    row = manifest(runs(tmp_path)[0])[0]
    assert all(row[name].startswith("'") for name in ("key", "name", "address_1", "city"))


def test_what_is_no_pdf_fails_and_takes_nobody_along(tmp_path):
    outcomes = send(tmp_path, letter(1, b"%PDF-1.7 broken"), letter(2), letter(3, b""))
    assert [outcome.state for outcome in outcomes] == ["failed", "sent", "failed"]
    assert keys(tmp_path) == ["1:case-2"]


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        ("A\n1 RUE B\n75001 PARIS CEDEX 02", ("A", ("1 RUE B",), "75001", "PARIS CEDEX 02", "")),
        ("A\n1 RUE B\nB 1000 BRUXELLES\nBELGIQUE", ("A", ("1 RUE B",), "B 1000", "BRUXELLES",
                                                   "BELGIQUE")),
        ("A\n1 ROAD\nSW1A 1AA LONDON\nROYAUME-UNI", ("A", ("1 ROAD",), "SW1A 1AA", "LONDON",
                                                    "ROYAUME-UNI")),
        ("A", ("A", (), "", "", "")),
        ("", ("", (), "", "", "")),
    ],
)  # fmt: skip
def test_address_is_taken_apart(lines, parts):
    assert address_parts(tuple(lines.split("\n"))) == Address(*parts)


@pytest.mark.parametrize(
    "url",
    ["print:///", "print://host/x", "print:///x?mode=x", "print:///x?paper=abc", "print:///x?size=0",
     "print:///x?other=1"],
)  # fmt: skip
def test_address_that_cannot_be_is_refused(url):
    with pytest.raises(ValueError, match=r"print|number"):
        CHANNEL.configure(url)


# What a killed process leaves. The child dies at the n-th time it puts something onto the disk.
CHILD = """
import os, sys, signal
from pathlib import Path
from amiable.plugins.channels import _print_run
from tests.plugins.channels.test_print import letter, send
left = int(sys.argv[2])
def dying(real):
    def call(*args, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **options)
    return call
_print_run.os.fsync = dying(os.fsync)
Path.rename = dying(Path.rename)
_print_run.shutil.rmtree = dying(_print_run.shutil.rmtree)
send(Path(sys.argv[1]), letter(1), letter(2), options="mode=single")
"""


@pytest.mark.slow
def test_killed_anywhere_every_letter_is_handed_over_once(tmp_path):
    died = 0
    for step in range(1, 60):
        folder = tmp_path / str(step)
        child = subprocess.run([sys.executable, "-c", CHILD, str(folder), str(step)],
                               check=False, cwd=Path.cwd(), capture_output=True)  # fmt: skip
        assert child.returncode in {0, -signal.SIGKILL}, child.stderr.decode()
        # The messages a dead worker left are sent again; then something else is printed.
        outcomes = send(folder, letter(1), letter(2), options="mode=single")
        outcomes += send(folder, letter(3), options="mode=single")
        assert [outcome.state for outcome in outcomes] == ["sent"] * 3
        assert keys(folder) == ["1:case-1", "1:case-2", "1:case-3"], step
        assert list((folder / ".open").iterdir()) == []
        died += child.returncode != 0
        if child.returncode == 0:
            break
    assert died > 15


# Every letter is taken and recorded, and the process dies before its session ends.
TAKEN = """
import os, sys, signal
from pathlib import Path
from tests.plugins.channels.test_print import letter, opened
with opened(Path(sys.argv[1])) as session:
    for number in range(1, 4):
        assert session.send(letter(number)).state == "sent"
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_run_of_a_process_killed_before_its_end_is_finished_without_another_letter(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", TAKEN, str(tmp_path)], check=False, capture_output=True
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    assert runs(tmp_path) == []
    config = CHANNEL.configure(f"print://{tmp_path}")
    assert [CHANNEL.finish(config) for _ in range(2)] == [1, 0]
    (run,) = runs(tmp_path)
    assert [row["key"] for row in manifest(run)] == ["1:case-1", "1:case-2", "1:case-3"]
    assert sorted(path.name for path in run.iterdir()) == ["letters.pdf", "manifest.csv"]
    assert len(PdfReader(run / "letters.pdf").pages) == 6  # each behind its separator


def test_nothing_is_left_where_nothing_was_printed(tmp_path):
    assert CHANNEL.finish(CHANNEL.configure(f"print://{tmp_path}/none")) == 0


def test_run_of_a_living_process_is_left_alone(tmp_path):
    with opened(tmp_path, "mode=single") as ours:
        ours.send(letter(1))
        with opened(tmp_path, "mode=single") as other:
            other.send(letter(2))
        assert keys(tmp_path) == ["1:case-2"]
        assert CHANNEL.finish(CHANNEL.configure(f"print://{tmp_path}")) == 0
    assert keys(tmp_path) == ["1:case-1", "1:case-2"]
