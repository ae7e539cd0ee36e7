"""A file handed in through the browser, on its way to the import services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.utils import timezone

from amiable.apps.insights import intake

if TYPE_CHECKING:
    from amiable.apps.imports.services import ImportResult
    from amiable.apps.tenants.models import Organization


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
    if kind in {"statement", "tracking"} and result.run_id and result.state != "refused":
        intake.imports_follow(organization.pk, now=now)
    return result
