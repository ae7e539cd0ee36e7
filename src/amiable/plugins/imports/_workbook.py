"""Rows of the visible sheets of an XLSX workbook, streamed, in bounded memory.

A number cell keeps its decimal text (15 significant digits, as Excel shows it) and is never a
float; a date cell becomes ISO text. Source: ECMA-376 part 1, 18.3 (worksheets), 18.8 (styles).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any

from lxml import etree

from amiable.core.numbers import PlainNumber
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.imports._table import MAX_CELLS, MAX_ROWS, Rows, refuse

MAX_MEMBER = 200 * 1024 * 1024
MAX_TOTAL = 400 * 1024 * 1024
MAX_RATIO = 400  # sheets of real exports compress 5 to 30 times
MAX_STRINGS = 40_000_000  # characters of shared text
MAX_SHEETS = 50
_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_DATE_FORMATS = {*range(14, 18), 22, *range(27, 37), *range(50, 59)}

declare(
    {
        "file.not_workbook": gettext_noop(
            "This is not a readable XLSX workbook. Save it again as .xlsx, without a password."
        ),
        "file.bomb": gettext_noop(
            "The workbook unpacks to an unreasonable size ({size} MB) and was not opened."
        ),
    }
)


def workbook_source(path: Path) -> Callable[[], Rows]:
    """Rows of the first visible sheet as (row number, cells); reading may refuse the file."""

    def read() -> Rows:
        with _opened(path) as archive:
            sheets, date_1904 = _visible_sheets(archive)
            strings = _shared_strings(archive)
            dates = _date_styles(archive)
            yield from _sheet_rows(archive, sheets[0][1], _Cells(strings, dates, date_1904))

    return read


def workbook_sheets(path: Path) -> list[tuple[str, Callable[[], Rows]]]:
    """(name, rows) of each visible sheet, the first MAX_SHEETS. Raises RefusedFileError."""
    with _opened(path) as archive:
        sheets, date_1904 = _visible_sheets(archive)
        cells = _Cells(_shared_strings(archive), _date_styles(archive), date_1904)

    def source(member: str) -> Callable[[], Rows]:
        def read() -> Rows:
            with _opened(path) as archive:
                yield from _sheet_rows(archive, member, cells)

        return read

    return [(name, source(member)) for name, member in sheets[:MAX_SHEETS]]


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = [(member.file_size, member.compress_size) for member in archive.infolist()]
            total = sum(size for size, _ in sizes)
            # zipfile never yields more than the declared size, so these limits hold.
            if (
                total > MAX_TOTAL
                or len(sizes) > 5000
                or any(s > MAX_MEMBER or s > MAX_RATIO * max(c, 10_000) for s, c in sizes)
            ):
                raise refuse("file.bomb", size=total // 2**20)
            yield archive
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError,
        etree.XMLSyntaxError, ValueError, OSError,
    ) as error:  # fmt: skip
        raise refuse("file.not_workbook") from error


def _elements(stream: IO[bytes], *tags: str) -> Iterator[Any]:
    """Closed elements of those tags, each emptied afterwards."""
    events = etree.iterparse(
        stream, events=("end",), tag=[_NS + tag for tag in tags],
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
    )  # fmt: skip
    checked = False
    for _, element in events:
        if not checked:
            checked = True
            if element.getroottree().docinfo.doctype:
                raise refuse("file.xml_hostile")
        yield element
        if element.tag in (_NS + "row", _NS + "si"):
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def _visible_sheets(archive: zipfile.ZipFile) -> tuple[list[tuple[str, str]], bool]:
    """((name, member) of the visible sheets in order, whether dates count from 1904)."""
    with archive.open("xl/workbook.xml") as stream:
        found = [(e.tag, dict(e.attrib)) for e in _elements(stream, "sheet", "workbookPr")]
    sheets = [a for tag, a in found if tag == _NS + "sheet" and a.get("state") in (None, "visible")]
    flags = [a.get("date1904") for tag, a in found if tag == _NS + "workbookPr"]
    if not sheets:
        raise refuse("file.not_workbook")
    with archive.open("xl/_rels/workbook.xml.rels") as stream:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        links = {r.get("Id"): r.get("Target") for r in etree.parse(stream, parser).getroot()}
    targets = [str(links.get(sheet.get(_REL)) or "") for sheet in sheets]
    named = [
        (sheet.get("name", ""), target.lstrip("/") if target.startswith("/") else f"xl/{target}")
        for sheet, target in zip(sheets, targets, strict=True)
    ]
    return named, flags[:1] in (["1"], ["true"])


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    strings: list[str] = []
    size = 0
    with archive.open("xl/sharedStrings.xml") as stream:
        for element in _elements(stream, "si"):
            text = _rich_text(element)
            size += len(text) + 16
            if size > MAX_STRINGS:
                raise refuse("file.bomb", size=size // 2**20)
            strings.append(text)
    return strings


def _rich_text(element: Any) -> str:
    """The text of <si> or <is>, phonetic guides left out."""
    return "".join(
        t.text or "" for t in element.iter(_NS + "t") if t.getparent().tag != _NS + "rPh"
    )


def _date_styles(archive: zipfile.ZipFile) -> set[str]:
    """Indexes of cell styles (as text) that show a date."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    custom: dict[str, str] = {}
    with archive.open("xl/styles.xml") as stream:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.parse(stream, parser).getroot()
    for element in root.iter(_NS + "numFmt"):
        custom[element.get("numFmtId", "")] = element.get("formatCode", "")
    styles = root.find(_NS + "cellXfs")
    formats = [] if styles is None else [xf.get("numFmtId", "0") for xf in styles]
    return {str(i) for i, code in enumerate(formats) if _is_date_format(code, custom)}


