"""`amiable read` parses any supported file without a database; `amiable import` lets it in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import (
    OK,
    REJECTED,
    counted,
    emit,
    json_option,
    progress_bar,
    seen_job,
    tenant_command,
)
from amiable.interfaces.cli.records import error_json, read_pieces
from amiable.plugins.base import ReadOptions
from amiable.plugins.sniffing import read_file

if TYPE_CHECKING:
    from amiable.apps.imports.services import ImportResult
    from amiable.apps.tenants.models import Organization

KINDS = (
    "invoices", "customers", "statement", "payouts", "tracking", "virtual-ibans",
    "debit-results", "documents",
)  # fmt: skip
ACTOR = "command line"
_PIECES = 1000  # written at once
# What is said of a file as a whole.
_NOTED = ("bank.", "camt.", "mt940.", "ofx.", "payout.", "statement.other_currency")
_SHOWN = 20  # errors printed for a person; --json lists all

_files = click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True),
)


@click.command("read")
@_files
@json_option
def read_command(files: tuple[Path, ...], as_json: bool) -> int:  # noqa: ARG001
    """Parse files of any supported format and print what they hold, without the database.

    The output is always JSON: one document for one file, a list for several.
    """
    status = OK
    with progress_bar("read") as progress:
        # Printed as it goes: a statement of a million movements is never in memory at once.
        for count, path in enumerate(files):
            result = read_file(path, ReadOptions(progress=progress))
            status = REJECTED if result.errors else status
            click.echo(("," if count else "[") if len(files) > 1 else "", nl=len(files) > 1)
            pieces = read_pieces(result)
            while some := "".join(islice(pieces, _PIECES)):
                click.echo(some, nl=False)
    click.echo("]" if len(files) > 1 else "")
    return status


@click.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@_files
@click.option("--dry-run", is_flag=True, help="Do everything, then take it back.")
@click.option("--partial", is_flag=True, help="Let the good rows in; keep the others to correct.")
@click.option("--full", is_flag=True, help="The file lists all open invoices: flag the others.")
@click.option("--mapping", default="", help="Saved mapping of column names.")
@click.option("--creditor", default="", help="Creditor of rows that name none.")
@click.option("--account", default="", help="Account of a statement that names none (IBAN).")
@click.option(
    "--rejected-to",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Where to write the rejected rows (with --partial).",
)
@tenant_command
def import_command(
    *,
    organization: Organization,
    on: date,
    as_json: bool,
    kind: str,
    files: tuple[Path, ...],
    **options: Any,
) -> int:
    """Import invoices, customers, bank statements, payout reports of payment providers, what became
    of registered letters, a pool of virtual IBANs, or the PDF documents of invoices.

    A file enters whole or not at all, unless --partial. Importing it again changes nothing.
    """
    if kind == "documents":
        return _documents(organization, files, dry_run=options["dry_run"], as_json=as_json)
    if options["rejected_to"] and len(files) > 1:
        raise click.UsageError("--rejected-to takes one file at a time")
    results = []
    with progress_bar("import") as progress:
        results += [
            _import(organization, kind, path, on=on, progress=progress, **options) for path in files
        ]
    documents = [_document(result) for result in results]
    text = "\n".join(_told(result) for result in results)
    emit(documents[0] if len(files) == 1 else documents, as_json=as_json, text=text)
    return REJECTED if any(result.errors for result in results) else OK


@click.command("pickup")
@tenant_command
def pickup_command(*, organization: Organization, on: date, as_json: bool) -> int:
    """Take the files that other programs laid in the drops (AMIABLE_DROP_URLS).

    Each is imported whole, then put into the folder done, or error with what is wrong.
    """
    from amiable.apps.insights.intake import drops_take
    from amiable.interfaces.cli.commands.ticks import business_time

    with seen_job(organization.id, "drops", on) as (_, seen), progress_bar("match") as progress:
        counts = drops_take(
            now=business_time(on), organization_id=organization.id, progress=progress
        )
        seen.result = counts.to_json()
    lines = [
        f"{counted(counts.drops, 'drop')}: {counted(counts.done, 'file')} imported, "
        f"{counts.refused} refused, {counts.fresh} perhaps still being written",
        *(f"{name}: {error}" for name, error in counts.errors.items()),
    ]
    emit({"on": on.isoformat(), **counts.to_json()}, as_json=as_json, text="\n".join(lines))
    return REJECTED if counts.errors or counts.refused else OK


def _import(
    organization: Organization,
    kind: Any,
    path: Path,
    *,
    on: date,
    rejected_to: Path | None,
    **options: Any,
) -> ImportResult:
    from amiable.apps.insights.intake import file_import
    from amiable.interfaces.cli.commands.ticks import business_time

    try:
        result = file_import(
            organization, kind.replace("-", "_"), source=path, filename=path.name,
            now=business_time(on), actor=ACTOR, **options,
        )  # fmt: skip
    except LookupError as error:
        raise click.UsageError(str(error)) from error
    if rejected_to and result.rejected:
        # A byte order mark, so that spreadsheets read the accents.
        rejected_to.write_text(result.rejected, encoding="utf-8-sig", newline="")
    return result


def _documents(
    organization: Organization, files: Sequence[Path], *, dry_run: bool, as_json: bool
) -> int:
    from amiable.apps.receivables.documents import documents_attach

    result = documents_attach(organization.id, files, dry_run=dry_run)
    document = {
        "kind": "documents",
        "attached": result.attached,
        "unchanged": result.unchanged,
        "with_lines": result.with_lines,
        "errors": [error_json(error) for error in result.errors],
        "warnings": [error_json(note) for note in result.notes],
        "dry_run": dry_run,
    }
    lines = [f"{len(result.attached)} attached, {len(result.unchanged)} unchanged"]
    if result.with_lines:
        lines[0] += f", {len(result.with_lines)} with lines"
    lines += [f"  {note.column}: {note.sentence}" for note in result.notes]
    lines += [f"  {error.column}: {error.sentence}" for error in result.errors]
    emit(document, as_json=as_json, text="\n".join(lines))
    return REJECTED if result.errors else OK


def _document(result: ImportResult) -> dict[str, Any]:
    return {
        "file": result.filename,
        "kind": result.kind,
        "format": result.format,
        "state": result.state,
        "dry_run": result.dry_run,
        "run": result.run_id,
        "rows": result.rows,
        "mapping": result.mapping,
        "counts": result.counts,
        "missing": list(result.missing),
        "errors": [error_json(error) for error in result.errors],
        "warnings": [error_json(warning) for warning in result.warnings],
    }


def _told(result: ImportResult) -> str:
    """The outcome for a person: counts, then the first errors."""
    counts = ", ".join(f"{count} {name}" for name, count in sorted(result.counts.items()) if count)
    dry = " (dry run)" if result.dry_run else ""
    read_by = f", read by the mapping {result.mapping}" if result.mapping else ""
    lines = [f"{result.filename}: {result.state}{dry}: {counts or 'nothing'}{read_by}"]
    for error in result.errors[:_SHOWN]:
        where = f"line {error.line}" + (f", {error.column}" if error.column else "")
        lines.append(f"  {where}: {error.sentence}" if error.line else f"  {error.sentence}")
    if len(result.errors) > _SHOWN:
        lines.append(f"  and {len(result.errors) - _SHOWN} more; --json lists all")
    passed = [each for each in result.warnings if each.code.startswith("tracking.")][:_SHOWN]
    lines += [f"  line {each.line}, {each.column}: {each.sentence}" for each in passed]
    noted = [each for each in result.warnings if each.code.startswith(_NOTED)][:_SHOWN]
    lines += [
        f"  line {each.line}: {each.sentence}" if each.line else f"  {each.sentence}"
        for each in noted
    ]
    if result.missing:
        lines.append(f"  no longer in the file: {', '.join(result.missing[:_SHOWN])}")
    return "\n".join(lines)
