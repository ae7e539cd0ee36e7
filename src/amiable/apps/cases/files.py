"""The one place where files of strangers come in: few, small, of known kinds by their bytes,
without what tells of place and person, looked at by the virus scanner where there is one.

Call it before any transaction: PDFs are opened in a process of their own, scanners are asked.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from django.conf import settings

from amiable.apps.cases.changes import CaseError
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.received import FileRefusedError, Received, file_read
from amiable.plugins.imports._pdf import calm_pdfs
from amiable.plugins.scanning import ScannerError, scan

MOST_FILES = 5
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_TOTAL_BYTES = 25 * 1024 * 1024
AT_ONCE = 2  # checks of this server that open PDFs; who comes later waits
PATIENCE_SECONDS = 15.0
_places = threading.BoundedSemaphore(AT_ONCE)

declare(
    {
        "sent_file.many": gettext_noop("Send at most {limit} files at once."),
        "sent_file.large": gettext_noop("{name} is larger than {limit} MB: photograph it smaller."),
        "sent_file.total": gettext_noop("All files together may have {limit} MB at most."),
        "sent_file.pdf": gettext_noop(
            "{name} cannot be opened safely: print it to PDF again, without a password."
        ),
        "sent_file.infected": gettext_noop("{name} was refused by the virus scanner."),
        "sent_file.unscanned": gettext_noop(
            "Files cannot be checked for viruses just now: try again later, or send your message "
            "without them."
        ),
        "sent_file.busy": gettext_noop("Others are sending files right now: please try again."),
    }
)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that may be kept: `content_type` and the ending of its name are those of its bytes."""

    name: str
    content_type: str
    content: bytes
    sha256: str


def is_scanned() -> bool:
    """Whether a virus scanner looks at what comes in."""
    return bool(settings.CLAMD_URLS)


def files_checked(files: Sequence[tuple[str, bytes]]) -> tuple[CheckedFile, ...]:
    """(name, content) of files as they may be kept, the same content once. Raises CaseError at the
    first that cannot be."""
    if len(files) > MOST_FILES:
        raise CaseError(Sentence("sent_file.many", {"limit": MOST_FILES}))
    for name, content in files:
        if len(content) > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES // 2**20
            raise CaseError(Sentence("sent_file.large", {"name": name[:100], "limit": limit}))
    if sum(len(content) for _, content in files) > MAX_TOTAL_BYTES:
        raise CaseError(Sentence("sent_file.total", {"limit": MAX_TOTAL_BYTES // 2**20}))
    try:
        read = [file_read(*each, number=place) for place, each in enumerate(files, start=1)]
    except FileRefusedError as error:
        raise CaseError(error.sentence) from error
    _check_pdfs(read)
    _scan(read)
    found = (
        CheckedFile(each.name, each.content_type, each.content, _digest(each)) for each in read
    )
    return tuple({each.sha256: each for each in found}.values())


def _digest(file: Received) -> str:
    return hashlib.sha256(file.content).hexdigest()


def _check_pdfs(files: Sequence[Received]) -> None:
    papers = [each for each in files if each.content_type == "application/pdf"]
    if not papers:
        return
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise CaseError(Sentence("sent_file.busy"))
    try:
        with tempfile.TemporaryDirectory() as folder:
            for place, paper in enumerate(papers):
                path = Path(folder, f"{place}.pdf")
                path.write_bytes(paper.content)
                if not calm_pdfs([path]):
                    raise CaseError(Sentence("sent_file.pdf", {"name": paper.name}))
    finally:
        _places.release()


def _scan(files: Sequence[Received]) -> None:
    """What cannot be scanned although it should is refused."""
    for url, each in product(settings.CLAMD_URLS, files):
        try:
            verdict = scan(url, each.content)
        except ScannerError as error:
            raise CaseError(Sentence("sent_file.unscanned")) from error
        if verdict == "infected":
            raise CaseError(Sentence("sent_file.infected", {"name": each.name}))
