"""A table as a PDF for people: A4 landscape, repeated header, page numbers, our own fonts.

The layout is fixed; a table reaches it as JSON data, never as typst source, so that no text of
a customer can be run as markup.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from typing import BinaryIO, cast

import typst

from amiable.core.tables import Cell, Table
from amiable.plugins.exports._base import for_people, printable, refuse_above

MAX_ROWS = 5_000  # about 150 pages; typst lays a table out whole, in memory
NARROW = 18  # characters that fit without wrapping

LAYOUT = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set page(paper: "a4", flipped: true, margin: (x: 12mm, y: 14mm), footer: context align(right,
  text(size: 7pt, fill: gray)[#counter(page).display("1 / 1", both: true)]))
#set text(font: "Arimo", size: 8pt, lang: data.language)
#text(size: 13pt, weight: "bold", data.title)
#v(2mm)
#table(
  columns: data.columns.map(c => if c.share == 0 { auto } else { c.share * 1fr }),
  align: data.columns.map(c => if c.right { right } else { left }),
  stroke: (x, y) => (bottom: 0.4pt + luma(if y == 0 { 40% } else { 85% })),
  inset: (x: 3pt, y: 2.6pt),
  table.header(..data.columns.map(c => strong(c.label))),
  ..data.rows.flatten(),
  ..data.totals.flatten().map(cell => strong(cell)),
)
#for note in data.notes [#text(size: 7pt, fill: luma(35%), note) #linebreak()]
"""


class PdfExporter:
    """Title, header on every page, rows, totals, notes."""

    code = "pdf"
    label = "PDF"
    extension = "pdf"
    content_type = "application/pdf"
    is_text = False

    def write(self, table: Table, stream: BinaryIO) -> None:
        refuse_above(table, MAX_ROWS, self.label)
        rows = [_texts(row, table.language) for row in table.rows]
        data = {
            "title": printable(table.title),
            "language": table.language,
            "columns": [
                {
                    "label": column.label,
                    "right": column.kind in ("money", "number"),
                    "share": _share([row[index] for row in rows]),
                }
                for index, column in enumerate(table.columns)
            ],
            "rows": rows,
            "totals": [_texts(row, table.language) for row in table.totals],
            "notes": [printable(note) for note in table.notes],
        }
        with as_file(files("amiable") / "assets" / "fonts") as fonts:
            compiler = typst.Compiler(font_paths=[fonts], ignore_system_fonts=True)
            pdf = compiler.compile(LAYOUT.encode(), sys_inputs={"data": json.dumps(data)})
        stream.write(cast(bytes, pdf))  # one document, no output path


def _texts(row: tuple[Cell, ...], language: str) -> list[str]:
    return [for_people(cell, language) for cell in row]


def _share(texts: list[str]) -> int:
    """How much of the free width a column gets: 0 = only what its short texts need."""
    longest = max(map(len, texts), default=0)
    return 0 if longest <= NARROW else min(longest, 3 * NARROW)


PLUGIN = PdfExporter()
