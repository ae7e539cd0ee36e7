"""A ZIP file of statements, each member read by its own format and reported by its name.

Names of members are words in a report, never paths: members go to files of ours. Bombs, members
within members and passwords are refused; one bad member refuses the file.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from amiable.core.records import RowError, StatementRecord
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._sniff import is_workbook
from amiable.plugins.statements import _common as common

declare(
    {
        "zip.broken": gettext_noop("the ZIP file is damaged: download it again"),
        "zip.password": gettext_noop("{member} has a password: store the file without one"),
        "zip.bomb": gettext_noop(
            "the ZIP file unpacks to an unreasonable size ({size} MB) and was not opened: hand in "
            "the files it should hold"
        ),
        "zip.too_many": gettext_noop("the ZIP file holds more than {limit} files: split it"),
        "zip.nested": gettext_noop("{member} is a ZIP file inside a ZIP file: unpack it first"),
        "zip.passed_over": gettext_noop("{member} is no statement and was left out"),
    }
)

MAX_TOTAL = 1024 * 1024 * 1024
MAX_MEMBERS = 500
MAX_RATIO = 400  # repetitive XML of large statements compresses up to 100 times
# What banks put beside statements, and what computers add on their own.
BESIDE = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".gif", ".htm", ".html", ".md", ".sig",
                    ".asc", ".p7s", ".md5", ".sha256", ".ds_store"})  # fmt: skip

_NOTICE = re.compile(r"(?:read.?me|lisez.?moi|notice)\b.*\.txt", re.I)


@dataclass(slots=True)
class _Found:
    """What the members gave so far."""

    statements: list[StatementRecord] = field(default_factory=list)
    summaries: list[dict[str, Any]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0


class Zipped:
    """Reader of ZIP files that hold statements."""

    code = "zip"
    kind: FileKind = "statement"
    label = gettext_noop("Statements (ZIP)")

    def sniff(self, head: bytes, name: str) -> bool:
        """A ZIP container that is no workbook."""
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not is_workbook(head, name)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Read every member; `summary["members"]` says what each one was."""
        found = _Found()
        try:
            with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
                members = [m for m in archive.infolist() if not _is_nothing(m)]
                if refusal := _refusal(members):
                    return common.result(self.code, [], [refusal])
                for number, member in enumerate(members):
                    suffix = PurePosixPath(member.filename).suffix[:10]
                    target = Path(folder) / f"{number}{suffix if suffix.isascii() else ''}"
                    with archive.open(member) as source, target.open("wb") as copy:
                        shutil.copyfileobj(source, copy)
                    _take(found, _name(member), target, options)
                    target.unlink()
                    if len(found.errors) >= common.MAX_ERRORS:
                        break
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
                ValueError, OSError):  # fmt: skip
            return common.result(self.code, [], [RowError(0, "", "zip.broken")])
        return _result(self.code, found, partial=options.partial)


def _is_nothing(member: zipfile.ZipInfo) -> bool:
    """Folders, and what macOS and Windows add. A member without a name is damage: ValueError."""
    if not member.filename:
        raise ValueError("a member without a name")
    name = PurePosixPath(member.filename)
    own = name.name.startswith(".") or name.name.lower() in {"thumbs.db", "desktop.ini"}
    return member.is_dir() or "__MACOSX" in name.parts or own


def _refusal(members: list[zipfile.ZipInfo]) -> RowError | None:
    """Why nothing is unpacked. zipfile never yields more than the size a member declares."""
    if len(members) > MAX_MEMBERS:
        return RowError(0, "", "zip.too_many", {"limit": MAX_MEMBERS})
    total = sum(member.file_size for member in members)
    packed = [(member.file_size, max(member.compress_size, 10_000)) for member in members]
    if total > MAX_TOTAL or any(size > MAX_RATIO * least for size, least in packed):
        return RowError(0, "", "zip.bomb", {"size": total // 2**20})
    locked = next((member for member in members if member.flag_bits & 1), None)
    if locked:
        return RowError(0, _name(locked), "zip.password", {"member": _name(locked)})
    return None


def _take(found: _Found, name: str, path: Path, options: ReadOptions) -> None:
    from amiable.plugins.sniffing import read_file  # it asks the registry, which holds this file

    with path.open("rb") as stream:
        head = stream.read(65536)
    if head.startswith(b"PK") and not is_workbook(head, path.name):
        found.errors.append(RowError(0, name, "zip.nested", {"member": name}))
        return
    if path.suffix.lower() in BESIDE or _NOTICE.match(PurePosixPath(name).name):
        found.warnings.append(RowError(0, name, "zip.passed_over", {"member": name}))
        return
    result = read_file(path, options, kind="statement")
    found.rows += result.rows
    found.statements += result.statements
    found.summaries += [{**each, "member": name} for each in result.summary.get("statements", [])]
    found.errors += [_named(error, name) for error in result.errors]
    found.warnings += [_named(warning, name) for warning in result.warnings]
    told = {"statements": len(result.statements), "errors": len(result.errors)}
    found.members.append({"name": name, "format": result.format, **told})


def _named(error: RowError, name: str) -> RowError:
    return replace(error, column=f"{name} · {error.column}" if error.column else name)


def _name(member: zipfile.ZipInfo) -> str:
    """The member's name as a text to show: no path is ever made of it."""
    return common.clean("".join(c if c.isprintable() else " " for c in member.filename), 120)


def _result(code: str, found: _Found, *, partial: bool) -> ReadResult:
    stopped = len(found.errors) >= common.MAX_ERRORS
    if not found.statements or (found.errors and (stopped or not partial)):
        refused = common.result(code, [], found.errors)
        summary = {"statements": [], "members": found.members}
        return replace(refused, rows=found.rows, summary=summary, warnings=tuple(found.warnings))
    return ReadResult(
        kind="statement",
        format=code,
        statements=tuple(found.statements),
        errors=tuple(found.errors),
        rows=found.rows,
        summary={"statements": found.summaries, "members": found.members},
        warnings=tuple(found.warnings),
    )


PLUGIN = Zipped()
