"""`amiable read` parses any supported file without a database; `amiable import` lets it in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import OK, REJECTED, emit, json_option, tenant_command
from amiable.interfaces.cli.records import read_document
from amiable.plugins.base import ReadResult
from amiable.plugins.sniffing import read_file

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization

KINDS = ("invoices", "customers", "statement", "documents")
_SHOWN = 20  # errors printed for a person; --json lists all


@click.command("read")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def read_command(files: tuple[Path, ...], as_json: bool) -> int:
    """Parse files of any supported format and print what they hold, without the database.

    One JSON document for one file, a list for several.
    """
    documents = []
    with _progress(files, "Reading") as paths:
        for path in paths:
            documents.append(read_document(read_file(path)))
    emit(documents[0] if len(files) == 1 else documents, as_json=True)
    return REJECTED if any(document["errors"] for document in documents) else OK


def _progress(paths: tuple[Path, ...], label: str) -> Any:
    """A progress bar on stderr when someone watches it; silent otherwise."""
    stream = click.get_text_stream("stderr")
    return click.progressbar(paths, label=label, file=stream, hidden=not stream.isatty())
