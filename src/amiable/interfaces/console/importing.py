"""A file handed in through the browser, on its way to the import services."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.utils import timezone

from amiable.apps.banking import services as banking
from amiable.apps.dunning.services import cases_replan
from amiable.apps.imports import services as imports
from amiable.apps.messaging.delivery import registered
from amiable.plugins.base import ReadResult

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization


def file_import(
    organization: Organization,
    upload: UploadedFile[Any],
    *,
    kind: Any,
    on: date,
    actor: str,
    **options: Any,
) -> imports.ImportResult:
    """Import an uploaded file, or try it out (`dry_run`); a statement is matched at once.

    Raises LookupError for an unknown creditor.
    """

    def write(read: ReadResult, source: str) -> Any:
        if read.kind == "tracking":
            return registered.tracking_record(
                organization.pk, read.tracking, on=on, now=timezone.now(), actor=actor
            )
        try:
            return banking.statement_import(
                organization.pk, read.statements, source=source, on=on, actor=actor
            )
        except banking.StatementError as error:
            raise imports.RefusedImportError(error.sentence) from error

    source: Path | bytes
    if isinstance(upload, TemporaryUploadedFile):
        source = Path(upload.temporary_file_path())
    else:
        source = upload.read()
    name = upload.name or "file"
    result = imports.import_run(
        organization, kind, source=source, filename=name, on=on, actor=actor, write=write, **options
    )
    if kind in {"statement", "tracking"} and result.run_id and result.state != "refused":
        if kind == "statement":
            banking.lines_match(organization.pk, on=on)
        cases_replan(organization.pk, on=on)
    return result
