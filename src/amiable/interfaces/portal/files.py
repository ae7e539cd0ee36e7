"""Files that customers and colleagues send: how much, how fast and how many at once are taken.

What they hold is checked in one place (apps.cases.files); here it is only bounded on its way in.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from amiable.apps.cases.files import (
    MAX_FILE_BYTES,
    MAX_TOTAL_BYTES,
    MOST_FILES,
    CheckedFile,
    files_checked,
)
from amiable.apps.cases.services import CaseError
from amiable.core.sentences import Sentence

UPLOAD = "multipart/form-data"
# Whatever somebody sent, a browser keeps it and does not open it.
FILE_TYPE = "application/octet-stream"
# The files, and what a form says beside them.
LARGEST_UPLOAD = MAX_TOTAL_BYTES + 64 * 1024
# 25 MB come through a weak telephone network in three minutes; a stalled one is given up earlier.
LONGEST_SECONDS, STALLED_SECONDS = 180.0, 20.0
AT_ONCE = 3  # requests of this process that bring files
_places = threading.BoundedSemaphore(AT_ONCE)


class _Bounded(FileUploadHandler):
    """Ends an upload that takes too long; everything else is left to Django's handlers."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.until = time.monotonic() + LONGEST_SECONDS

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        if time.monotonic() > self.until:
            raise SuspiciousOperation("an upload took too long")
        return raw_data

    def file_complete(self, file_size: int) -> Any:  # noqa: ARG002
        return None


def is_too_large(request: HttpRequest) -> bool:
    """Whether a form announces more than may come; what announces nothing brings nothing."""
    return int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_UPLOAD


@contextmanager
def place(request: HttpRequest) -> Iterator[bool]:
    """A place among the few requests that may bring files at once; False when none is free.

    A form without files needs none.
    """
    if request.method != "POST" or request.content_type != UPLOAD:
        yield True
        return
    if not _places.acquire(blocking=False):
        yield False
        return
    try:
        request.upload_handlers.insert(0, _Bounded(request))
        if link := request.META.get("gunicorn.socket"):
            link.settimeout(STALLED_SECONDS)
        yield True
    finally:
        _places.release()


def files_sent(request: HttpRequest) -> tuple[CheckedFile, ...]:
    """The files of a form, as they may be kept. Raises CaseError."""
    sent = [each for each in request.FILES.getlist("files") if each.name]
    if len(sent) > MOST_FILES:
        raise CaseError(Sentence("sent_file.many", {"limit": MOST_FILES}))
    for each in sent:
        if (each.size or 0) > MAX_FILE_BYTES:
            name = (each.name or "")[:100]
            limit = MAX_FILE_BYTES // 2**20
            raise CaseError(Sentence("sent_file.large", {"name": name, "limit": limit}))
    return files_checked([(each.name or "", each.read()) for each in sent])


def files_shown() -> dict[str, int]:
    """What the field says of its limits."""
    return {"most": MOST_FILES, "each": MAX_FILE_BYTES, "each_mb": MAX_FILE_BYTES // 2**20}
