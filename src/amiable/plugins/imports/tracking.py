"""What the post or a mail house says of registered letters, as CSV or XLSX: number, day, status in
words. Letters of other senders may be among them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from amiable.core.numbers import day
from amiable.core.records import TrackingRow
from amiable.core.registered import number_clean, number_problem, status_kind
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._fields import Names
from amiable.plugins.imports._rows import rows_read, table_of
from amiable.plugins.imports._sniff import head_has, is_workbook
from amiable.plugins.imports._table import Problems, RefusedFileError, Table

declare(
    {
        "tracking.status": gettext_noop(
            "“{value}” is not a status we know: write deposited, presented, accepted, refused, "
            "unclaimed or returned, or what the post writes."
        ),
        "tracking.date": gettext_noop("“{value}” is not a date: write 2026-11-20 or 20/11/2026."),
        "tracking.no_number": gettext_noop("The row has no number of a letter."),
    }
)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


NAMES: Names = {
    "tracking_number": _names(
        "numero de suivi, numero suivi, n de suivi, n suivi, numero de recommande,"
        "numero recommande, n de recommande, n recommande, numero lr, n lr, numero lrar, n lrar,"
        "numero de l envoi, numero d envoi, numero envoi, n d envoi, numero du pli, numero de pli,"
        "code barres, code suivi, tracking number, tracking no, tracking id, tracking,"
        "registered number, item number, item id, numero, n, number"
    ),
    "status": _names(
        "statut, statut de l envoi, statut du pli, etat, etat de l envoi, etat du pli, evenement,"
        "dernier evenement, libelle statut, libelle evenement, status, state, event, last event"
    ),
    "status_date": _names(
        "date statut, date du statut, date de statut, date evenement, date de l evenement,"
        "date d evenement, date de distribution, date distribution, status date, event date,"
        "date etat, date"
    ),
    "detail": _names("motif, detail, details, commentaire, precision, reason, comment, remark"),
}
# The hour behind a date, where there is one, is not kept: a letter counts by the day.
_HOUR = re.compile(r"(?:T| +|, ?| à )\d{1,2}[:h]\d{2}.{0,16}$")
NEEDS = (("tracking_number",), ("status",), ("status_date",))


class Tracking:
    """CSV or XLSX of what became of registered letters."""

    code = "tracking"
    kind: FileKind = "tracking"
    label = gettext_noop("Registered letters (CSV, XLSX)")

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether the columns name a letter, its status and a day; any workbook may."""
        return is_workbook(head, name) or head_has(head, NAMES, NEEDS, at_least=3)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """The reports of the file."""
        try:
            table = table_of(path, options, NAMES, NEEDS)
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        problems = Problems()
        found, result = rows_read(
            table,
            problems,
            lambda line, cells: _row(table, line, cells, problems),
            kind=self.kind,
            code=self.code,
        )
        summary = {**result.summary, "reports": len(found)}
        return replace(result, tracking=tuple(found), summary=summary)


def _row(table: Table, line: int, cells: list[str], problems: Problems) -> TrackingRow | None:
    """One report, or None when something in it is wrong, which is then said."""
    before = len(problems.errors)
    texts = {field: cells[index].strip() for field, index in table.columns.items()}
    columns = {field: table.header[index] for field, index in table.columns.items()}
    number, status, on = texts["tracking_number"], texts["status"], None
    wrong = number_problem(number) if number else None
    if not number:
        problems.error(line, columns["tracking_number"], "tracking.no_number")
    elif wrong:
        problems.error(line, columns["tracking_number"], wrong.code, **wrong.params)
    detail = texts.get("detail", "")
    kind = status_kind(status) or status_kind(f"{status} {detail}")
    if kind is None:
        problems.error(line, columns["status"], "tracking.status", value=status[:80])
    try:
        on = day(_HOUR.sub("", texts["status_date"]))
    except ValueError:
        value = texts["status_date"][:80]
        problems.error(line, columns["status_date"], "tracking.date", value=value)
    if kind is None or on is None or len(problems.errors) > before:
        return None
    told = " · ".join(text for text in (status, detail) if text)
    return TrackingRow(line, number_clean(number), kind, on, told[:200])


PLUGIN = Tracking()
