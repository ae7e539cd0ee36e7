"""Letters for a printer or a mail house that takes folders: PDF and a manifest, run by run.

print:///folder?mode=batch|single&duplex=1&colour=1&paper=80&envelope=5&size=200&separators=1
Weights are those of the sheets (A4, `paper` in g/m2) and the envelope, in whole grams rounded up.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError

from amiable.plugins.base import Outcome, Outgoing
from amiable.plugins.channels._addresses import address_parts
from amiable.plugins.channels._print_run import Letter, Run, written
from amiable.plugins.documents.separators import Sheet, separators_pdf
from amiable.plugins.exports._base import harmless

A4_MM2 = 210 * 297
MOST_BYTES = 100_000_000
COLUMNS = (
    "position", "file", "first_page", "key", "medium", "name", "address_1", "address_2",
    "address_3", "address_4", "address_5", "postcode", "city", "country", "pages", "sheets",
    "grams", "duplex", "colour",
)  # fmt: skip
_NUMBERS = {"paper": (80, 60, 200), "envelope": (5, 0, 100), "size": (200, 1, 1000)}
_SWITCHES = {"duplex": False, "colour": False, "separators": True}


class PrintChannel:
    """Config: `folder`, `mode` ("batch" = one PDF a run, "single" = one a letter), `duplex`,
    `colour`, `separators` (bool), `paper` (g/m2), `envelope` (g), `size` (letters a run)."""

    code = "print"
    label = "Print and mail"
    media = frozenset({"letter", "registered_letter"})
    resend_safe = True
    schemes = frozenset({"print"})

    def configure(self, url: str) -> dict[str, Any]:
        """print:///folder?mode=..., see the head of this file."""
        parts = urlsplit(url)
        given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        folder, mode = unquote(parts.path), given.pop("mode", "batch")
        config: dict[str, Any] = {"folder": folder, "mode": mode}
        for name, default in _SWITCHES.items():
            config[name] = given.pop(name, "1" if default else "0") == "1"
        for name, (usual, least, most) in _NUMBERS.items():
            text = given.pop(name, str(usual))
            if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
                raise ValueError(f"{name} is a number from {least} to {most}")
            config[name] = int(text)
        if parts.netloc or len(folder) < 2 or given or mode not in {"batch", "single"}:
            raise ValueError(
                "a print folder reads print:///folder?mode=batch or single, with the options "
                f"{', '.join([*_SWITCHES, *_NUMBERS])}"
            )
        return config

    def finish(self, config: Mapping[str, Any]) -> int:
        """Hand over the runs that killed processes have left."""
        return _run(config).recover()

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_PrintSession]:
        session = _PrintSession(config)
        try:
            yield session
        finally:
            session.run.close()


class _PrintSession:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self.run = _run(config)
        self.recovered = False

    def send(self, message: Outgoing) -> Outcome:
        try:
            pages = len(PdfReader(io.BytesIO(message.content)).pages)
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError) as error:
            return Outcome("failed", detail=f"this is no PDF that can be printed: {error}"[:500])
        lines = tuple(message.recipient.split("\n"))
        try:
            if not self.recovered:
                self.run.recover()
                self.recovered = True
            place = self.run.add(Letter(message.key, message.medium, lines, pages), message.content)
        except OSError as error:
            return Outcome("retry", detail=str(error)[:500], retry_after_seconds=900)
        return Outcome("sent", provider_id=place)


def _run(config: Mapping[str, Any]) -> Run:
    folder = Path(config["folder"])
    return Run(folder, _Build(config), most=config["size"], most_bytes=MOST_BYTES)


class _Build:
    """Writes what is handed over: the manifest, and one PDF or one a letter."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    def __call__(self, out: Path, letters: list[tuple[Letter, Path]]) -> None:
        files, first = self._files(out, letters)
        rows = [self._row(each, files[i], first[i]) for i, (each, _) in enumerate(letters)]
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(COLUMNS)
        writer.writerows([harmless(str(cell)) for cell in row] for row in rows)
        written(out / "manifest.csv", text.getvalue().encode("utf-8-sig"))

    def _files(self, out: Path, letters: list[tuple[Letter, Path]]) -> tuple[list[str], list[int]]:
        """The file and the first page of each letter."""
        if self.config["mode"] == "single":
            names = [f"{each.position:05d}.pdf" for each, _ in letters]
            for name, (_, path) in zip(names, letters, strict=True):
                (out / name).hardlink_to(path)
            return names, [1] * len(letters)
        return ["letters.pdf"] * len(letters), self._joined(out / "letters.pdf", letters)

    def _joined(self, target: Path, letters: list[tuple[Letter, Path]]) -> list[int]:
        """Write one PDF; the page each letter begins on, a front side when printed on both."""
        duplex = self.config["duplex"]
        writer, first = PdfWriter(), []
        between = self._between(target.parent.parent.name, letters)
        for i, (_, path) in enumerate(letters):
            if between:
                each = 2 if duplex else 1
                writer.append(between, pages=(i * each, i * each + each), import_outline=False)
            first.append(len(writer.pages) + 1)
            writer.append(path, import_outline=False)
            if duplex and len(writer.pages) % 2:
                writer.add_blank_page(595.28, 841.89)
        with target.open("wb") as file:
            writer.write(file)
        return first

    def _between(self, run: str, letters: list[tuple[Letter, Path]]) -> PdfReader | None:
        if not self.config["separators"]:
            return None
        sheets = [
            Sheet(str(each.position), each.medium.replace("_", " "), each.lines, each.key)
            for each, _ in letters
        ]
        today, duplex = datetime.now().astimezone().date(), self.config["duplex"]
        try:
            pages = separators_pdf(run, sheets, duplex=duplex, on=today)
        except ValueError:  # a sign that our font has not got, in a key of somebody else's
            pages = separators_pdf(run, list(map(_plain, sheets)), duplex=duplex, on=today)
        return PdfReader(io.BytesIO(pages))

    def _row(self, letter: Letter, file: str, first: int) -> tuple[object, ...]:
        config = self.config
        sheets = -(-letter.pages // 2) if config["duplex"] else letter.pages
        grams = -(-sheets * config["paper"] * A4_MM2 // 1_000_000) + config["envelope"]
        address = address_parts(letter.lines)
        five = (*address.lines, *[""] * 5)[:5]
        switches = ("yes" if config[each] else "no" for each in ("duplex", "colour"))
        place = (address.postcode, address.city, address.country)
        return (letter.position, file, first, letter.key, letter.medium, address.name, *five,
                *place, letter.pages, sheets, grams, *switches)  # fmt: skip


def _plain(sheet: Sheet) -> Sheet:
    """The same in signs that every font has."""

    def kept(text: str) -> str:
        return re.sub(r"[^ -~]", "?", text)

    return Sheet(sheet.position, sheet.medium, tuple(map(kept, sheet.address)), kept(sheet.key))


PLUGIN = PrintChannel()
