"""PDF files, looked at in a process of its own, with limits on time and memory.

Run as a module it reads paths, one a line, and answers one line each: pages, or the electronic
invoice embedded in it, or "-". A file that kills or stalls the process costs only itself.
"""

from __future__ import annotations

import base64
import binascii
import logging
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf import PdfReader

MAX_BYTES = 10 * 1024 * 1024
MAX_PAGES = 500
_SECONDS = 10  # for one file
_MEMORY = 768 * 1024 * 1024
_MOST_OBJECTS, _DEEPEST = 50_000, 40
_RUNNING = ("/JavaScript", "/Launch")
# Names of the invoice within (Factur-X 1.0.7, 6.2.2; ZUGFeRD 2.x before it was so called).
_INVOICES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")


def sound_pdfs(paths: Sequence[Path]) -> set[Path]:
    """The paths whose PDF opens, is not encrypted, and has 1 to MAX_PAGES pages."""
    sound: set[Path] = set()
    waiting = list(paths)
    while waiting:
        answers = _ask(waiting)
        sound.update(p for p, a in zip(waiting, answers, strict=False) if a.isdigit())
        # The process died on the first file without an answer: go on behind it.
        waiting = waiting[len(answers) + 1 :] if len(answers) < len(waiting) else []
    return sound


def calm_pdfs(paths: Sequence[Path]) -> set[Path]:
    """Those of sound_pdfs that run nothing when they are opened: neither scripts nor programs."""
    calm: set[Path] = set()
    for path in paths:
        answers = _ask([path], "calm")
        calm.update([path] if answers and answers[0].isdigit() else [])
    return calm


def embedded_invoices(paths: Sequence[Path]) -> dict[Path, bytes]:
    """The XML of the electronic invoice in each PDF that holds one; nothing of it is checked."""
    found: dict[Path, bytes] = {}
    waiting = list(paths)
    while waiting:
        answers = _ask(waiting, "invoice")
        for path, answer in zip(waiting, answers, strict=False):
            try:
                content = base64.b64decode(answer, validate=True)
            except binascii.Error:
                continue
            found[path] = content
        waiting = waiting[len(answers) + 1 :] if len(answers) < len(waiting) else []
    return found


def _ask(paths: Sequence[Path], *modes: str) -> list[str]:
    command = [sys.executable, "-m", "amiable.plugins.imports._pdf", *modes]
    lines = "".join(f"{path.resolve()}\n" for path in paths)
    try:
        done = subprocess.run(  # noqa: S603
            command, input=lines, capture_output=True, text=True, check=False,
            timeout=_SECONDS * len(paths) + 20,
        )  # fmt: skip
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout or b""
        return output.decode(errors="replace").split() if isinstance(output, bytes) else []
    return done.stdout.split()


def _pages(path: Path, *, calm: bool = False) -> str:
    from pypdf import PdfReader

    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES or b"%PDF-" not in content[:1024]:
            return "-"
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted:
            return "-"
        count = len(reader.pages)
        if not 1 <= count <= MAX_PAGES:
            return "-"
        _ = reader.pages[0].mediabox
        reader.pages[0].get_contents()
        if calm and _runs(reader):
            return "-"
    except Exception:  # whatever a broken file provokes, the answer is the same
        return "-"
    return str(count)


def _invoice(path: Path) -> str:
    from pypdf import PdfReader

    try:
        if path.stat().st_size > MAX_BYTES:
            return "-"
        reader = PdfReader(path, strict=False)
        attached = {} if reader.is_encrypted else reader.attachments
        named = [each for name, those in attached.items() if name.lower() in _INVOICES
                 for each in those]  # fmt: skip
        if not named or not named[0] or len(named[0]) > MAX_BYTES:
            return "-"
        return base64.b64encode(named[0]).decode()
    except Exception:  # whatever a broken file provokes, the answer is the same
        return "-"


def _runs(reader: PdfReader) -> bool:
    """Whether any object is an action that runs a script or a program (ISO 32000-1 section 12.6.4),
    also those in streams of objects, which a search of the bytes does not see."""
    from pypdf.generic import IndirectObject

    numbers = {(number, made) for made, those in reader.xref.items() for number in those}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > _MOST_OBJECTS:
        return True
    return any(_acts(reader.get_object(IndirectObject(*each, reader))) for each in numbers)


def _acts(value: object, depth: int = 0) -> bool:
    """An action within one object; what it refers to is looked at in its turn."""
    if depth > _DEEPEST:
        return True
    if isinstance(value, dict):
        if "/S" in value and value["/S"] in _RUNNING:
            return True
        return any(_acts(part, depth + 1) for part in dict.values(value))  # references unfollowed
    return isinstance(value, list) and any(_acts(part, depth + 1) for part in value)


def _stalled(*_: object) -> None:
    raise TimeoutError


def main() -> None:
    """Answer for each path on standard input; "calm" = also refuse those that run something,
    "invoice" = give the electronic invoice within."""
    modes = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGALRM, _stalled)
    for line in sys.stdin:
        signal.alarm(_SECONDS)
        path = Path(line.rstrip("\n"))
        answer = _invoice(path) if "invoice" in modes else _pages(path, calm="calm" in modes)
        signal.alarm(0)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
