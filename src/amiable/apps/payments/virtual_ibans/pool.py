"""The pool of virtual IBANs as providers state it: taken in whole, read again without a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import VirtualIban, VirtualIbanAssignment
from amiable.apps.payments.services import Cases
from amiable.apps.payments.virtual_ibans.assigning import (
    Target,
    assignments_end,
    assignments_make,
)
from amiable.apps.receivables.models import Invoice
from amiable.apps.tenants.models import Creditor
from amiable.core.records import RowError, VirtualIbanRow
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.virtual_ibans import bic_problem, currency_problem, iban_clean, iban_problem

declare(
    {
        "virtual_iban.own": gettext_noop(
            "{iban} is the account of {creditor} itself: a pool holds only IBANs that lead to it"
        ),
        "virtual_iban.payer": gettext_noop(
            "{iban} is known as the account that {customer} pays from: it cannot be yours as well"
        ),
        "virtual_iban.of_other": gettext_noop(
            "{iban} is in the pool of {creditor} already: an IBAN leads to one creditor"
        ),
        "virtual_iban.unknown_creditor": gettext_noop(
            "there is no creditor {value}; there are: {known}"
        ),
        "virtual_iban.no_creditor": gettext_noop(
            "the row does not say whose account the IBAN leads to: add a creditor column or choose "
            "one for the file: {known}"
        ),
        "virtual_iban.invoice_alone": gettext_noop(
            "the row names the invoice {value} without its customer: add the customer's code"
        ),
    }
)


@dataclass(slots=True)
class PoolChange:
    """What a pool brought. Counts: created, updated (BIC or reference), closed, reopened,
    assigned, unchanged. With `errors` nothing was written at all."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)


COUNTS = ("created", "updated", "closed", "reopened", "assigned", "unchanged")


class _UndoError(Exception):
    """Takes back what was written beside an error."""


def virtual_ibans_import(
    organization_id: int,
    rows: Sequence[VirtualIbanRow],
    *,
    source: str,
    on: date,
    actor: str,
    cases: Cases,
    creditor: str = "",
    own: Collection[str] = (),
) -> PoolChange:
    """Take a pool in, all or nothing; the same again changes nothing.

    `creditor` = code or name for rows that name none; `own` = the organization's accounts, none of
    which is virtual; a row with a customer (and an invoice) is assigned on the way. An IBAN that
    the provider has closed is ended, with what it stood for. IBANs that are not in the file stay.
    """
    change = PoolChange()
    try:
        with transaction.atomic():
            run = _Import(organization_id, source[:120], on, actor, cases, change)
            run.go(rows, chosen=creditor, own={iban_clean(each) for each in own})
            if change.errors:
                raise _UndoError
            change.counts.update(dict.fromkeys(COUNTS, 0))
            if any(count for name, count in change.counts.items() if name != "unchanged"):
                payload = {"source": run.source, "counts": dict(change.counts)}
                told = Happening("virtual_iban.imported", on, actor, payload=payload)
                event_record(organization_id, told)
    except _UndoError:
        change.counts.clear()
    return change


