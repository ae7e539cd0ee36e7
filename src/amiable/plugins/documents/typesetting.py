"""PDF pages with Typst: fixed layouts, text as data, our fonts only, PDF/A-2a and UA-1."""

from __future__ import annotations

import atexit
import json
import os
import queue
import re
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.content import Block, Paragraph, Table
from amiable.plugins.documents.epc import epc_svg, link_svg
from amiable.plugins.documents.pictures import Picture

declare(
    {
        "letter.unprintable": gettext_noop(
            "The letter cannot be printed: our font has no character for {sign}. Correct the "
            "name, the address or the text"
        ),
        "letter.broken": gettext_noop("The letter cannot be laid out: {reason}"),
    }
)

_HERE = Path(__file__).resolve().parent
FONTS = _HERE.parent.parent / "assets" / "fonts"
_STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]
# Characters that a full line holds, however wide they are.
FULL_LINE = 45
# Rows from which a table is carried over: finding the sums costs a tenth of a letter.
LEAST_CARRIED = 8
_PIECE = re.compile(r"[^@/_-]*[@/_-]+|[^@/_-]+")
_compilers: defaultdict[Path, queue.SimpleQueue[typst.Compiler]] = defaultdict(queue.SimpleQueue)
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Page:
    """A layout ("letter.typ"), the data it sets, its date, and the pictures the data names."""

    layout: str
    data: dict[str, Any]
    on_date: date
    pictures: tuple[Picture, ...] = ()


def pages_pdf(pages: Iterable[Page]) -> list[bytes | Sentence]:
    """Each as PDF bytes, or why it cannot be printed; several at a time, order kept.

    The same page always gives the same bytes: its date is the only clock.
    """
    # The pages to come are prepared here while the pool, which needs no interpreter, sets others.
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(_pdf, pages))


def block_data(block: Block, number: int = 0) -> dict[str, Any]:
    """A block as the layouts read it; `number` tells the tables of a document apart."""
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
            "running": list(block.running) if len(block.rows) >= LEAST_CARRIED else [],
            "carry": list(block.carry),
            "number": number,
        }
    return {
        "kind": "payment",
        "title": block.title,
        "rows": [[label, breakable(value)] for label, value in block.rows],
        "codes": [
            [svg, caption]
            for svg, caption in (
                (epc_svg(block.qr) if block.qr else "", block.qr_caption),
                (link_svg(block.link) if block.link else "", block.link_caption),
            )
            if svg
        ],
    }


def picture_data(
    picture: Picture | None, *, width: float, height: float, alt: str
) -> dict[str, Any]:
    """A picture as the layouts read it, to stand in a frame (millimetres); {} for none."""
    if picture is None:
        return {}
    wide, high = picture.fitted(width, height)
    return {"file": f"pictures/{picture.name}", "width": wide, "height": high, "alt": alt}


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


def _pdf(page: Page) -> bytes | Sentence:
    made: bytes | Sentence = page_set(page, format="pdf", pdf_standards=[*_STANDARDS])
    return made  # one document, no output path


def page_set(page: Page, **form: Any) -> Any:
    """The page in a form of typst.Compiler.compile, or a Sentence: why it cannot be set."""
    root = _root()
    for picture in page.pictures:
        _keep(root / "pictures" / picture.name, picture.content)
    layout = root / page.layout
    waiting = _compilers[layout]
    try:
        compiler = waiting.get_nowait()
    except queue.Empty:
        compiler = typst.Compiler(layout, root=root, font_paths=_fonts(), ignore_system_fonts=True)
    noon = datetime.combine(page.on_date, datetime.min.time(), UTC).replace(hour=12)
    try:
        data = json.dumps(page.data, ensure_ascii=False)
        return compiler.compile(sys_inputs={"data": data}, timestamp=noon, **form)
    except typst.TypstError as error:
        return _explained(str(error))
    finally:
        waiting.put(compiler)


def _explained(error: str) -> Sentence:
    """The archive standards refuse a text that would print as empty boxes; which sign it was."""
    sign = re.search(r'(?:text|codepoint) `"(.+?)"`', error)
    if sign:
        return Sentence("letter.unprintable", {"sign": sign[1]})
    return Sentence("letter.broken", {"reason": error.splitlines()[0][:200]})


def _root() -> Path:
    """A folder of this process with the layouts and, beside them, the pictures they are given:
    nothing else can be read from a layout."""
    with _lock:
        return _folder(os.getpid())


@cache
def _folder(pid: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="amiable-pages-"))
    atexit.register(_remove, folder, pid)
    (folder / "pictures").mkdir()
    for layout in _HERE.glob("*.typ"):
        shutil.copy(layout, folder)
    return folder


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # not by the end of a process that was forked from this one
        shutil.rmtree(folder, ignore_errors=True)


def _keep(path: Path, content: bytes) -> None:
    """Write a picture once; its name stands for its content."""
    if not path.exists():
        part = path.with_name(f"{path.name}.{threading.get_ident()}")
        part.write_bytes(content)
        part.rename(path)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
