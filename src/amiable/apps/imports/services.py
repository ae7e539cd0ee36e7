"""Files come in: one run per file, whole or not at all, or in part with the rest to correct."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.imports.mappings import SavedMapping, mapping_named, mapping_of_file
from amiable.apps.imports.models import ImportRun
from amiable.apps.imports.rejected import rejected_file
from amiable.apps.imports.writers import Written, customers_write, invoices_write
from amiable.apps.receivables.documents import document_adopt
from amiable.apps.tenants.models import Organization
from amiable.apps.tenants.queries import books_lock
from amiable.apps.work.services import job
from amiable.core.records import RowError
from amiable.core.sentences import Sentence
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.sniffing import read_file

PDF_FORMAT = "facturx"  # electronic invoices that are their own document
_NOTED = 100  # sentences about a statement kept with the run
_LISTED = 500  # numbers of missing invoices kept with the run

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where what is written comes from: the text that names the source, the account of a statement
    that names none (of the mapping, "" = not said), and who is told how far it is."""

    source: str
    account: str = ""
    progress: Progress | None = None


# What an interface hands in for statements, letters and virtual IBANs: it knows banking and
# messages, this app does not. It gets the read file and its origin, returns counts, and the rows it
# passed over (their columns are names of our fields), or all that was written, and may raise
# RefusedImportError.
Writer = Callable[
    [ReadResult, Origin], "Written | dict[str, int] | tuple[dict[str, int], list[RowError]]"
]


class RefusedImportError(ValueError):
    """What a file says cannot be taken in; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass
class ImportResult:
    """What became of a file. `run_id` is None for a dry run; `rejected` is a CSV to correct;
    `invoice_ids` = of the invoices and credit notes it holds, new or known before."""

    state: str
    kind: str
    format: str
    filename: str
    rows: int
    counts: dict[str, int] = field(default_factory=dict)
    errors: tuple[RowError, ...] = ()
    warnings: tuple[RowError, ...] = ()
    missing: tuple[str, ...] = ()
    rejected: str = ""
    run_id: int | None = None
    dry_run: bool = False
    mapping: str = ""
    sha256: str = ""
    invoice_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Order:
    organization: Organization
    kind: FileKind
    filename: str
    sha256: str
    on: date
    actor: str
    dry_run: bool
    partial: bool
    full: bool
    creditor: str
    write: Writer | None
    mapping: SavedMapping
    progress: Progress | None = None
    path: Path = Path()

    @property
    def source(self) -> str:
        return f"import {self.filename}"[:120]


class _UndoError(Exception):
    """Takes back what a transaction wrote."""


def import_run(
    organization: Organization,
    kind: FileKind,
    *,
    source: Path | bytes,
    filename: str,
    on: date,
    actor: str,
    dry_run: bool = False,
    partial: bool = False,
    full: bool = False,
    mapping: str | SavedMapping = "",
    creditor: str = "",
    write: Writer | None = None,
    progress: Progress | None = None,
    job_id: int | None = None,
) -> ImportResult:
    """Read a file and let it in.

    1. Every error refuses the file; with `partial` the rows in error are put aside instead, as a
       file to correct and import again. A file that cannot be read as a whole is always refused.
    2. All rows are written in one transaction with the run, its audit event, and the cases it
       wakes. `dry_run` does the same and takes everything back.
    3. `full` says the file lists all open invoices: others are flagged as missing.
    4. Without the name of a mapping, one whose header the file bears is used by itself.
    5. The run is a job (the queued one of `job_id`), seen while the file is being read.
    `write` enters statements and letters; `progress` hears how far reading is, then entering.
    Raises LookupError for an unknown mapping or creditor.
    """
    with _as_path(source, filename) as path:
        saved = _mapping(organization.id, kind, mapping, path=path)
        options = ReadOptions(
            columns=saved.columns, layout=saved.layout, partial=partial, progress=progress
        )
        order = _Order(
            organization, kind, Path(filename).name[:255], _sha256(path), on, actor, dry_run,
            partial, full, creditor, write, saved, progress, path,
        )  # fmt: skip
        if dry_run:
            return _run(order, read_file(path, options, kind=kind))
        return _as_job(order, path, options, job_id)


def _as_job(order: _Order, path: Path, options: ReadOptions, job_id: int | None) -> ImportResult:
    """Read and enter as a job; its progress is that of the reading, in bytes, then all rows."""
    with job(order.organization.pk, "import", on=order.on, job_id=job_id) as seen:

        def told(done: int, total: int) -> None:
            seen(done, total)
            if order.progress:
                order.progress(done, total)

        read = read_file(path, replace(options, progress=told), kind=order.kind)
        seen(0, read.rows)
        result = _run(order, read)
        seen(read.rows, read.rows)
        seen.result = {"file": order.filename, "state": str(result.state)}
    return result


def _mapping(
    organization_id: int, kind: FileKind, chosen: str | SavedMapping, *, path: Path
) -> SavedMapping:
    """The mapping itself, the one of that name, or the one that the file's header is known by."""
    if isinstance(chosen, SavedMapping):
        return chosen
    if chosen:
        return mapping_named(organization_id, kind, chosen)
    return mapping_of_file(organization_id, kind, path)


