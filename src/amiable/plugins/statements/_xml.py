"""XML from outside: the prolog is checked before parsing, elements are read by local name."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any
from xml.parsers import expat

from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.statements._common import Refused, clean

declare(
    {
        "xml.dtd": gettext_noop(
            "the file declares a document type or entities, which no bank does: it is refused, "
            "download it from the bank itself"
        ),
        "xml.broken": gettext_noop(
            "the XML is broken ({detail}): the file is damaged or cut short, download it again"
        ),
    }
)

BLANK = b" \t\r\n"  # some banks let an empty line stand before the declaration


class _Root(Exception):  # noqa: N818  # it ends the scan, it is no error
    """The first element has been reached."""


def check_prolog(path: Path) -> None:
    """Scan up to the first element; raises Refused on a DTD or XML that is broken before it."""
    parser = expat.ParserCreate()

    def doctype(*_: object) -> None:
        raise Refused(parser.CurrentLineNumber, "", "xml.dtd")

    def element(*_: object) -> None:
        raise _Root

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.StartElementHandler = element
    try:
        with path.open("rb") as file:
            parser.Parse(file.read(65536).lstrip(BLANK), False)
            while chunk := file.read(65536):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except _Root:
        return
    except (expat.ExpatError, LookupError, ValueError) as error:
        line = getattr(error, "lineno", 0)
        raise Refused(line, "", "xml.broken", detail=clean(str(error), 200)) from error


def local(element: Any) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


class Flat:
    """An element whose texts have been gathered by path in one walk: asking for one is a look-up.

    `without` = a name whose elements are not walked into.
    """

    __slots__ = ("element", "sourceline", "texts", "tops")

    def __init__(self, element: Any, without: str = "") -> None:
        self.element, self.sourceline = element, element.sourceline
        self.texts: dict[str, list[str]] = {}
        self.tops = {local(child) for child in element}
        self._walk(element, "", without)

    def _walk(self, element: Any, path: str, without: str) -> None:
        for child in element:
            name = child.tag.rpartition("}")[2]
            if child.text and (text := child.text.strip()):
                self.texts.setdefault(path + name, []).append(text)
            if len(child) and name != without:
                self._walk(child, f"{path}{name}/", without)


@functools.cache
def _slashed(names: tuple[str, ...]) -> str:
    return "/".join(names)


@functools.cache
def _path(names: tuple[str, ...]) -> str:
    return "/".join("{*}" + name for name in names)


def text_of(element: Any, *path: str) -> str:
    """Text of the first element on the path, in any namespace; "" when absent."""
    if type(element) is Flat:
        texts = element.texts.get(_slashed(path))
        return texts[0] if texts else ""
    found: str | None = element.findtext(_path(path))
    return found.strip() if found else ""


def texts_of(element: Any, *path: str) -> list[str]:
    """Texts of every element on the path, the empty ones left out."""
    if type(element) is Flat:
        return element.texts.get(_slashed(path), [])
    found = element.findall(_path(path))
    return [text for node in found if (text := (node.text or "").strip())]
