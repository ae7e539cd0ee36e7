"""PayPal's activity report (Reports > Activity download, "Balance affecting") as CSV, in French or
English.

https://www.paypal.com/reports/dlog: a transfer to the bank takes what came since the one before;
the column of the balance says what was left then, so that each adds up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from amiable.core import numbers
from amiable.core.payouts import PartKind, PayoutPart, PayoutRow
from amiable.core.sentences import gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._fields import Names
from amiable.plugins.imports._rows import rows_read, table_of
from amiable.plugins.imports._sniff import head_has
from amiable.plugins.imports._table import Problems, RefusedFileError, Table
from amiable.plugins.payouts._report import Cells, UnreadableError, summary_of

_OUT = re.compile(
    r"withdraw|transfer to (?:your )?bank|retrait|virement .*vers (?:le|votre) compte"
)
_BACK = re.compile(r"refund|rembours")
_CHARGED = re.compile(r"chargeback|reversal|dispute|opposition|litige|contre-passation")
_FEE = re.compile(r"^(?:fee|frais|commission)|\bfee\b")
_DONE = frozenset({"", "completed", "termine", "terminee", "effectue", "effectuee"})
_NO_MONEY = frozenset({"memo", "pour memoire"})


@dataclass(frozen=True, slots=True)
class _Said:
    """A row: `is_out` = a transfer to the bank; `balance_minor` after it."""

    line: int
    currency: str
    on: date
    part: PayoutPart
    is_out: bool
    balance_minor: int | None


NAMES: Names = {
    "on": ("date",),
    "type": ("type", "description"),
    "status": ("status", "etat", "statut"),
    "currency": ("currency", "devise"),
    "gross": ("gross", "avant commission", "brut"),
    "fee": ("fee", "commission", "frais"),
    "net": ("net",),
    "balance": ("balance", "solde"),
    "impact": ("balance impact", "impact sur le solde"),
    "name": ("transaction id", "numero de transaction"),
    "about": ("reference txn id", "numero de la transaction de reference"),
    "invoice": ("invoice number", "invoice id", "numero de facture", "identifiant de facture"),
    "title": ("item title", "titre de l objet"),
    "payer_name": ("name", "nom"),
}
NEEDS = (
    ("on",), ("type",), ("currency",), ("gross",), ("fee",), ("net",), ("name",), ("about",),
)  # fmt: skip


class PayPal:
    """Rows in the order of time, cut at each transfer to the bank."""

    code = "payouts_paypal"
    kind: FileKind = "payouts"
    label = gettext_noop("PayPal activity (CSV)")

    def sniff(self, head: bytes, _name: str) -> bool:
        """Whether one of the first rows has all the columns that the report needs."""
        return head_has(head, NAMES, NEEDS, at_least=len(NEEDS))

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """The payouts of the file, each whole; what came after the last one waits."""
        try:
            table = table_of(path, options, NAMES, NEEDS)
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        problems = Problems()
        order = _order(table)
        found, result = rows_read(
            table,
            problems,
            lambda line, cells: _row(table, line, cells, problems, order),
            kind=self.kind,
            code=self.code,
        )
        said = [each for each in found if isinstance(each, _Said)]
        # Where a row is missing nothing adds up: then nothing is told.
        payouts = () if result.errors else tuple(_payouts(said))
        summary = {**result.summary, "payouts": [summary_of(row) for row in payouts]}
        return replace(result, payouts=payouts, summary=summary)


def _order(table: Table) -> numbers.DayOrder:
    """Days first, unless a day of the file proves that months are."""
    at = table.columns["on"]
    try:
        for _, cells in table.rows():
            found = re.match(r"\s*\d{1,2}/(\d{1,2})/\d{4}", cells[at] if at < len(cells) else "")
            if found and int(found[1]) > 12:
                return "mdy"
    except RefusedFileError:
        pass
    return "dmy"


def _row(
    table: Table, line: int, cells: list[str], problems: Problems, order: numbers.DayOrder
) -> _Said | bool | None:
    """A movement, True for a row that moved nothing, None for one that cannot be read."""
    texts = {name: cells[index].strip() for name, index in table.columns.items()}
    header = {name: table.header[index] for name, index in table.columns.items()}
    read = Cells(line, texts, header, problems, mark="", order=order)
    status, impact = (numbers.plain(read.text(name)) for name in ("status", "impact"))
    if status not in _DONE or impact in _NO_MONEY:
        return True
    try:
        return _said(read)
    except UnreadableError:
        return None


def _said(read: Cells) -> _Said:
    currency, told = read.currency("currency"), numbers.plain(read.needed("type"))
    gross, cost, net = (read.amount(name, currency) for name in ("gross", "fee", "net"))
    read.summed(gross, -cost, net, currency)
    texts = (read.text("title"), read.text("invoice"))
    kind = _kind(told, gross)
    part = PayoutPart(
        name=read.needed("name"),
        kind=kind,
        amount_minor=gross,
        fee_minor=-cost,
        reference=read.needed("name") if kind == "payment" else read.text("about"),
        on=read.day("on"),
        label=" ".join(text for text in texts if text) or read.text("type"),
        payer_name=read.text("payer_name"),
    )
    balance = read.amount("balance", currency) if read.text("balance") else None
    is_out = bool(_OUT.search(told)) and gross < 0
    return _Said(read.line, currency, read.day("on"), part, is_out, balance)


def _kind(told: str, gross: int) -> PartKind:
    if _BACK.search(told):
        return "refund"
    if _CHARGED.search(told):
        return "chargeback"
    if _FEE.search(told):
        return "fee"
    return "payment" if gross > 0 else "adjustment"


def _payouts(said: Sequence[_Said]) -> Iterator[PayoutRow]:
    """Cut at transfers to the bank, each currency by itself, the oldest first."""
    if said and said[0].on > said[-1].on:
        said = said[::-1]
    waiting: dict[str, list[PayoutPart]] = {}
    for each in said:
        parts = waiting.setdefault(each.currency, [])
        if not parts and each.balance_minor is not None:
            parts += _left(each, each.balance_minor - _net(each.part), "brought")
        if not each.is_out:
            parts.append(each.part)
            continue
        parts += _left(each, -(each.balance_minor or 0), "left")
        waiting[each.currency] = []
        yield PayoutRow(
            each.line, "paypal", each.part.name, each.currency, -_net(each.part), each.on,
            tuple(parts),
        )  # fmt: skip


def _left(each: _Said, amount: int, name: str) -> list[PayoutPart]:
    """What was on the balance before, or stays there."""
    if not amount:
        return []
    return [PayoutPart(f"{name}-{each.part.name}", "adjustment", amount, on=each.part.on)]


def _net(part: PayoutPart) -> int:
    return part.amount_minor - part.fee_minor


PLUGIN = PayPal()
