"""A table for the terminal: aligned columns, numbers to the right, no control characters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from textwrap import wrap
from typing import BinaryIO

from amiable.core.tables import Cell, Table
from amiable.plugins.exports._base import for_people, printable

# The lines of each cell of a row.
Wrapped = list[list[str]]

MAX_WIDTH = 44  # longer cells go on below, nothing is cut


class TextExporter:
    """Title, header, rows, totals, notes."""

    code = "table"
    label = "Text"
    extension = "txt"
    content_type = "text/plain; charset=utf-8"
    is_text = True

    def write(self, table: Table, stream: BinaryIO) -> None:
        header = _wrapped([column.label for column in table.columns])
        rows = [_wrapped(_texts(row, table.language)) for row in table.rows]
        totals = [_wrapped(_texts(row, table.language)) for row in table.totals]
        right = [column.kind in ("money", "number") for column in table.columns]
        widths = [
            max(len(text) for cell in column for text in cell)
            for column in zip(header, *rows, *totals, strict=True)
        ]
        rule = "  ".join("-" * width for width in widths)

        def lines(cells: Wrapped) -> Iterator[str]:
            for texts in zip_longest(*cells, fillvalue=""):
                padded = [
                    text.rjust(width) if to_right else text.ljust(width)
                    for text, width, to_right in zip(texts, widths, right, strict=True)
                ]
                yield "  ".join(padded).rstrip()

        out = [printable(table.title), "", *lines(header), rule]
        out += [line for row in rows for line in lines(row)]
        if totals:
            out += [rule, *(line for row in totals for line in lines(row))]
        if table.notes:
            out += ["", *map(printable, table.notes)]
        stream.write(("\n".join(out) + "\n").encode("utf-8", "replace"))


def _texts(row: tuple[Cell, ...], language: str) -> list[str]:
    return [for_people(cell, language) for cell in row]


def _wrapped(texts: list[str]) -> Wrapped:
    return [[text] if len(text) <= MAX_WIDTH else wrap(text, MAX_WIDTH) for text in texts]


PLUGIN = TextExporter()