@dataclass(slots=True)
class _Import:
    organization_id: int
    source: str
    on: date
    actor: str
    cases: Cases
    change: PoolChange

    def go(self, rows: Sequence[VirtualIbanRow], *, chosen: str, own: Collection[str]) -> None:
        """Check every row, then write them all, then let them stand for whom they name."""
        creditors = list(
            Creditor.objects.filter(organization_id=self.organization_id)
            .order_by("id")
            .select_for_update(no_key=True)
        )
        owners = self._owners(rows, creditors, chosen)
        accounts = {iban_clean(each.iban): each.name for each in creditors if each.iban}
        accounts |= {iban: self.source for iban in own if iban not in accounts}
        ibans = {row.iban for row in rows}
        known = {
            row.iban: row
            for row in VirtualIban.objects.filter(
                organization_id=self.organization_id, iban__among=ibans
            ).select_related("creditor")
        }
        payers = dict(
            Customer.objects.filter(
                organization_id=self.organization_id, ibans__iban__among=ibans
            ).values_list("ibans__iban", "name")
        )
        good: list[VirtualIbanRow] = []
        for row in rows:
            owner = owners.get(row.line)
            wrong = _row_problem(row) or _account_problem(row, accounts, payers)
            before = known.get(row.iban)
            if wrong is None and owner and before and before.creditor_id != owner.pk:
                told = {"iban": row.iban, "creditor": before.creditor.name}
                wrong = Sentence("virtual_iban.of_other", told)
            if wrong is not None:
                self._refuse(row, "iban", wrong)
            elif owner is not None:
                good.append(row)
        self._write(good, owners, known)
        self._assign(good, owners)

    def _owners(
        self, rows: Sequence[VirtualIbanRow], creditors: Sequence[Creditor], chosen: str
    ) -> dict[int, Creditor]:
        """The creditor of each line; rows of none are refused."""
        by_name = {each.name.casefold(): each for each in creditors}
        by_name |= {each.code.casefold(): each for each in creditors}
        listed = ", ".join(each.code for each in creditors) or "-"
        only = creditors[0] if len(creditors) == 1 else None
        found: dict[int, Creditor] = {}
        for row in rows:
            stated = row.creditor or chosen
            owner = by_name.get(stated.casefold()) if stated else only
            if owner is not None:
                found[row.line] = owner
                continue
            code = "virtual_iban.unknown_creditor" if stated else "virtual_iban.no_creditor"
            told = {"known": listed, **({"value": stated[:40]} if stated else {})}
            self._refuse(row, "creditor", Sentence(code, told))
        return found

    def _write(
        self,
        rows: Sequence[VirtualIbanRow],
        owners: Mapping[int, Creditor],
        known: Mapping[str, VirtualIban],
    ) -> None:
        fresh, changed, closed = [], [], []
        for row in rows:
            before = known.get(row.iban)
            if before is None:
                fresh.append(self._fresh(row, owners[row.line]))
                continue
            what = _differences(before, row, self.on)
            self.change.counts.update(what or ["unchanged"])
            changed += [before] if what else []
            closed += [before.pk] if "closed" in what else []
        self.change.counts["created"] += len(fresh)
        VirtualIban.objects.bulk_create(fresh, batch_size=500)
        names = ["bic", "provider_reference", "closed_on"]
        VirtualIban.objects.bulk_update(changed, names, batch_size=500)
        ending = VirtualIbanAssignment.objects.filter(
            organization_id=self.organization_id, until_on__isnull=True,
            virtual_iban_id__among=closed,
        )  # fmt: skip
        assignments_end(
            self.organization_id, list(ending.select_related("virtual_iban")), on=self.on,
            actor=self.actor, cases=self.cases,
        )  # fmt: skip

    def _fresh(self, row: VirtualIbanRow, owner: Creditor) -> VirtualIban:
        return VirtualIban(
            organization_id=self.organization_id, creditor=owner, iban=row.iban, bic=row.bic,
            currency=row.currency, provider_reference=row.reference[:80], source=self.source,
            imported_on=self.on, closed_on=self.on if row.is_closed else None,
        )  # fmt: skip

    def _assign(self, rows: Sequence[VirtualIbanRow], owners: Mapping[int, Creditor]) -> None:
        """Rows that say whom their IBAN stands for, as a bank's list of IBANs in use does."""
        wanted = [row for row in rows if (row.customer or row.invoice) and not row.is_closed]
        if not wanted:
            return
        scope = {"organization_id": self.organization_id}
        pool = VirtualIban.objects.filter(**scope, iban__among={row.iban for row in wanted})
        ids = dict(pool.values_list("iban", "id"))
        people = Customer.objects.filter(**scope, code__among={row.customer for row in wanted})
        customers = {(each.creditor_id, each.code): each for each in people}
        of_them = Invoice.objects.filter(**scope, number__among={row.invoice for row in wanted})
        invoices = {(each.customer_id, each.number): each for each in of_them}
        targets: dict[int, Target] = {}
        for row in wanted:
            customer = customers.get((owners[row.line].pk, row.customer))
            if customer is None:
                code = "unknown_customer" if row.customer else "invoice_alone"
                value = row.customer or row.invoice
                self._refuse(row, "customer", Sentence(f"virtual_iban.{code}", {"value": value}))
                continue
            invoice = invoices.get((customer.pk, row.invoice)) if row.invoice else None
            if row.invoice and invoice is None:
                told = {"holder": customer.name, "value": row.invoice}
                self._refuse(row, "invoice", Sentence("virtual_iban.unknown_invoice", told))
                continue
            targets[row.line] = Target(ids[row.iban], customer, invoice)
        made, problems = assignments_make(
            self.organization_id, targets, on=self.on, actor=self.actor, cases=self.cases
        )
        self.change.counts["assigned"] += len(made)
        for row in wanted:
            if row.line in problems:
                self._refuse(row, "customer", problems[row.line])

    def _refuse(self, row: VirtualIbanRow, column: str, why: Sentence) -> None:
        self.change.errors.append(RowError(row.line, column, why.code, why.params))


def _row_problem(row: VirtualIbanRow) -> Sentence | None:
    """What is wrong with a row by itself: a provider is believed no more than a file."""
    return (
        currency_problem(row.currency)
        or iban_problem(row.iban, row.currency)
        or bic_problem(row.bic)
    )


def _account_problem(
    row: VirtualIbanRow, accounts: Mapping[str, str], payers: Mapping[str, str]
) -> Sentence | None:
    """An account of our own, or one that a customer pays from, is no virtual one."""
    if row.iban in accounts:
        told = {"iban": row.iban, "creditor": accounts[row.iban]}
        return Sentence("virtual_iban.own", told)
    if row.iban in payers:
        return Sentence("virtual_iban.payer", {"iban": row.iban, "customer": payers[row.iban]})
    return None


def _differences(before: VirtualIban, row: VirtualIbanRow, on: date) -> list[str]:
    """Bring a known IBAN up to what the provider says; what that was. Silence changes nothing."""
    what = []
    stated = {"bic": row.bic, "provider_reference": row.reference[:80]}
    if any(value and getattr(before, name) != value for name, value in stated.items()):
        for name, value in stated.items():
            setattr(before, name, value or getattr(before, name))
        what.append("updated")
    if row.is_closed and before.closed_on is None:
        before.closed_on = on
        what.append("closed")
    elif row.is_closed is False and before.closed_on is not None:
        before.closed_on = None
        what.append("reopened")
    return what
