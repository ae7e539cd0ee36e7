"""PDF letters with Typst: one fixed layout, text as data, our fonts only, PDF/A-2a and UA-1."""

from __future__ import annotations

import json
import os
import queue
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import typst

from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.address import Window
from amiable.plugins.documents.content import Block, Document, Paragraph, Table
from amiable.plugins.documents.epc import epc_svg
from amiable.plugins.documents.html import brand, ink_of

declare(
    {
        "letter.unprintable": gettext_noop(
            "The letter cannot be printed: our font has no sign for {sign}. "
            "Correct the name, the address or the text"
        ),
        "letter.broken": gettext_noop("The letter cannot be laid out: {reason}"),
    }
)

_HERE = Path(__file__).resolve().parent
FONTS = _HERE.parent.parent / "assets" / "fonts"
_STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]
DEFAULT_WINDOW = Window()
# Characters that a full line holds, however wide they are.
_FULL_LINE = 45
_PIECE = re.compile(r"[^@/_-]*[@/_-]+|[^@/_-]+")
_compilers: queue.SimpleQueue[typst.Compiler] = queue.SimpleQueue()


@dataclass(frozen=True, slots=True)
class Letter:
    """A document on paper: who it goes to, its references, date and small print."""

    document: Document
    sender: tuple[str, ...]
    address: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    on_date: date
    date_text: str
    subject_line: str
    page_label: str
    mention: str = ""
    window: Window = DEFAULT_WINDOW


def letters_pdf(letters: Iterable[Letter]) -> list[bytes | Sentence]:
    """Each letter as PDF bytes, or why it cannot be printed; several at a time, order kept.

    The same letter always gives the same bytes: its date is the only clock.
    """
    waiting = list(letters)
    if len(waiting) < 2:
        return [_compile(letter) for letter in waiting]
    with ThreadPoolExecutor(max_workers=min(len(waiting), os.cpu_count() or 1)) as pool:
        return list(pool.map(_compile, waiting))


def _compile(letter: Letter) -> bytes | Sentence:
    try:
        compiler = _compilers.get_nowait()
    except queue.Empty:
        compiler = typst.Compiler(
            _HERE / "letter.typ", root=_HERE, font_paths=_fonts(), ignore_system_fonts=True
        )
    noon = datetime.combine(letter.on_date, datetime.min.time(), UTC).replace(hour=12)
    try:
        pdf = compiler.compile(
            format="pdf",
            sys_inputs={"data": json.dumps(_data(letter), ensure_ascii=False)},
            pdf_standards=[*_STANDARDS],
            timestamp=noon,
        )
    except typst.TypstError as error:
        return _explained(str(error))
    finally:
        _compilers.put(compiler)
    return cast(bytes, pdf)  # one document, no output path


def _explained(error: str) -> Sentence:
    """The archive standards refuse a text that would print as empty boxes; which sign it was."""
    sign = re.search(r'(?:text|codepoint) `"(.+?)"`', error)
    if sign:
        return Sentence("letter.unprintable", {"sign": sign[1]})
    return Sentence("letter.broken", {"reason": error.splitlines()[0][:200]})


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


def _data(letter: Letter) -> dict[str, Any]:
    document, window = letter.document, letter.window
    blocks = [_block(block) for block in document.blocks]
    # The last paragraph, the greeting and the signature stay together on one page.
    tail = 3 if len(blocks) > 4 else 0
    return {
        "lang": document.language[:2],
        "region": "FR" if document.language == "fr" else "GB",
        "subject": document.subject,
        "subject_line": _breakable(letter.subject_line, _FULL_LINE),
        "color": ink_of(brand(document.color)),
        "sender": [_breakable(line) for line in letter.sender],
        "address": list(letter.address),
        "references": [[label, _breakable(value)] for label, value in letter.references],
        "date": letter.date_text,
        "mention": letter.mention,
        "page_label": letter.page_label,
        "footer": [_breakable(line, _FULL_LINE) for line in document.footer],
        "blocks": blocks[: len(blocks) - tail],
        "closing": blocks[len(blocks) - tail :],
        "window": {
            "left": window.left_mm,
            "top": window.top_mm,
            "width": window.width_mm,
            "height": window.height_mm,
            "quiet": window.quiet_mm,
            "fold": window.fold_mm,
        },
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        runs = [[[_breakable(t, _FULL_LINE), bold] for t, bold in line] for line in block.lines]
        return {"kind": "paragraph", "lines": runs}
    if isinstance(block, Table):
        return {
            "kind": "table",
            "title": block.title,
            "columns": list(block.columns),
            "rows": [[_breakable(cell, 18) for cell in row] for row in block.rows],
            "numeric": sorted(block.numeric),
            "totals": [list(total) for total in block.totals],
        }
    return {
        "kind": "payment",
        "title": block.title,
        "rows": [[label, _breakable(value)] for label, value in block.rows],
        "qr": epc_svg(block.qr) if block.qr else "",
        "qr_caption": block.qr_caption,
    }


def _breakable(text: str, length: int = 28) -> str:
    """Allow a line break inside words that a line might not hold: in an address after its @, in
    a number after a dash; elsewhere only where a piece is still too long."""
    if len(text) < length:
        return text
    return re.sub(rf"[^\s\u200b]{{{length},}}", lambda m: _chopped(m[0], length), text)


def _chopped(word: str, length: int) -> str:
    pieces: list[str] = []
    for piece in _PIECE.findall(word):
        size = len(piece) if len(piece) < length else length // 2
        pieces += [piece[i : i + size] for i in range(0, len(piece), size)]
    return "\u200b".join(pieces)