def _is_date_format(code: str, custom: dict[str, str]) -> bool:
    if code in custom:
        shown = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.|_.', "", custom[code]).lower()
        shown = shown.replace("general", "").replace("am/pm", "")
        shown = shown.replace("a", "y").replace("j", "d")  # French Excel writes jj/mm/aaaa
        return "y" in shown or ("d" in shown and "m" in shown)
    return code.isdecimal() and int(code) in _DATE_FORMATS


class _Cells:
    """Turns a cell into text."""

    def __init__(self, strings: list[str], dates: set[str], date_1904: bool) -> None:
        self._strings, self._dates = strings, dates
        self._epoch = datetime(1904, 1, 1) if date_1904 else datetime(1899, 12, 30)  # noqa: DTZ001

    def text(self, cell: Any) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _rich_text(cell)
        value = cell.findtext(_NS + "v") or ""
        if kind == "s":
            index = int(value) if value else -1
            return self._strings[index] if 0 <= index < len(self._strings) else ""
        if kind == "n" and value:
            return self._number(value, cell.get("s", "0"))
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        return str(value)

    def _number(self, text: str, style: str) -> str:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        if not number.is_finite() or abs(number.adjusted()) > 30:
            return text
        if style in self._dates and 1 <= number < 2_958_466:
            moment = self._epoch + timedelta(days=int(number))
            return moment.date().isoformat()
        if "." in text or "E" in text.upper():
            # Excel computes with 15 significant digits; the file may show 17.
            text = f"{Decimal(f'{number:.14e}').normalize():f}"
        return PlainNumber(text)


def _sheet_rows(archive: zipfile.ZipFile, sheet: str, cells: _Cells) -> Rows:
    values: dict[int, str] = {}
    line, width = 0, 0
    with archive.open(sheet) as stream:
        for element in _elements(stream, "c", "row"):
            if element.tag == _NS + "c":
                index = _column(element.get("r"), len(values))
                if index >= MAX_CELLS:
                    if cells.text(element):
                        raise refuse("file.too_many_cells", line + 1, limit=MAX_CELLS)
                else:
                    values[index] = cells.text(element)
                element.clear()
                if len(element.getparent()) > 2 * MAX_CELLS:
                    del element.getparent()[0]
                continue
            stated = element.get("r") or ""
            line = int(stated) if stated.isdecimal() and int(stated) > line else line + 1
            if line > 10 * MAX_ROWS:
                raise refuse("file.too_many_rows", line, limit=MAX_ROWS)
            # Sheets leave trailing empty cells out: rows are filled up to the widest seen.
            width = max(width, max(values, default=-1) + 1)
            yield line, [values.get(i, "") for i in range(width)]
            values = {}


def _column(reference: str | None, following: int) -> int:
    """0-based column of a cell reference: "AB12" -> 27."""
    letters = re.match(r"[A-Z]{1,3}", reference or "")
    if letters is None:
        return following
    index = 0
    for letter in letters.group():
        index = index * 26 + ord(letter) - 64
    return index - 1
