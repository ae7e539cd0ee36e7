"""Files of any kind let in, and what follows: money matched, cases looked at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from amiable.apps.banking.services import StatementError, lines_match, statement_import
from amiable.apps.banking.virtual_ibans import virtual_ibans_import
from amiable.apps.dunning.debiting.results import debits_follow, debits_refuse
from amiable.apps.dunning.requesting.campaigns import RequestError
from amiable.apps.dunning.requesting.drawing import Wish, file_draw
from amiable.apps.dunning.services import cases_replan
from amiable.apps.imports.drops import DropCounts, drops_read
from amiable.apps.imports.services import ImportResult, Origin, RefusedImportError, import_run
from amiable.apps.imports.writers import Written
from amiable.apps.messaging.delivery.registered import tracking_record
from amiable.apps.payments.payouts import payouts_record
from amiable.apps.tenants.models import Creditor, Organization
from amiable.apps.work.services import job
from amiable.core.records import RowError
from amiable.plugins.base import FileKind, ReadResult

# Files that tell what was paid or arrived: what follows from them is done at once.
FOLLOWED = frozenset({"statement", "payouts", "tracking", "debit_results"})


def file_import(
    organization: Organization,
    kind: FileKind,
    *,
    source: Path | bytes,
    filename: str,
    now: datetime,
    actor: str,
    account: str = "",
    ask_by: Sequence[Any] = (),
    **options: Any,
) -> ImportResult:
    """Let a file in, on the business day of `now` (aware); `options` and errors as import_run.

    `account` is that of a statement whose file names none; `ask_by` the media by which to request
    the payment of the invoices of the file.
    """
    on = timezone.localtime(now).date()

    def write(read: ReadResult, origin: Origin) -> Any:
        if read.kind == "virtual_ibans":
            return _pool_write(
                organization.pk, read, partial=options.get("partial", False), source=origin.source,
                creditor=options.get("creditor", ""), on=on, actor=actor,
            )  # fmt: skip
        if read.kind == "payouts":
            return _payouts_write(
                organization.pk, read, source=origin.source,
                creditor=options.get("creditor", ""), on=on, actor=actor,
            )  # fmt: skip
        if read.kind == "debit_results":
            return _results_write(organization.pk, read, on=on, actor=actor)
        if read.kind == "tracking":
            return tracking_record(organization.pk, read.tracking, on=on, now=now, actor=actor)
        notes: list[RowError] = []
        try:
            counts = statement_import(
                organization.pk, read.statements, source=origin.source, on=on, actor=actor,
                account=account or origin.account, notes=notes, progress=origin.progress,
            )  # fmt: skip
        except StatementError as error:
            raise RefusedImportError(error.sentence) from error
        return counts, notes

    order = {"source": source, "filename": filename, "on": on, "actor": actor, "write": write}
    result = import_run(organization, kind, **order, **options)
    if ask_by:
        _ask(organization.pk, result, ask_by, now=now, actor=actor)
    return result


def _ask(
    organization_id: int, result: ImportResult, media: Sequence[Any], *, now: datetime, actor: str
) -> None:
    """Draw requests for payment up over what a file holds; one of credit notes alone has none."""
    if result.run_id is not None and result.invoice_ids:
        wish = Wish(result.filename, media, result.sha256, result.run_id)
        with suppress(RequestError):
            file_draw(organization_id, wish, result.invoice_ids, now=now, actor=actor)


def _results_write(organization_id: int, read: ReadResult, *, on: date, actor: str) -> Written:
    """Write down what the bank refused; what is none of ours, or over, is told and passed over."""
    lines = {each.end_to_end_id: each.line for each in read.debit_results}
    refused, passed = debits_refuse(organization_id, read.debit_results, on=on, actor=actor)
    warnings = [
        RowError(lines[name], "OrgnlEndToEndId", code, {"reference": name})
        for name, code in passed.items()
    ]
    counts = Counter(debits_refused=refused, passed_over=len(passed))
    return Written(counts, warnings=warnings, changed=refused > 0)


def _pool_write(organization_id: int, read: ReadResult, *, partial: bool, **origin: Any) -> Written:
    """Take virtual IBANs in: whole or not at all, in part without the rows in error."""
    rows, errors = list(read.virtual_ibans), []
    change = virtual_ibans_import(organization_id, rows, **origin)
    while partial and change.errors:
        errors += change.errors
        wrong = {error.line for error in change.errors}
        rows = [row for row in rows if row.line not in wrong]
        change = virtual_ibans_import(organization_id, rows, **origin)
    changed = any(count for name, count in change.counts.items() if name != "unchanged")
    return Written(change.counts, errors=[*errors, *change.errors], changed=changed)


def _payouts_write(
    organization_id: int, read: ReadResult, *, source: str, creditor: str, on: date, actor: str
) -> tuple[dict[str, int], list[RowError]]:
    """Write the payouts of a report down, of the creditor whose account at the provider it is."""
    creditors = Creditor.objects.filter(organization_id=organization_id, code=creditor)
    creditor_id = creditors.values_list("id", flat=True).first() if creditor else None
    notes: list[RowError] = []
    counts = payouts_record(
        organization_id, read.payouts, source=source, on=on, actor=actor, creditor_id=creditor_id,
        notes=notes,
    )  # fmt: skip
    return counts, notes


def imports_follow(
    organization_id: int,
    *,
    now: datetime,
    job_id: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """After files came in: match what the bank said, and plan the cases that this changes.

    It is a job, or the queued one of `job_id`; `progress(done, total)` hears of the lines too.
    """
    on = timezone.localtime(now).date()
    with job(organization_id, "match", on=on, job_id=job_id) as seen:

        def told(done: int, total: int) -> None:
            seen(done, total)
            if progress:
                progress(done, total)

        seen.result = lines_match(organization_id, on=on, progress=told)
        debits_follow(organization_id, on=on)
        cases_replan(organization_id, on=on)


def drops_take(
    *,
    now: datetime,
    organization_id: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DropCounts:
    """Take the files that lie in the drops, of one organization or of all, with what follows;
    `progress` as for imports_follow."""

    def enter(organization: Organization, kind: FileKind, **order: Any) -> ImportResult:
        return file_import(organization, kind, actor="drop", **order)

    counts = drops_read(enter, now=now, organization_id=organization_id)
    for entered in sorted(counts.entered):
        imports_follow(entered, now=now, progress=progress)
    return counts
