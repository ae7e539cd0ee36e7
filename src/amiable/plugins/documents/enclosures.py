"""Files that go with a letter: their pages after its own, on A4, ready to be printed.

The letter is an archive (PDF/A-2a, UA-1) and what comes from outside need not be: the whole then no
longer claims to be one.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence

from pypdf import PageObject, PdfReader, PdfWriter, Transformation
from pypdf.errors import DependencyError
from pypdf.generic import NameObject

from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.mime import Attachment

A4 = (595.28, 841.89)  # points
TOLERANCE = 6  # points: printers add and cut that much
LARGEST_PAGES = 60  # with the letter; a C4 envelope holds 30 sheets
LARGEST_BYTES = 30_000_000

declare(
    {
        "letter.enclosure_broken": gettext_noop(
            "The PDF of invoice {invoice} cannot be read: replace it, or send the letter without "
            "invoices."
        ),
        "letter.enclosure_locked": gettext_noop(
            "The PDF of invoice {invoice} is protected by a password: replace it by an open one."
        ),
        "letter.enclosure_long": gettext_noop(
            "With the PDF of invoice {invoice} the letter has {pages} pages: at most {limit} fit "
            "an envelope."
        ),
        "letter.enclosure_heavy": gettext_noop(
            "The PDFs of the invoices have {size} MB together: at most {limit} are printed."
        ),
    }
)

# Files from outside are full of oddities that the library reports one by one.
logging.getLogger("pypdf").setLevel(logging.ERROR)


def enclosed(letter: bytes, files: Sequence[Attachment]) -> bytes | Sentence:
    """The letter and after it every page of the files, or why they cannot go with it."""
    weight = sum(len(each.content) for each in files)
    if weight > LARGEST_BYTES:
        params = {"size": weight // 1_000_000, "limit": LARGEST_BYTES // 1_000_000}
        return Sentence("letter.enclosure_heavy", params)
    writer = PdfWriter(clone_from=io.BytesIO(letter))
    for each in files:
        problem = _append(writer, each)
        if problem:
            return problem
    writer.root_object.pop("/Metadata", None)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _append(writer: PdfWriter, file: Attachment) -> Sentence | None:
    """Add the pages of a file; why it cannot be, else None."""
    name: dict[str, str | int] = {"invoice": file.invoice or file.filename}
    try:
        reader = PdfReader(io.BytesIO(file.content), strict=False)
        if reader.is_encrypted:
            return Sentence("letter.enclosure_locked", name)
        pages = len(writer.pages) + len(reader.pages)
        if pages > LARGEST_PAGES:
            params = {**name, "pages": pages, "limit": LARGEST_PAGES}
            return Sentence("letter.enclosure_long", params)
        if not reader.pages:
            return Sentence("letter.enclosure_broken", name)
        for page in reader.pages:
            _add(writer, page)
    except DependencyError:  # a cipher that is not at hand
        return Sentence("letter.enclosure_locked", name)
    # What a damaged file can do to a parser has no end; it costs this letter only.
    except Exception:
        return Sentence("letter.enclosure_broken", name)
    return None


def _add(writer: PdfWriter, page: PageObject) -> None:
    """One page, scaled to A4 where it has another size; nothing that runs or links into tags."""
    if page.rotation:
        page.transfer_rotation_to_content()
    box = page.cropbox
    width, height = float(box.width), float(box.height)
    if width <= 0 or height <= 0:
        raise ValueError("a page without a size")
    if abs(width - A4[0]) <= TOLERANCE and abs(height - A4[1]) <= TOLERANCE:
        added = writer.add_page(page)
    else:
        scale = min(A4[0] / width, A4[1] / height, 1.5)
        left = (A4[0] - width * scale) / 2 - float(box.left) * scale
        top = (A4[1] - height * scale) / 2 - float(box.bottom) * scale
        added = writer.add_blank_page(*A4)
        added.merge_transformed_page(page, Transformation().scale(scale).translate(left, top))
    for key in ("/AA", "/StructParents", "/Metadata", "/PieceInfo"):
        added.pop(NameObject(key), None)
