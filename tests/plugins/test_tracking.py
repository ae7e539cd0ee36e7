"""The reader of what the post says of letters: a golden sample, a workbook, damaged files."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from amiable.plugins.base import ReadOptions
from amiable.plugins.imports.tracking import PLUGIN
from amiable.plugins.sniffing import read_file

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "tracking" / "suivi-cp1252.csv"


def test_a_file_of_the_post_is_recognized_and_read_in_its_own_words():
    found = read_file(SAMPLE)
    assert (found.kind, found.format, found.rows) == ("tracking", "tracking", 7)
    assert [(row.line, row.number, row.kind, row.on.isoformat()) for row in found.tracking] == [
        (3, "2C12345678901", "deposited", "2026-11-02"),
        (4, "2C12345678901", "presented", "2026-11-04"),
        (5, "2C12345678901", "accepted", "2026-11-06"),
        (6, "2C12345678918", "refused", "2026-11-05"),
        (7, "RR473124829CN", "unclaimed", "2026-11-20"),
        (8, "1A00011122234", "returned", "2026-11-07"),
    ]
    assert found.tracking[3].detail == "Retourné à l'expéditeur · Pli refusé par le destinataire"
    # Why it came back is not said: nothing is guessed.
    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (9, "Statut de l'envoi", "tracking.status")
    ]
    assert sorted(found.raw) == [9]
    assert found.summary["reports"] == 6


def test_a_workbook_is_read_like_a_text(tmp_path):
    path = tmp_path / "suivi.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Tracking number", "Status", "Status date"])
        sheet.write_row(1, 0, ["2C12345678901", "delivered"])
        sheet.write_datetime(1, 2, date(2026, 11, 6), book.add_format({"num_format": "dd/mm/yyyy"}))
    (row,) = read_file(path, kind="tracking").tracking
    assert (row.kind, row.on) == ("accepted", date(2026, 11, 6))


def test_a_file_of_another_kind_says_which_columns_are_missing(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a;b\n1;2\n")
    (error,) = read_file(path, kind="tracking").errors
    assert error.code == "file.columns_missing"
    path.write_text("numero de suivi;statut;date\n")
    assert [e.code for e in read_file(path, kind="tracking").errors] == ["file.header_only"]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(data):
    content = bytearray(SAMPLE.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
        found = PLUGIN.read(path, ReadOptions())
    assert all(str(error.sentence) for error in found.errors)
    assert found.errors or found.tracking


@pytest.mark.parametrize("line", ["", ";;;", "2C12345678901", '"2C12345678901;x;y'])
def test_rows_that_are_none_are_named_or_passed(tmp_path, line):
    path = tmp_path / "x.csv"
    path.write_text(f"numero de suivi;statut;date;motif\n{line}\n", encoding="utf-8")
    found = read_file(path, kind="tracking")
    assert not found.tracking
    assert found.errors
