"""A message as blocks (paragraphs, tables, payment panel), before it takes the form of a medium.

Text written by people arrives here as plain strings; each renderer escapes for its own medium.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

# Marks that templates leave in their output. They are control characters, which `clean` removes
# from everything people write: a customer's name can never be taken for markup.
STRONG_ON, STRONG_OFF, BLOCK = "\x02", "\x03", "\x04"
_MARKS = str.maketrans("", "", STRONG_ON + STRONG_OFF + BLOCK)
_STRONG = re.compile(f"{STRONG_ON}([^{STRONG_ON}{STRONG_OFF}]*){STRONG_OFF}")

Run = tuple[str, bool]  # text, strong


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of runs."""

    lines: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as formatted text. `numeric` = right-aligned columns by index.

    On paper a table that goes on over pages is carried over: `running` = what the rows add up to
    after each, `carry` = what to call it at the foot of a page and at the head of the next.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    totals: tuple[tuple[str, str], ...] = ()
    title: str = ""
    running: tuple[str, ...] = ()
    carry: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Payment:
    """How to pay: label and value per row; `qr` is an EPC payload or empty.

    `link` = an address to pay at ("" = none): a button called `link_label` in an email, a second
    code with `link_caption` on paper.
    """

    title: str
    rows: tuple[tuple[str, str], ...]
    qr: str = ""
    qr_caption: str = ""
    link: str = ""
    link_label: str = ""
    link_caption: str = ""


Block = Paragraph | Table | Payment


@dataclass(frozen=True, slots=True)
class Document:
    """A message ready to be laid out. `color` is #rrggbb; `footer` small print."""

    language: str
    subject: str
    sender: str
    color: str
    blocks: tuple[Block, ...]
    footer: tuple[str, ...] = ()


def clean(text: str) -> str:
    """One line of plain text: no control, direction-changing, private or unassigned characters."""
    kept = []
    for sign in unicodedata.normalize("NFC", text):
        category = unicodedata.category(sign)
        if category[0] == "C":
            if sign in "\t\n\r":
                kept.append(" ")
        else:
            kept.append(" " if category in {"Zl", "Zp"} else sign)
    return re.sub(r" {2,}", " ", "".join(kept)).strip()


def blocks_of(body: str, named: Mapping[str, tuple[Block, ...]]) -> tuple[Block, ...]:
    """Split a rendered body at blank lines; a marked line is replaced by the blocks of its name."""
    found: list[Block] = []
    lines: list[str] = []
    for line in [*map(str.strip, body.split("\n")), ""]:
        is_marked = line.startswith(BLOCK)
        if lines and (is_marked or not line):
            found.append(Paragraph(tuple(map(_runs, lines))))
            lines = []
        if is_marked:
            found += named[line.strip(BLOCK)]
        elif line:
            lines.append(line)
    return tuple(found)


def plain(lines: tuple[tuple[Run, ...], ...]) -> str:
    """The lines of a paragraph without emphasis."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def text_of(document: Document) -> str:
    """The plain-text form: aligned columns, LF line ends, no trailing blanks."""
    parts = []
    for block in document.blocks:
        if isinstance(block, Paragraph):
            parts.append(plain(block.lines))
        elif isinstance(block, Table):
            parts.append(_text_table(block))
        else:
            width = max((len(label) for label, _ in block.rows), default=0)
            rows = [f"  {label:<{width}}  {value}" for label, value in block.rows]
            button = [f"{block.link_label} {block.link}"] if block.link else []
            parts.append("\n".join([block.title, *rows, *button]))
    if document.footer:
        parts.append("-- \n" + "\n".join(document.footer))
    return "\n\n".join(parts) + "\n"


def _runs(line: str) -> tuple[Run, ...]:
    # Emphasis inside emphasis leaves marks over, which are never shown.
    pieces = [text.translate(_MARKS) for text in _STRONG.split(line)]
    return tuple((text, index % 2 == 1) for index, text in enumerate(pieces) if text)


def _text_table(table: Table) -> str:
    grid = [table.columns, *table.rows]
    widths = [max(len(row[i]) for row in grid) for i in range(len(table.columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if i in table.numeric else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in grid
    ]
    foot = max((len(label) + len(amount) + 2 for label, amount in table.totals), default=0)
    rule = "-" * max(sum(widths) + 2 * (len(widths) - 1), foot)
    lines.insert(1, rule)
    if table.totals:
        lines.append(rule)
        lines += [f"{label}{amount:>{len(rule) - len(label)}}" for label, amount in table.totals]
    return "\n".join(([table.title] if table.title else []) + lines)
