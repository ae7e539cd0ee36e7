"""Which debts money assigned by hand settles, in the law's order or as agreed, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from amiable.apps.banking.terms import payer_terms
from amiable.apps.customers.models import Customer
from amiable.apps.dunning.writing.claims import CURRENCY, REGIMES, reductions
from amiable.apps.insights.customer_file import CustomerFile
from amiable.apps.receivables.queries import OpenItem
from amiable.core import allocation
from amiable.core.claims import claim
from amiable.core.interest import RateError
from amiable.core.law import fr
from amiable.core.matching.facts import Terms
from amiable.core.money import Money
from amiable.core.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Spread:
    """`parts` = ((invoice, amount), ...) with `allocations` = [(installment, minor units)] as the
    services take them; `why` = the rules that decided, with their articles."""

    parts: tuple[tuple[OpenItem, Money], ...]
    why: tuple[Sentence, ...]

    @property
    def allocations(self) -> list[tuple[int, int]]:
        return [(item.id, money.amount_minor) for item, money in self.parts]


def spread(
    organization_id: int,
    file: CustomerFile,
    amount: Money,
    *,
    on: date,
    among: Collection[int] | None = None,
) -> Spread:
    """Spread money received on a day over open items (`among` some of them, None = all).

    What no item takes stays on the customer's account.
    """
    items = {
        row.item.id: row.item
        for position in file.positions
        if position.currency == amount.currency
        for row in position.items
        if row.item.open_minor > 0 and (among is None or row.item.id in among)
    }
    terms = next(payer_terms(organization_id, {file.customer.pk}), Terms(file.customer.pk))
    debts = [allocation.Debt(i.id, i.due_date, i.open_minor) for i in items.values()]
    parts = allocation.allocate(amount.amount_minor, debts, on=on, order=terms.order)
    why = allocation.allocation_reasons(debts, parts, on=on, order=terms.order, agreed=terms.agreed)
    interest = _interest_said(file.customer, [(items[i], part) for i, part in parts], on)
    return Spread(
        tuple((items[i], Money(part, amount.currency)) for i, part in parts), (*why, *interest)
    )


def _interest_said(
    customer: Customer, parts: Sequence[tuple[OpenItem, int]], on: date
) -> Iterator[Sentence]:
    """Of part payments of late debts on which the creditor claims interest: what of them the law
    counts against interest. A consumer owes none before a formal notice, which is told there."""
    late = [(item, part) for item, part in parts if part < item.open_minor and item.due_date < on]
    creditor = customer.creditor
    if not late or not creditor.claims_from or customer.kind == "consumer":
        return
    paid = reductions(customer.organization_id, {item.id for item, _ in late})
    for item, part in late:
        if item.currency != CURRENCY:
            continue
        rate = creditor.late_rate_bp if customer.kind == "company" else None
        contract = None if rate is None else Decimal(rate) / 100
        before = tuple(paid.get(item.id, ()))
        total = item.open_minor + sum(each.amount_minor for each in before)
        debt = fr.Debt(total, item.due_date, on, REGIMES[customer.kind], contract)  # type: ignore[index]
        try:
            owed = claim(debt, before).interest_minor
        except RateError:
            continue
        (counted,) = allocation.impute([(item.id, part)], {item.id: owed})
        values = {
            "interest": Money(counted.interest_minor, item.currency),
            "principal": Money(counted.principal_minor, item.currency),
            "article": allocation.interest_article(on),
        }
        yield Sentence("order.interest", values)
