"""A pool of virtual IBANs as its provider lists it, as CSV or XLSX: the IBANs, and beside them what
is stated of BIC, currency, state, creditor, and of the customer or invoice that one stands for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from amiable.core.numbers import plain
from amiable.core.records import VirtualIbanRow
from amiable.core.sentences import Param, Sentence, declare, gettext_noop
from amiable.core.virtual_ibans import bic_problem, currency_problem, iban_clean, iban_problem
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.imports._customers import clean
from amiable.plugins.imports._fields import Names
from amiable.plugins.imports._rows import rows_read, table_of
from amiable.plugins.imports._sniff import head_has, is_workbook
from amiable.plugins.imports._table import Problems, RefusedFileError, Table
from amiable.plugins.statements import _columns as statement

declare(
    {
        "virtual_iban.none": gettext_noop("The row has no IBAN."),
        "virtual_iban.twice": gettext_noop(
            "{iban} is already on line {first}. Keep one of the two rows."
        ),
        "virtual_iban.state": gettext_noop(
            "“{value}” is not a state we know: write active or closed."
        ),
    }
)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


# Names that only a list of virtual IBANs has; a column called IBAN alone is any list's.
_SURE = _names(
    "iban virtuel, ibans virtuels, iban virtuels, viban, v iban, vibans, virtual iban,"
    "virtual ibans, iban secondaire, virtual account iban"
)
NAMES: Names = {
    "iban": (*_SURE, *_names("iban, numero iban, iban number, account, compte, rib")),
    "bic": _names("bic, code bic, bic swift, swift, code swift, swift bic, swift code"),
    "currency": _names("devise, code devise, currency, currency code, monnaie, ccy"),
    "state": _names("statut, etat, status, state, actif, active"),
    "reference": _names(
        "reference fournisseur, identifiant, identifiant iban, id iban, reference, ref,"
        "provider reference, external id, virtual iban id, id, libelle, label, nom, name, alias"
    ),
    "creditor": _names("creancier, code creancier, societe, entite, creditor, creditor code"),
    "customer": _names(
        "code client, numero client, n client, client, ref client, compte client, code tiers,"
        "code point de vente, point de vente, magasin, outlet, outlet code, customer code,"
        "customer number, customer, customer id"
    ),
    "invoice": _names(
        "numero de facture, numero facture, n de facture, n facture, facture, invoice number,"
        "invoice no, invoice"
    ),
}
NEEDS = (("iban",),)
_OPEN = frozenset(
    _names(
        "active, actif, enabled, ouvert, open, libre, free, available, disponible, attribue,"
        "assigned, en service, oui, yes, true, 1"
    )
)
_CLOSED = frozenset(
    _names(
        "closed, ferme, cloture, disabled, canceled, cancelled, annule, inactive, inactif,"
        "suspended, suspendu, desactive, deactivated, deleted, supprime, bloque, blocked, non, no,"
        "false, 0"
    )
)


class VirtualIbans:
    """CSV or XLSX of a provider's virtual IBANs."""

    code = "virtual_ibans"
    kind: FileKind = "virtual_ibans"
    label = gettext_noop("Virtual IBANs (CSV, XLSX)")

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether a column is called virtual IBAN, in what is no statement; any workbook may."""
        if is_workbook(head, name):
            return True
        is_statement = head_has(head, statement.NAMES, statement.NEEDS, at_least=3)
        return not is_statement and head_has(head, {"iban": _SURE}, NEEDS)

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """The IBANs of the file."""
        try:
            table = table_of(path, options, NAMES, NEEDS)
        except RefusedFileError as refusal:
            return ReadResult(self.kind, self.code, errors=refusal.errors)
        problems = Problems()
        reader = _Reader(table, problems, options.currency)
        found, result = rows_read(
            table,
            problems,
            reader.row,
            kind=self.kind,
            code=self.code,
        )
        summary = {**result.summary, "virtual_ibans": len(found)}
        return replace(result, virtual_ibans=tuple(found), summary=summary)


@dataclass(slots=True)
class _Reader:
    """Reads rows one after the other; `seen` = the line of each IBAN so far."""

    table: Table
    problems: Problems
    currency: str
    seen: dict[str, int] = field(default_factory=dict)

    def row(self, line: int, cells: list[str]) -> VirtualIbanRow | None:
        """One IBAN, or None when something in the row is wrong, which is then said."""
        texts = {name: clean(cells[index]) for name, index in self.table.columns.items()}
        state = plain(texts.get("state", ""))
        row = VirtualIbanRow(
            line=line,
            iban=iban_clean(texts["iban"]),
            bic=iban_clean(texts.get("bic", "")),
            currency=texts.get("currency", "").upper() or self.currency,
            reference=texts.get("reference", "")[:80],
            creditor=texts.get("creditor", "")[:200],
            customer=texts.get("customer", "")[:60],
            invoice=texts.get("invoice", "")[:60],
            is_closed=state in _CLOSED if state else None,
        )
        return None if self._wrong(row, state) else row

    def _wrong(self, row: VirtualIbanRow, state: str) -> bool:
        """Whether anything is wrong with a row; each thing is said with its column."""
        told: dict[str, Param] = {"iban": row.iban, "first": self.seen.get(row.iban, 0)}
        twice = Sentence("virtual_iban.twice", told)
        known = not state or state in _OPEN or state in _CLOSED
        wrong = {
            "currency": currency_problem(row.currency),
            "iban": (None if row.iban else Sentence("virtual_iban.none"))
            or iban_problem(row.iban, row.currency)
            or (twice if row.iban in self.seen else None),
            "bic": bic_problem(row.bic),
            "state": None if known else Sentence("virtual_iban.state", {"value": state[:40]}),
        }
        self.seen.setdefault(row.iban, row.line)
        for name, why in wrong.items():
            if why is not None:
                columns = self.table.columns
                column = self.table.header[columns[name]] if name in columns else ""
                self.problems.error(row.line, column, why.code, **why.params)
        return any(wrong.values())


PLUGIN = VirtualIbans()
