"""PDF pages with Typst: fixed layouts, text as data, our fonts only, PDF/A-2a and UA-1."""

from __future__ import annotations

import json
import os
import queue
import re
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import typst

from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.content import Block, Paragraph, Table
from amiable.plugins.documents.epc import epc_svg

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
# Characters that a full line holds, however wide they are.
FULL_LINE = 45
_PIECE = re.compile(r"[^@/_-]*[@/_-]+|[^@/_-]+")
_compilers: defaultdict[str, queue.SimpleQueue[typst.Compiler]] = defaultdict(queue.SimpleQueue)


@dataclass(frozen=True, slots=True)
class Page:
    """A layout ("letter.typ"), the data it sets, and its date."""

    layout: str
    data: dict[str, Any]
    on_date: date


def pages_pdf(pages: Iterable[Page]) -> list[bytes | Sentence]:
    """Each as PDF bytes, or why it cannot be printed; several at a time, order kept.

    The same page always gives the same bytes: its date is the only clock.
    """
    waiting = list(pages)
    if len(waiting) < 2:
        return [_compile(page) for page in waiting]
    with ThreadPoolExecutor(max_workers=min(len(waiting), os.cpu_count() or 1)) as pool:
        return list(pool.map(_compile, waiting))


def block_data(block: Block) -> dict[str, Any]:
    """A block as the layouts read it."""
    if isinstance(block, Paragraph):
        runs = [[[breakable(t, FULL_LINE), bold] for t, bold in line] for line in block.lines]
        return {"kind": "paragraph", "lines": runs}
    if isinstance(block, Table):
        return {
            "kind": "table",
            "title": block.title,
            "columns": list(block.columns),
            "rows": [[breakable(cell, 18) for cell in row] for row in block.rows],
            "numeric": sorted(block.numeric),
            "totals": [list(total) for total in block.totals],
        }
    return {
        "kind": "payment",
        "title": block.title,
        "rows": [[label, breakable(value)] for label, value in block.rows],
        "qr": epc_svg(block.qr) if block.qr else "",
        "qr_caption": block.qr_caption,
    }


def breakable(text: str, length: int = 28) -> str:
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


def _compile(page: Page) -> bytes | Sentence:
    waiting = _compilers[page.layout]
    try:
        compiler = waiting.get_nowait()
    except queue.Empty:
        compiler = typst.Compiler(
            _HERE / page.layout, root=_HERE, font_paths=_fonts(), ignore_system_fonts=True
        )
    noon = datetime.combine(page.on_date, datetime.min.time(), UTC).replace(hour=12)
    try:
        pdf = compiler.compile(
            format="pdf",
            sys_inputs={"data": json.dumps(page.data, ensure_ascii=False)},
            pdf_standards=[*_STANDARDS],
            timestamp=noon,
        )
    except typst.TypstError as error:
        return _explained(str(error))
    finally:
        waiting.put(compiler)
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
