"""From read rows to the accounts: rows are sorted by creditor, then each creditor is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from amiable.apps.cases.services import cases_ensure, cases_wake
from amiable.apps.customers.queries import codes_by_siren, names_known
from amiable.apps.customers.services import ambiguous_error, customer_key, customers_upsert
from amiable.apps.receivables.invoices import invoices_upsert
from amiable.apps.tenants.models import Creditor, Organization
from amiable.apps.tenants.queries import creditors
from amiable.core.records import CustomerRow, InvoiceRow, RowError
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import ReadResult

declare(
    {
        "creditor.unknown": gettext_noop("There is no creditor {value}. There are: {known}."),
        "creditor.unstated": gettext_noop(
            "The row does not say which creditor is owed. Add a creditor column or choose one for "
            "the file: {known}."
        ),
        "creditor.other_seller": gettext_noop(
            "The invoice was issued by SIREN {siren}, which is none of the creditors: {known}. It "
            "is nothing that is owed to you."
        ),
    }
)

Row = TypeVar("Row", CustomerRow, InvoiceRow)


@dataclass
class Written:
    """Counts by name, rows that could not enter (`warnings`: that are passed over), and whether
    anything was written at all. Their columns are names of our fields. `invoice_ids` = of the
    documents that the file holds, new or known."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    changed: bool = False
    invoice_ids: set[int] = field(default_factory=set)


def invoices_write(
    organization: Organization,
    read: ReadResult,
    *,
    creditor: str,
    on: date,
    source: str,
    full: bool,
) -> Written:
    """Enter invoices and wake the cases they touch. Call inside a transaction."""
    written = Written()
    choice = _Creditors(organization.id, creditor)
    groups = choice.sort(read.invoices, written.errors)
    settled = choice.sort(read.settled, [])
    touched: set[tuple[int, str]] = set()
    for creditor_id in sorted({*groups, *settled} or choice.default_ids):
        rows = _of_known(organization.id, creditor_id, groups[creditor_id])
        done = invoices_upsert(
            organization.id, creditor_id, rows, on=on, source=source, full_export=full,
            settled=settled[creditor_id],
        )  # fmt: skip
        written.counts += done.counts
        written.errors += done.errors
        written.missing += done.missing
        written.invoice_ids |= done.present
        touched |= done.touched
    _wake(organization.id, touched, on=on)
    written.changed = bool(
        touched
        or written.counts["customers_created"]
        or written.counts["customers_updated"]
        or written.counts["lines"]
    )
    for name in ("created", "updated", "unchanged", "missing"):
        written.counts.setdefault(name, 0)
    return written


def customers_write(
    organization: Organization, read: ReadResult, *, creditor: str, on: date
) -> Written:
    """Enter customers; the cases of changed ones are looked at again."""
    written = Written()
    groups = _Creditors(organization.id, creditor).sort(read.customers, written.errors)
    for creditor_id, rows in sorted(groups.items()):
        done = customers_upsert(organization.id, creditor_id, rows, on=on)
        unclear = [row for row in rows if customer_key(row) in done.ambiguous]
        written.errors += [ambiguous_error(row.line, row) for row in unclear]
        written.counts["created"] += len(done.created)
        written.counts["updated"] += len(done.updated)
        written.counts["unchanged"] += len({*done.ids.values()} - done.created - done.updated)
        cases_wake(organization.id, done.updated, on=on)
    written.changed = bool(written.counts["created"] or written.counts["updated"])
    return written


def _of_known(
    organization_id: int, creditor_id: int, rows: Sequence[InvoiceRow]
) -> Sequence[InvoiceRow]:
    """Electronic invoices name their buyer by SIREN, under whatever spelling of its name: it is the
    one customer who bears it, where none has that very name."""
    by_siren = [row for row in rows if row.seller_siren and row.customer.siren]
    if not by_siren:
        return rows
    named = names_known(organization_id, creditor_id, {row.customer.name for row in by_siren})
    codes = codes_by_siren(organization_id, creditor_id, {row.customer.siren for row in by_siren})
    return [
        replace(row, customer=replace(row.customer, code=codes[row.customer.siren], name=""))
        if row.customer.siren in codes and row.customer.name not in named
        else row
        for row in rows
    ]


def _wake(organization_id: int, touched: set[tuple[int, str]], *, on: date) -> None:
    cases_ensure(organization_id, touched, on=on)
    cases_wake(organization_id, {customer_id for customer_id, _ in touched}, on=on)


class _Creditors:
    """Which creditor a row belongs to: its own column, the file's choice, or the only one."""

    def __init__(self, organization_id: int, chosen: str) -> None:
        known = creditors(organization_id)
        self._names = ", ".join(c.code for c in known) or "-"
        self._ids = {c.name.casefold(): c.id for c in known}
        self._ids |= {c.code.casefold(): c.id for c in known}
        self._sirens = {c.siren: c.id for c in known if c.siren}
        self._all_known = all(c.siren for c in known)
        self._default = self._find(chosen, known)
        self.default_ids = {self._default} if self._default else set()

    def _find(self, chosen: str, known: list[Creditor]) -> int | None:
        if chosen:
            if chosen.casefold() not in self._ids:
                raise LookupError(f"no creditor {chosen!r}; there are: {self._names}")
            return self._ids[chosen.casefold()]
        return known[0].id if len(known) == 1 else None

    def sort(self, rows: Iterable[Row], errors: list[RowError]) -> defaultdict[int, list[Row]]:
        """Rows by creditor id; a row of no known creditor is an error."""
        groups: defaultdict[int, list[Row]] = defaultdict(list)
        for row in rows:
            stated = row.customer.creditor if isinstance(row, InvoiceRow) else row.creditor
            seller = row.seller_siren if isinstance(row, InvoiceRow) else ""
            found = self._ids.get(stated.casefold()) if stated else self._of(seller)
            if found is not None:
                groups[found].append(row)
                continue
            code = "creditor.unknown" if stated else "creditor.unstated"
            params = {"known": self._names} | ({"value": stated} if stated else {})
            if seller and self._all_known:
                code, params = "creditor.other_seller", {**params, "siren": seller}
            errors.append(RowError(row.line, "creditor", code, params))
        return groups

    def _of(self, seller: str) -> int | None:
        """The creditor of a SIREN; the file's, where none is stated or ours are not all known."""
        if seller in self._sirens or (seller and self._all_known):
            return self._sirens.get(seller)
        return self._default
