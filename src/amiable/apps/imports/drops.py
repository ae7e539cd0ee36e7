"""Files that other programs lay in a drop (AMIABLE_DROP_URLS): imported, then put into its folder
`done`, or into `error` with what is wrong beside them.

`?organization=SLUG` says whose they are (needed when there are several), `&kind=statement` what
they hold when their content does not tell, `&creditor=CODE` and `&mapping=NAME` as for `amiable
import`, `&partial=1` that good rows come in without the others. What is left in the middle, by a
crash or by two that look at once, is imported again, which changes nothing.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, get_args
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from django.conf import settings

from amiable.apps.imports.models import Drop, ImportRun
from amiable.apps.imports.rejected import problems_file
from amiable.apps.imports.services import ImportResult
from amiable.apps.tenants.models import Organization
from amiable.plugins.base import FileKind
from amiable.plugins.registry import plugins
from amiable.plugins.sniffing import MAX_FILE_BYTES, kind_of
from amiable.plugins.waiting import DropSession, Waiting

DONE, ERROR = "done", "error"
# A file that changed so lately may still be written; and so that are named like this.
QUIET_SECONDS = 60
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", "~")
_OWN_OPTIONS = {"organization", "kind", "creditor", "mapping", "partial"}
logger = logging.getLogger(__name__)


class Enter(Protocol):
    """Lets a file in, as import_run does; an interface above knows who writes what."""

    def __call__(
        self, organization: Organization, kind: FileKind, *, source: Path, filename: str,
        now: datetime, partial: bool, creditor: str, mapping: str,
    ) -> ImportResult: ...  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A drop as configured. `name` = host and folder, without the password."""

    name: str
    code: str
    config: dict[str, Any]
    slug: str = ""
    kind: FileKind | None = None
    creditor: str = ""
    mapping: str = ""
    partial: bool = False


@dataclass(slots=True)
class DropCounts:
    """What a visit did. `fresh` = files that may still be written, left for the next visit;
    `entered` = the organizations that have something new; `errors` by name of the drop."""

    drops: int = 0
    done: int = 0
    refused: int = 0
    fresh: int = 0
    entered: set[int] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON: `entered` as a sorted list."""
        return {**asdict(self), "entered": sorted(self.entered)}


def source_of(url: str) -> Source:
    """A drop from its address. Raises ValueError when it cannot be understood."""
    parts = urlsplit(url)
    # Pairs as they are written: the plug-in reads its own.
    pairs = [pair for pair in parts.query.split("&") if pair]
    theirs = [pair for pair in pairs if pair.partition("=")[0] not in _OWN_OPTIONS]
    own = dict(parse_qsl("&".join(pair for pair in pairs if pair not in theirs)))
    able = {scheme: one for one in plugins("drops").values() for scheme in one.schemes}
    if parts.scheme not in able:
        raise ValueError(f"the address of a drop begins with {', '.join(sorted(able))}")
    kind = own.get("kind")
    if kind is not None and kind not in get_args(FileKind):
        raise ValueError(f"kind is one of {', '.join(get_args(FileKind))}")
    plugin = able[parts.scheme]
    config = plugin.configure(urlunsplit(parts._replace(query="&".join(theirs))))
    user = f"{unquote(parts.username)}@" if parts.username else ""
    return Source(
        f"{parts.scheme}://{user}{parts.hostname or ''}{unquote(parts.path)}"[:200],
        plugin.code,
        config,
        own.get("organization", ""),
        kind,  # type: ignore[arg-type]  # one of FileKind, looked at above
        own.get("creditor", ""),
        own.get("mapping", ""),
        own.get("partial", "") in {"1", "yes", "true"},
    )


def drops_read(enter: Enter, *, now: datetime, organization_id: int | None = None) -> DropCounts:
    """Import what lies in every drop, or in those of an organization, oldest first.

    A drop that cannot be reached, or whose settings are wrong, is noted on it and in the counts.
    """
    counts = DropCounts()
    owners = {row.slug: row for row in Organization.objects.order_by("id")}
    for source in _sources(counts.errors):
        owner = owners.get(source.slug) if source.slug else _only(owners)
        if owner is None:
            told = f"there is no organization {source.slug!r}"
            counts.errors[source.name] = told if source.slug else "say whose: ?organization=SLUG"
            continue
        if organization_id not in {None, owner.pk}:
            continue
        counts.drops += 1
        row, _ = Drop.objects.get_or_create(organization_id=owner.pk, name=source.name)
        error = ""
        try:
            with plugins("drops")[source.code].session(source.config) as session:
                _visit(source, owner, session, enter, now=now, counts=counts)
        except (OSError, LookupError) as problem:
            error = str(problem)[:500] or type(problem).__name__
            counts.errors[source.name] = error
            logger.warning("the drop %s cannot be read: %s", source.name, error)
        Drop.objects.filter(id=row.pk).update(read_at=now, error=error)
    return counts


def _sources(errors: dict[str, str]) -> Iterator[Source]:
    for position, url in enumerate(settings.DROP_URLS, start=1):
        try:
            yield source_of(url)
        except ValueError as error:  # an address may hold a password: it is not repeated
            errors[f"AMIABLE_DROP_URLS, number {position}"] = str(error)


def _only(owners: dict[str, Organization]) -> Organization | None:
    return next(iter(owners.values())) if len(owners) == 1 else None


def _visit(
    source: Source, owner: Organization, session: DropSession, enter: Enter, *, now: datetime,
    counts: DropCounts,
) -> None:  # fmt: skip
    for waiting in sorted(session.files(), key=lambda each: (each.modified, each.name)):
        if not _is_for_us(waiting.name):
            continue
        if abs(now.timestamp() - waiting.modified) < QUIET_SECONDS:
            counts.fresh += 1
            continue
        result = _entered(source, owner, session, enter, waiting=waiting, now=now)
        if result is None:
            continue
        if result.state != ImportRun.State.REFUSED:
            counts.entered.add(owner.pk)
        _settle(session, waiting.name, result, owner.language, counts)


def _is_for_us(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(_UNFINISHED) and "/" not in name


def _entered(
    source: Source, owner: Organization, session: DropSession, enter: Enter, *, waiting: Waiting,
    now: datetime,
) -> ImportResult | None:  # fmt: skip
    """What became of a file; None when it is gone meanwhile. The copy keeps its ending."""
    with tempfile.TemporaryDirectory(prefix="amiable-drop-") as folder:
        path = Path(folder) / f"file{Path(waiting.name).suffix[:10]}"
        try:
            session.fetch(waiting.name, path, most_bytes=MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return None
        kind = source.kind or kind_of(path) or "statement"
        return enter(
            owner, kind, source=path, filename=waiting.name, now=now, partial=source.partial,
            creditor=source.creditor, mapping=source.mapping,
        )  # fmt: skip


def _settle(
    session: DropSession, name: str, result: ImportResult, language: str, counts: DropCounts
) -> None:
    """Put the file where people see what became of it. Its errors go in first: they may be
    written twice, not lost."""
    refused = result.state == ImportRun.State.REFUSED
    if result.errors:
        told = problems_file(result.errors, language)
        session.write(f"{name}.errors.txt", ERROR, content=told)
    if result.rejected:
        rows = result.rejected.encode("utf-8-sig")
        session.write(f"{name}.rejected.csv", ERROR, content=rows)
    if not session.move(name, ERROR if refused else DONE):
        return
    if refused:
        counts.refused += 1
    else:
        counts.done += 1