def _run(order: _Order, read: ReadResult) -> ImportResult:
    result = ImportResult(
        ImportRun.State.REFUSED, order.kind, read.format, order.filename, read.rows,
        errors=read.errors, warnings=read.warnings, dry_run=order.dry_run,
        mapping=order.mapping.name, sha256=order.sha256,
    )  # fmt: skip
    readable = bool(read.statements) or all(error.line in read.raw for error in read.errors)
    if readable and (order.partial or not read.errors):
        try:
            with transaction.atomic():
                _apply(order, read, result)
        except _UndoError:
            pass
        except RefusedImportError as refused:
            sentence = refused.sentence
            result.errors = (*result.errors, RowError(0, "", sentence.code, sentence.params))
    if result.state == ImportRun.State.REFUSED and not order.dry_run:
        result.counts = {"rows": read.rows, "rejected": _rejected(read, result.errors)}
        _record(order, result)
    return result


def _apply(order: _Order, read: ReadResult, result: ImportResult) -> None:
    """Write, then keep it or raise _UndoError. What another worker is writing is waited for, so
    that one of two finds what the other created."""
    books_lock(order.organization.pk)
    written = _written(order, read)
    columns = read.summary.get("columns", {})
    passed = [replace(e, column=columns.get(e.column, "")) for e in written.warnings]
    result.warnings = (*result.warnings, *passed)
    late = [replace(e, column=columns.get(e.column, "")) for e in written.errors]
    result.errors = tuple(sorted([*read.errors, *late], key=lambda e: (e.line, e.column)))
    if late and not order.partial:
        raise _UndoError
    rejected = _rejected(read, result.errors)
    result.counts = {**written.counts, "rows": read.rows, "rejected": rejected}
    result.missing = tuple(written.missing)
    result.invoice_ids = frozenset(written.invoice_ids)
    result.state = ImportRun.State.PARTIAL if rejected else ImportRun.State.DONE
    if rejected and read.header:
        result.rejected = rejected_file(read, result.errors)
    if order.dry_run:
        raise _UndoError
    if read.format == PDF_FORMAT and len(written.invoice_ids) == 1:
        (invoice_id,) = written.invoice_ids
        document_adopt(order.organization.pk, invoice_id, order.path, name=order.filename)
    _record(order, result)
    if written.changed:
        payload = {
            "run": result.run_id, "file": order.filename, "sha256": order.sha256,
            "kind": order.kind, "counts": result.counts,
        }  # fmt: skip
        happening = Happening("import_run", order.on, order.actor, payload=payload)
        event_record(order.organization.id, happening)


def _rejected(read: ReadResult, errors: Sequence[RowError]) -> int:
    """Rows in error; of a file without rows of text, such as XML, everything that is in error."""
    return len({error.line for error in errors}) if read.raw or not read.statements else len(errors)


def _written(order: _Order, read: ReadResult) -> Written:
    if order.kind == "invoices":
        return invoices_write(
            order.organization, read, creditor=order.creditor, on=order.on, source=order.source,
            full=order.full,
        )  # fmt: skip
    if order.kind == "customers":
        return customers_write(order.organization, read, creditor=order.creditor, on=order.on)
    if order.write is None:
        raise ValueError("statements and letters need `write`")
    done = order.write(read, Origin(order.source, order.mapping.account, order.progress))
    if isinstance(done, Written):
        return done
    counts, passed = done if isinstance(done, tuple) else (done, [])
    return Written(Counter(counts), warnings=passed, changed=any(counts.values()))


def _record(order: _Order, result: ImportResult) -> None:
    counts: dict[str, Any] = dict(result.counts)
    if result.warnings and result.kind == "statement":
        counts["notes"] = [_error_json(note) for note in result.warnings[:_NOTED]]
    if result.missing:
        counts["missing_numbers"] = list(result.missing[:_LISTED])
    run = ImportRun.objects.create(
        organization_id=order.organization.id,
        kind=order.kind,
        format=result.format,
        filename=order.filename,
        sha256=order.sha256,
        state=result.state,
        counts=counts,
        errors=[_error_json(error) for error in result.errors],
        rejected=result.rejected,
        actor=order.actor[:120],
        on_date=order.on,
    )
    result.run_id = run.id


def _error_json(error: RowError) -> dict[str, Any]:
    sentence = Sentence(error.code, error.params).to_json()
    return {"line": error.line, "column": error.column, **sentence}


@contextmanager
def _as_path(source: Path | bytes, filename: str) -> Iterator[Path]:
    """The file itself, or its bytes in a temporary file that keeps the ending of its name."""
    if isinstance(source, Path):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="amiable-import-") as folder:
        path = Path(folder) / f"file{Path(filename).suffix[:10]}"
        path.write_bytes(source)
        yield path


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
