"""Reads of import runs: what came in, what was refused and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from amiable.apps.imports.models import Drop, ImportRun
from amiable.core.sentences import Sentence
from amiable.plugins.sniffing import readers


@dataclass(frozen=True, slots=True)
class RunError:
    """A defect as it is shown: line 0 is the file itself."""

    line: int
    column: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Run:
    """A run without its errors."""

    id: int
    kind: str
    format: str
    filename: str
    state: str
    counts: dict[str, Any]
    error_count: int
    has_rejected: bool
    actor: str
    on_date: date
    at: datetime


def runs(organization_id: int, limit: int = 50) -> list[Run]:
    """The last runs, newest first."""
    return [_run(row) for row in _rows(organization_id)[:limit]]


def run_notes(organization_id: int, run_id: int) -> list[RunError]:
    """What there was to say about a statement that came in."""
    row = _rows(organization_id).filter(id=run_id).first()
    told = row.counts.get("notes", []) if row else []
    return [RunError(e["line"], e["column"], Sentence.from_json(e)) for e in told]


def run(organization_id: int, run_id: int) -> tuple[Run, list[RunError]]:
    """One run with its errors. Raises LookupError."""
    row = _rows(organization_id).filter(id=run_id).first()
    if row is None:
        raise LookupError(f"no import run {run_id}")
    readers()  # plug-ins declare the sentences that errors are told in
    errors = [RunError(e["line"], e["column"], Sentence.from_json(e)) for e in row.errors]
    return _run(row), errors


def rejected(organization_id: int, run_id: int) -> tuple[str, str]:
    """(file name, content) of a run's rejected rows. Raises LookupError when there are none."""
    row = _rows(organization_id).filter(id=run_id).exclude(rejected="").first()
    if row is None:
        raise LookupError(f"import run {run_id} has no rejected rows")
    stem = row.filename.rpartition(".")[0] or row.filename
    ending = "txt" if row.format == "fec" else "csv"
    return f"{stem}-rejected.{ending}", row.rejected


@dataclass(frozen=True, slots=True)
class DropState:
    """A drop of files as it was last looked at; `error` "" = it was read to its end."""

    name: str
    read_at: datetime | None
    error: str


def drops(organization_id: int) -> list[DropState]:
    """The drops that files of the organization are taken from."""
    rows = Drop.objects.filter(organization_id=organization_id).order_by("name")
    return [DropState(*row) for row in rows.values_list("name", "read_at", "error")]


def _rows(organization_id: int) -> Any:
    return ImportRun.objects.filter(organization_id=organization_id).order_by("-id")


def _run(row: ImportRun) -> Run:
    return Run(
        row.id, row.kind, row.format, row.filename, row.state, row.counts, len(row.errors),
        bool(row.rejected), row.actor, row.on_date, row.at,
    )  # fmt: skip
