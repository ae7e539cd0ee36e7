"""What the matching engine must know, loaded set-based: a fixed number of queries."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef

from amiable.apps.banking.barring import bars, refunds_waiting
from amiable.apps.banking.habits import payers_forbidden, payers_habits
from amiable.apps.banking.models import BankAccount, Match, StatementLine
from amiable.apps.banking.open_book import items_known
from amiable.apps.banking.returnable import payments_returnable
from amiable.apps.banking.terms import limits_of, payer_terms
from amiable.apps.customers.models import Customer as CustomerRow
from amiable.apps.customers.models import CustomerIban
from amiable.apps.payments.models import Payment
from amiable.apps.payments.virtual_ibans.standing import virtual_facts
from amiable.apps.receivables.queries import chunks, credit_left, credits_open
from amiable.core.matching.book import SAME_AMOUNT_EARLY, payer_key
from amiable.core.matching.facts import (
    Customer,
    Hypothesis,
    Line,
    OpenCredit,
    Opening,
    Paid,
)
from amiable.core.virtual_ibans import iban_clean

WAITING = (StatementLine.State.NEW, StatementLine.State.PROPOSED, StatementLine.State.LEFT)
CHUNK = 5000
_ID_BITS = 40  # of a key, the rest is the day
TURNED_DOWN = (Match.State.REFUSED, Match.State.UNDONE)


def waiting_ids(organization_id: int) -> array[int]:
    """Lines on which nothing is decided yet, in booking order: eight bytes each."""
    rows = StatementLine.objects.filter(organization_id=organization_id, state__in=WAITING)
    found = rows.order_by().values_list("booked_on", "id").iterator(chunk_size=CHUNK)
    # Sorted here: a database that sorts by walking along the days reads what is decided too.
    keys = array("Q", sorted(day.toordinal() << _ID_BITS | line_id for day, line_id in found))
    return array("q", (key & (1 << _ID_BITS) - 1 for key in keys))


def waiting_lines(organization_id: int, ids: Collection[int]) -> list[Line]:
    """Those of these lines that still wait, in booking order."""
    rows = StatementLine.objects.filter(
        organization_id=organization_id, state__in=WAITING, id__among=ids
    )
    found = rows.order_by().values_list(*LINE_FIELDS, "statement__account__creditor_id")
    return sorted(map(line_facts, found), key=lambda line: (line.booked_on, line.id))


LINE_FIELDS = ("id", "booked_on", "amount_minor", "currency", "label", "record")


def line_facts(row: Sequence[Any]) -> Line:
    """A stored line for the engine: the values of LINE_FIELDS, and whose account it is on."""
    line_id, booked_on, amount_minor, currency, label, record, *creditor = row
    return Line(
        id=line_id,
        booked_on=booked_on,
        amount_minor=amount_minor,
        currency=currency,
        label=label,
        structured_reference=record.get("structured_reference", ""),
        end_to_end_id=record.get("end_to_end_id", ""),
        payer_name=record.get("payer_name", ""),
        payer_iban=record.get("payer_iban", ""),
        ultimate_payer=record.get("ultimate_payer", ""),
        mandate_id=record.get("mandate_id", ""),
        credited_iban=iban_clean(record.get("credited_iban", "")),
        operation=record.get("operation", ""),
        is_return=record.get("is_return", False),
        return_reason=record.get("return_reason", ""),
        batch_id=record.get("batch_id", ""),
        creditor_id=creditor[0] if creditor else None,
    )


def opening(organization_id: int, lines: Sequence[Line], *, on: date) -> Opening:
    """The state of the accounts before these lines are decided."""
    customers = CustomerRow.objects.filter(organization_id=organization_id)
    accounts = {line.payer_iban for line in lines if line.payer_iban}
    # A virtual IBAN of ours is nobody's own account, whatever a file of customers says.
    virtual = tuple(virtual_facts(organization_id, accounts | _credited(lines)))
    own = BankAccount.objects.filter(organization_id=organization_id)
    back = {-line.amount_minor for line in lines if line.amount_minor < 0 and line.is_return}
    out = any(line.amount_minor < 0 and not line.is_return for line in lines)
    state = Opening(
        items=tuple(items_known(organization_id, lines, on)),
        customers=tuple(
            Customer(*row)
            for row in customers.order_by("id").values_list(
                "id", "name", "code", "creditor_id", "payer_group"
            )
        ),
        credits=tuple(open_credits(organization_id)),
        ibans=tuple(_ibans(organization_id, accounts - {each.iban for each in virtual})),
        payments=tuple(payments_returnable(organization_id, back, on)) if back else (),
        recent=tuple(_recent(organization_id, lines)),
        refused=frozenset(_refused(organization_id, [line.id for line in lines])),
        links=tuple(_links(organization_id, lines)),
        against=frozenset(_against(organization_id, lines)),
        own=frozenset(own.values_list("identifier", flat=True)),
        creditors=creditors_apart(organization_id),
        virtual=virtual,
        limits=limits_of(organization_id),
        terms=tuple(payer_terms(organization_id)),
        refunds=tuple(refunds_waiting(organization_id)) if out else (),
        barred=tuple(bars(organization_id)),
    )
    return replace(
        state,
        habits=tuple(payers_habits(organization_id, state, lines, on=on)),
        against=state.against.union(payers_forbidden(organization_id, state, lines)),
    )


def creditors_apart(organization_id: int) -> tuple[tuple[int, str], ...]:
    """(id, name) of creditors that have accounts of their own, when there are several to tell
    apart: money of one pays no debt to another of them."""
    accounts = BankAccount.objects.filter(organization_id=organization_id)
    found = accounts.order_by("creditor_id").values_list("creditor_id", "creditor__name")
    rows = tuple(found.distinct())
    return rows if len(rows) > 1 else ()


def _ibans(organization_id: int, accounts: Collection[str]) -> Iterator[tuple[str, int]]:
    """Whose own accounts these are."""
    rows = CustomerIban.objects.filter(organization_id=organization_id)
    for some in chunks(accounts):
        yield from rows.filter(iban__in=some).order_by("id").values_list("iban", "customer_id")


def _credited(lines: Sequence[Line]) -> set[str]:
    """The accounts that the money of lines came in on, where the bank tells."""
    return {line.credited_iban for line in lines if line.credited_iban and line.amount_minor > 0}


def _links(organization_id: int, lines: Sequence[Line]) -> Iterator[tuple[str, int, int]]:
    """For whom the payers of these lines have paid, by account and by name, and how often."""
    rows = Payment.objects.filter(organization_id=organization_id, entry__reversed_by__isnull=True)
    for name, some in _payers(lines):
        found = rows.filter(**{f"{name}__in": some}).values_list(name, "customer_id")
        for payer, customer_id, count in found.annotate(Count("id")).order_by(name):
            yield _payer_key(name, payer), customer_id, count


def _against(organization_id: int, lines: Sequence[Line]) -> Iterator[tuple[str, int]]:
    """Customers that readings gave the money of these payers to, and a person gave to another."""
    rows = Match.objects.filter(organization_id=organization_id, state__in=TURNED_DOWN)
    # Of a line shared over several customers, each of them was given its part.
    given = Match.objects.filter(
        line_id=OuterRef("line_id"), customer_id=OuterRef("customer_id"), state=Match.State.POSTED
    )
    for name, some in _payers(lines):
        posted = {f"line__matches__payment__{name}__in": some, "line__matches__state": "posted"}
        other = rows.filter(~Exists(given), **posted)
        found = other.values_list(f"line__matches__payment__{name}", "customer_id").distinct()
        yield from ((_payer_key(name, payer), customer_id) for payer, customer_id in found)


def _payers(lines: Sequence[Line]) -> Iterator[tuple[str, Sequence[str]]]:
    """(field of a payment, payers of the lines) in pieces that a statement takes."""
    for name in ("payer_iban", "payer_name"):
        given = {getattr(line, name) for line in lines} - {""}
        for some in chunks(given):
            yield name, some


def _payer_key(name: str, payer: str) -> str:
    return payer if name == "payer_iban" else payer_key(payer)


def open_credits(organization_id: int, customer_id: int | None = None) -> Iterator[OpenCredit]:
    """Credits with something left, of one customer or of all, the oldest first."""
    scope = {} if customer_id is None else {"opened__customer_id": customer_id}
    rows = (
        credits_open(organization_id)
        .filter(reversed_by__isnull=True, **scope)
        .annotate(left=credit_left())
        .filter(left__gt=0)
        .order_by("on_date", "id")
        .values_list("id", "customer_id", "currency", "left", "invoice__number")
    )
    for entry_id, owner_id, currency, left, number in rows:
        yield OpenCredit(entry_id, owner_id, currency, left, number or "")


def _recent(organization_id: int, lines: Sequence[Line]) -> Iterator[tuple[int, int, str, date]]:
    """Payments that a line may be the double of."""
    days = [line.booked_on for line in lines if line.amount_minor > 0]
    if not days:
        return
    rows = Payment.objects.filter(
        organization_id=organization_id,
        received_on__range=(min(days) - SAME_AMOUNT_EARLY, max(days)),
        entry__reversed_by__isnull=True,
    )
    for amounts in chunks({line.amount_minor for line in lines if line.amount_minor > 0}):
        found = rows.filter(amount_minor__in=amounts)
        yield from found.values_list("customer_id", "amount_minor", "currency", "received_on")


def _refused(
    organization_id: int, line_ids: Collection[int]
) -> Iterator[tuple[int, tuple[object, ...]]]:
    for ids in chunks(line_ids):
        rows = Match.objects.filter(
            organization_id=organization_id, line_id__in=ids, state__in=TURNED_DOWN
        )
        for match in rows:
            yield match.line_id, hypothesis_of(match).key


def hypothesis_of(match: Match) -> Hypothesis:
    """A stored reading as the engine said it (its evidence stays in the row)."""
    given_up = [row for row in match.allocations if row.get("reason")]
    rows = [row for row in match.allocations if not row.get("reason")]
    taken: tuple[Paid, ...] = ()
    if match.returned_payment_id and match.customer_id:
        # Its amount is that of the line; only its identity counts here.
        taken = (Paid(match.customer_id, 0, "", date.min, (), match.returned_payment_id),)
    return Hypothesis(
        kind=match.kind,
        customer_id=match.customer_id,
        evidence=(),
        parts=tuple((r["installment"], r["amount_minor"]) for r in rows if not r.get("credit")),
        credit_uses=tuple(
            (r["credit"], r["installment"], r["amount_minor"]) for r in rows if r.get("credit")
        ),
        confirms=tuple(r["installment"] for r in rows if r.get("confirms")),
        returns=taken,
        returns_line=match.returned_line_id,
        repays=match.refund_id if match.kind == "refund" else None,
        repays_file=match.refund_file_id,
        pays_out=match.payout_id,
        write_offs=tuple((r["installment"], r["amount_minor"]) for r in given_up),
        reason=given_up[0]["reason"] if given_up else "",
    )
