"""A file handed in through the browser, on its way to the import services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.utils import timezone

from amiable.apps.imports.uploads import Kept, upload_keep
from amiable.apps.insights import intake
from amiable.interfaces.console.access import Request, actor

if TYPE_CHECKING:
    from amiable.apps.imports.services import ImportResult
    from amiable.apps.tenants.models import Organization

# What a person can say on the page of columns, where a file does not.
_ASKED = frozenset(
    {
        "file.columns_missing",
        "file.column_twice",
        "file.mapping_column",
        "statement.other_table",
        "amount.ambiguous",
        "date.unreadable",
        "bank.no_account",
    }
)


def file_import(
    organization: Organization, upload: UploadedFile[Any], *, kind: Any, actor: str, **options: Any
) -> ImportResult:
    """Import an uploaded file, or try it out (`dry_run`); a statement is matched at once.

    Raises LookupError for an unknown creditor.
    """
    source: Path | bytes
    if isinstance(upload, TemporaryUploadedFile):
        source = Path(upload.temporary_file_path())
    else:
        source = upload.read()
    now = timezone.now()
    result = intake.file_import(
        organization, kind, source=source, filename=upload.name or "file", now=now, actor=actor,
        **options,
    )  # fmt: skip
    if kind in intake.FOLLOWED and result.run_id and result.state != "refused":
        intake.imports_follow(organization.pk, now=now)
    return result


def asks(result: ImportResult) -> bool:
    """Whether a statement was refused for what a person can say of it."""
    refused = result.state == "refused" and result.kind == "statement"
    return refused and any(error.code in _ASKED for error in result.errors)


def keep(
    request: Request, upload: UploadedFile[Any], *, kind: str, options: dict[str, Any]
) -> Kept:
    """Keep an uploaded file for the worker, or until its columns are named."""
    upload.seek(0)
    return upload_keep(
        request.organization.pk, kind, upload.chunks(), filename=upload.name or "file",
        options=options, actor=actor(request), now=timezone.now(),
    )  # fmt: skip
