"""Export formats: every one writes every table; none lets a cell run."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from decimal import Decimal

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amiable.core.money import Money
from amiable.core.tables import Column, Table, plain
from amiable.plugins.exports import pdf_table
from amiable.plugins.exports._base import TableTooLargeError, for_people, harmless
from amiable.plugins.imports._workbook import workbook_source
from amiable.plugins.registry import plugins

EXPORTERS = plugins("exports")
COLUMNS = (
    Column("name", "Client"),
    Column("total", "Total", "money"),
    Column("days", "Jours", "number"),
    Column("since", "Depuis", "date"),
)
ROW = ("Menuiserie Duval", Money(-125_223), Decimal("53.25"), date(2026, 11, 20))
ATTACKS = [
    "=2+5+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+33 6 12 34 56 78",
    "-1+cmd",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\0=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "–2+3",
]


def table(*rows, **more) -> Table:
    return Table("Balance âgée", COLUMNS, rows or (ROW,), language="fr", **more)


def written(code: str, content: Table) -> bytes:
    stream = io.BytesIO()
    EXPORTERS[code].write(content, stream)
    return stream.getvalue()


def csv_rows(content: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written("csv", content).decode(), newline="")))


def sheet_xml(content: Table) -> str:
    with zipfile.ZipFile(io.BytesIO(written("xlsx", content))) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def test_all_formats_of_reports_are_there():
    assert set(EXPORTERS) == {"csv", "xlsx", "pdf", "table"}


@pytest.mark.parametrize("code", sorted(EXPORTERS))
def test_every_format_writes_full_empty_and_hollow_tables(code):
    exporter = EXPORTERS[code]
    assert exporter.label
    assert exporter.extension
    assert exporter.content_type
    assert written(code, table(totals=(("Total", Money(5), None, None),), notes=("Note",)))
    assert written(code, Table("Vide", COLUMNS, ()))
    assert written(code, table((None, None, None, None), ("", Money(0, "JPY"), 3, None)))


@pytest.mark.parametrize("code", sorted(set(EXPORTERS) - {"pdf"}))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80))
def test_any_text_can_be_written(code, text):
    assert written(code, table((text, Money(1), 1, None), notes=(text,)))


def test_naughty_strings_of_the_corpus_are_written_by_every_format(corpus):
    path = corpus / "malicious/strings/big-list-of-naughty-strings__blns.json"
    strings = json.loads(path.read_text("utf-8"))
    content = table(*((text, Money(1), 1, None) for text in strings))
    for code in EXPORTERS:
        assert written(code, content)
    cells = [row[0] for row in csv_rows(content)[1:]]
    assert len(cells) == len(strings)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("text", ATTACKS)
def test_csv_text_never_starts_a_formula(text):
    cell = csv_rows(table((text, Money(1), 1, None)))[1][0]
    assert cell.startswith("'")
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Duval", "L'Atelier", "3M", "A=B", "é", ""])
def test_csv_leaves_plain_text_alone(text):
    assert harmless(text) == text


@pytest.mark.parametrize("text", [*ATTACKS, "http://example.org/", "mailto:a@b.example"])
def test_xlsx_holds_text_as_text_and_no_formula_nor_link(text):
    xml = sheet_xml(table((text, Money(1), 1, None)))
    assert "<f>" not in xml
    assert "hyperlink" not in xml


def test_csv_is_for_machines():
    assert csv_rows(table(totals=(("Total", Money(5), None, None),))) == [
        ["name", "total", "days", "since"],
        ["Menuiserie Duval", "-1252.23", "53.25", "2026-11-20"],
    ]


def test_xlsx_keeps_numbers_and_dates_as_such():
    xml = sheet_xml(table(totals=(("Total", Money(5), None, None),), notes=("Note",)))
    for part in ("<v>-1252.23</v>", "<v>53.25</v>", "<v>46346</v>", "<v>0.05</v>"):
        assert part in xml  # 46346 = 20 November 2026 as a serial day
    for text in ("Client", "Menuiserie Duval", "Note", "Balance âgée"):
        assert f"<t>{text}</t>" in xml


def test_xlsx_is_read_back_by_our_import(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(written("xlsx", table()))
    rows = [cells for _, cells in workbook_source(path)()]
    assert len(rows[0]) == 4
    assert rows[0][:2] == ["Client", "Total"]


def test_xlsx_holds_the_largest_amount_exactly():
    assert "<v>9999999999999.99</v>" in sheet_xml(table(("x", Money(999_999_999_999_999), 1, None)))


def test_terminal_table_is_aligned_in_the_language_and_obeys_no_control_character():
    text = written("table", table(ROW, ("Bad\x1b[2J", Money(100), None, None))).decode()
    assert "\x1b" not in text
    lines = text.splitlines()
    assert lines[4] == "Menuiserie Duval  -1\u202f252,23  53,25  20/11/2026"
    assert lines[5].startswith("Bad [2J" + " " * 9)


def test_terminal_table_cuts_nothing():
    name = "Société d'exploitation des établissements Duval, Frères et Compagnie de Nantes"
    text = written("table", table((name, Money(1), 1, None))).decode()
    assert "".join(text.split()).count("".join(name.split()[:2])) == 1
    assert all(word in text for word in name.split())


def test_pdf_holds_every_row_and_takes_no_markup():
    rows = [(f"Client {i} #strong[x] $a$ \\", Money(i), i, date(2026, 1, 1)) for i in range(120)]
    reader = pypdf.PdfReader(io.BytesIO(written("pdf", table(*rows))))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert len(reader.pages) > 2
    assert text.count("#strong[x]") == 120
    assert text.count("Depuis") == len(reader.pages)  # the header on every page


def test_pdf_refuses_what_it_cannot_hold_before_writing():
    rows = [ROW] * (pdf_table.MAX_ROWS + 1)
    stream = io.BytesIO()
    with pytest.raises(TableTooLargeError, match="xlsx or csv"):
        EXPORTERS["pdf"].write(table(*rows), stream)
    assert stream.getvalue() == b""


def test_a_row_must_have_a_cell_for_each_column():
    with pytest.raises(ValueError, match="1 cells for 4 columns"):
        Table("x", COLUMNS, (("a",),))


def test_cells_for_machines_and_for_people():
    assert [plain(c) for c in (None, Decimal("1E+2"), 7, Money(5, "JPY"))] == ["", "100", "7", "5"]
    assert for_people(Money(125_223), "fr") == "1\u202f252,23"
    assert for_people(Money(125_223), "en") == "1,252.23"
    assert for_people(date(2026, 11, 20), "en") == "2026-11-20"
    assert for_people(1234, "fr") == "1\u202f234"
