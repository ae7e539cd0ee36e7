"""`amiable mapping`: how the columns of a source are read; `import --mapping NAME` uses one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import OK, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.imports.mappings import SavedMapping
    from amiable.apps.tenants.models import Organization

_kind = click.option(
    "--kind",
    type=click.Choice(["invoices", "customers", "statement", "tracking"]),
    default="statement",
    help="Kind of the files (default: statement).",
)


@click.group("mapping")
def mapping_command() -> None:
    """Saved readings of columns, by name; a file with the same header uses its own by itself."""


@mapping_command.command("list")
@_kind
@tenant_command
def list_command(*, organization: Organization, on: date, as_json: bool, kind: str) -> int:  # noqa: ARG001
    """The mappings of a kind, with the columns they name."""
    from amiable.apps.imports.mappings import mappings

    found = mappings(organization.id, kind).values()
    text = "\n".join(_told(mapping) for mapping in found) or f"no mapping for {kind}"
    emit([asdict(mapping) for mapping in found], as_json=as_json, text=text)
    return OK


@mapping_command.command("save")
@click.argument("name")
@_kind
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    required=True,
    help="Which column holds a field; FIELD= says that none does. Again for each.",
)
@click.option(
    "--header-of",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of the source: the next one with its header is known by itself.",
)
@click.option("--account", default="", help="Account of statements that name none (IBAN).")
@click.option("--encoding", default="", help="Encoding, where it is not found right.")
@click.option("--decimal", type=click.Choice([",", "."]), help="Decimal mark.")
@click.option(
    "--days",
    type=click.Choice(["dmy", "mdy", "ymd"]),
    default="dmy",
    help="Order of day, month and year.",
)
@click.option("--reversed", "is_reversed", is_flag=True, help="Amounts are positive when paid out.")
@tenant_command
def save_command(
    *, organization: Organization, on: date, as_json: bool, name: str,  # noqa: ARG001
    **options: Any,
) -> int:  # fmt: skip
    """Save how a source's columns are read, under a name such as that of the bank."""
    from amiable.apps.imports.mappings import SavedMapping, mapping_save
    from amiable.plugins.base import Layout

    columns = dict(text.partition("=")[::2] for text in options["columns"])
    _check(columns, options["kind"], options["encoding"])
    layout = Layout(
        options["encoding"], options["decimal"] or "", options["days"], options["is_reversed"]
    )
    header = _header(options["header_of"], columns, layout)
    mapping = SavedMapping(
        options["kind"], name, columns, header, layout, options["account"].replace(" ", "")
    )
    mapping_save(organization.id, mapping)
    emit(asdict(mapping), as_json=as_json, text=_told(mapping))
    return OK


@mapping_command.command("remove")
@click.argument("name")
@_kind
@tenant_command
def remove_command(
    *, organization: Organization, on: date, as_json: bool, name: str, kind: str  # noqa: ARG001
) -> int:  # fmt: skip
    """Forget a mapping; what was imported with it stays."""
    from amiable.apps.imports.mappings import mapping_remove

    try:
        mapping_remove(organization.id, kind, name)
    except LookupError as error:
        raise click.UsageError(str(error)) from error
    emit({"removed": name}, as_json=as_json, text=f"removed: {name}")
    return OK


def _check(columns: dict[str, str], kind: str, encoding: str) -> None:
    """Refuse fields that a statement does not have, and encodings that nobody knows."""
    from amiable.plugins.tables import ENCODINGS, FIELDS

    unknown = sorted(set(columns) - set(FIELDS)) if kind == "statement" else []
    if unknown:
        fields = ", ".join(FIELDS)
        raise click.UsageError(f"no field {unknown[0]!r} of a statement; there are: {fields}")
    if encoding and encoding not in ENCODINGS:
        raise click.UsageError(f"encoding is one of: {', '.join(ENCODINGS)}")


def _header(path: Path | None, columns: dict[str, str], layout: Any) -> tuple[str, ...]:
    """The row of the file that holds the named columns; () without a file."""
    from amiable.plugins.tables import compared, first_rows

    if path is None:
        return ()
    wanted = set(compared([column for column in columns.values() if column]))
    for _, cells in first_rows(path, layout.encoding).rows:
        if wanted <= set(compared(cells)):
            return cells
    raise click.UsageError(f"no row of {path} holds all these columns: {', '.join(wanted)}")


def _told(mapping: SavedMapping) -> str:
    used = ", ".join(f"{name} = {column}" for name, column in mapping.columns.items() if column)
    account = f" ({mapping.account})" if mapping.account else ""
    return f"{mapping.name}{account}: {used}"
