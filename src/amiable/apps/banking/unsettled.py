"""Reads of money that a person must settle: one list, by kind, each row with its sentence.

A fixed number of queries whatever the number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from django.db.models import Count, Max, Q

from amiable.apps.banking.barring import bars
from amiable.apps.banking.debit_batches import KIND as DEBITED
from amiable.apps.banking.models import Match
from amiable.apps.banking.payables import Payable, given_up_items, payable
from amiable.apps.banking.terms import payer_terms
from amiable.apps.customers.models import CustomerIban
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.queries import open_money
from amiable.apps.receivables.queries import OpenItem, open_items
from amiable.core.allocation import Debt, Order, allocate
from amiable.core.law.insolvency import UnknownLawError, payment_bar
from amiable.core.matching.facts import Barred
from amiable.core.matching.names import is_own_name
from amiable.core.money import Money
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

Kind = Literal[
    "insolvent", "written_off", "handed_over", "double", "third_payer", "overpayment",
    "unallocated", "refund_to_make", "refund_made", "refund_owed", "kept",
]  # fmt: skip
# In the order in which they are shown: what can harm comes first.
KINDS: tuple[Kind, ...] = (
    "insolvent", "written_off", "handed_over", "double", "third_payer", "overpayment",
    "unallocated", "refund_to_make", "refund_made", "refund_owed", "kept",
)  # fmt: skip
# Of lines that wait on the bank page: why a reading is shown here too.
_LINE_KINDS: Mapping[str, Kind] = {"double": "double", "written_off": "written_off"}
_LINE_CODES: Mapping[str, Kind] = {
    "match.veto_insolvent": "insolvent",
    "match.veto_handed": "handed_over",
    "match.veto_iban": "third_payer",
    "match.veto_name": "third_payer",
    "match.repeated": "double",
}

declare(
    {
        "settle.insolvent": gettext_noop(
            "Received from {customer} after the judgment of {judgment}."
        ),
        "settle.insolvent_later": gettext_noop(
            "Received from {customer} after the judgment of {judgment}: it may only settle what "
            "was owed since (C. com. L622-17), or goes back to the administrator."
        ),
        "settle.written_off": gettext_noop(
            "{customer} owes nothing any more, but {numbers} was given up: take the debt up again "
            "for what has come."
        ),
        "settle.handed_over": gettext_noop(
            "All that {customer} owes is with {name} since {since}: allocate it and tell them."
        ),
        "settle.double": gettext_noop(
            "{customer} seems to have paid twice: what this money names was settled before."
        ),
        "settle.debited_too": gettext_noop(
            "Collected by direct debit from {customer}, who had paid meanwhile: give it back."
        ),
        "settle.third_payer": gettext_noop(
            "Paid by {payer}, entered for {customer}: check for whom it is."
        ),
        "settle.overpayment": gettext_noop("{customer} paid more than was open: this is the rest."),
        "settle.moved": gettext_noop("Moved to {customer} from another customer."),
        "settle.unallocated": gettext_noop(
            "Received from {customer} without saying for which invoice."
        ),
        "settle.advance": gettext_noop("Received from {customer}, who owes nothing: an advance?"),
        "settle.kept": gettext_noop("Kept for the next invoice of {customer} since {since}."),
        "settle.refund_to_make": gettext_noop(
            "To give back to {name}: order the transfer with the reference {reference}."
        ),
        "settle.refund_made": gettext_noop(
            "Ordered on {since}: waits for its line on a statement, with the reference {reference}."
        ),
        "settle.refund_owed": gettext_noop(
            "The bank took back a payment of {customer} that had been refunded: {customer} owes it."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the money would pay, in the order of C. civ. 1342-10 or as agreed."""

    installment_id: int
    number: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Money that a person must settle. Of a credit: `credit_id` and `serial` (see CreditDecision);
    of a line that waits: `line_id` and the reading `match_id`; of a refund: `decision_id`."""

    kind: Kind
    customer_id: int
    customer: str
    amount: Money
    on: date
    sentences: tuple[Sentence, ...]
    payer_name: str = ""
    payer_iban: str = ""
    credit_id: int | None = None
    serial: int = 0
    line_id: int | None = None
    match_id: int | None = None
    decision_id: int | None = None
    suggestions: tuple[Suggestion, ...] = ()
    code: str = ""  # the customer's, told apart from others of its name
    reference: str = ""
    barred: frozenset[int] = frozenset()  # installments that it may not pay unasked
    order: Order = "law"  # in which it settles debts


@dataclass(slots=True)
class _Known:
    """What was read about the customers of open money."""

    items: dict[tuple[int, str], list[OpenItem]] = field(default_factory=lambda: defaultdict(list))
    bars: dict[int, Barred] = field(default_factory=dict)
    given_up: dict[int, list[Payable]] = field(default_factory=lambda: defaultdict(list))
    ibans: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    serials: dict[int, tuple[int, date | None]] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)


def unsettled(organization_id: int, *, on: date, credit_id: int | None = None) -> list[Unsettled]:
    """All money that waits for a person, by kind, the oldest first (or one credit's row alone)."""
    money = open_money(organization_id)
    credits_ = list((money.filter(id=credit_id) if credit_id else money).values(*_CREDIT))
    known = _known(organization_id, {row["customer_id"] for row in credits_})
    rows = [_credit(row, known, on) for row in credits_]
    if credit_id is None:
        rows += _refunds(organization_id)
        rows += _lines(organization_id)
    return sorted(rows, key=lambda row: (KINDS.index(row.kind), row.on, row.credit_id or 0))


def totals(rows: Iterable[Unsettled]) -> dict[Kind, tuple[int, list[Money]]]:
    """Per kind: how many rows, and their amount per currency. Every kind is present."""
    counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
    sums: dict[Kind, dict[str, int]] = {kind: defaultdict(int) for kind in KINDS}
    for row in rows:
        counts[row.kind] += 1
        sums[row.kind][row.amount.currency] += row.amount.amount_minor
    return {
        kind: (counts[kind], [Money(amount, c) for c, amount in sorted(sums[kind].items())])
        for kind in KINDS
    }


_CREDIT = (
    "id", "customer_id", "customer__name", "customer__code", "customer__insolvent_since",
    "currency", "on_date", "amount_minor", "left", "kind", "payment__payer_name",
    "payment__payer_iban", "payment__reference", "payment__match__kind",
    "payment__match__evidence", "payment__match__line_id",
)  # fmt: skip


def _known(organization_id: int, customer_ids: set[int]) -> _Known:
    known = _Known()
    if not customer_ids:
        return known
    for item in open_items(organization_id, customer_ids):
        known.items[item.customer_id, item.currency].append(item)
    known.bars = {bar.item_id: bar for bar in bars(organization_id)}
    for owner, item in given_up_items(organization_id, customer_ids):
        known.given_up[owner].append(item)
    accounts = CustomerIban.objects.filter(
        organization_id=organization_id, customer_id__among=customer_ids
    )
    for customer_id, iban in accounts.values_list("customer_id", "iban"):
        known.ibans[customer_id].add(iban)
    known.orders = {terms.customer_id: terms.order for terms in payer_terms(organization_id)}
    kept = Q(kind=CreditDecision.Kind.KEPT, undone_on__isnull=True)
    decided = CreditDecision.objects.filter(
        organization_id=organization_id, credit__customer_id__among=customer_ids
    ).values_list("credit_id")
    told = decided.annotate(count=Count("id"), kept=Max("decided_on", filter=kept)).order_by()
    known.serials = {credit_id: (count, since) for credit_id, count, since in told}
    return known


def _credit(row: Mapping[str, Any], known: _Known, on: date) -> Unsettled:
    items = known.items.get((row["customer_id"], row["currency"]), [])
    serial, kept_on = known.serials.get(row["id"], (0, None))
    barred = frozenset(item.id for item in items if _is_barred(item, row, known.bars))
    kind, sentences = _kind_of(row, known, items, kept_on)
    order = known.orders.get(row["customer_id"], "law")
    return Unsettled(
        kind=kind,
        customer_id=row["customer_id"],
        customer=row["customer__name"],
        code=row["customer__code"],
        amount=Money(row["left"], row["currency"]),
        on=row["on_date"],
        sentences=sentences,
        payer_name=row["payment__payer_name"] or "",
        payer_iban=row["payment__payer_iban"] or "",
        reference=row["payment__reference"] or "",
        credit_id=row["id"],
        serial=serial,
        line_id=row["payment__match__line_id"],
        suggestions=tuple(_suggest(row, _debts(kind, row, known, barred), on=on, order=order)),
        barred=barred,
        order=order,
    )


def _kind_of(
    row: Mapping[str, Any], known: _Known, items: Sequence[OpenItem], kept_on: date | None
) -> tuple[Kind, tuple[Sentence, ...]]:
    """The kind that needs the most care, and why."""
    customer: dict[str, Param] = {"customer": row["customer__name"]}
    if kept_on is not None and not any(item.issue_date > kept_on for item in items):
        return "kept", (Sentence("settle.kept", {**customer, "since": kept_on}),)
    judgment = row["customer__insolvent_since"]
    if judgment is not None and row["on_date"] >= judgment:
        return "insolvent", _insolvent(row, {**customer, "judgment": judgment})
    return _entrusted(row, known, items) or _plain(row, known, items)


def _entrusted(
    row: Mapping[str, Any], known: _Known, items: Sequence[OpenItem]
) -> tuple[Kind, tuple[Sentence, ...]] | None:
    """Whether what the customer owes was given up, or is collected by somebody else."""
    customer: dict[str, Param] = {"customer": row["customer__name"]}
    given_up = known.given_up.get(row["customer_id"])
    if given_up and (not items or row["payment__match__kind"] == "written_off"):
        numbers = ", ".join(item.number for item in given_up[:10])
        return "written_off", (Sentence("settle.written_off", {**customer, "numbers": numbers}),)
    handed = [known.bars[item.id] for item in items if _is_handed(item, known.bars)]
    if handed and len(handed) == len(items):
        values = {**customer, "name": handed[0].name, "since": handed[0].since}
        return "handed_over", (Sentence("settle.handed_over", values),)
    return None


def _plain(
    row: Mapping[str, Any], known: _Known, items: Sequence[OpenItem]
) -> tuple[Kind, tuple[Sentence, ...]]:
    """Paid twice, by somebody else, too much, or just without a word."""
    customer: dict[str, Param] = {"customer": row["customer__name"]}
    if _is_double(row):
        return "double", (Sentence("settle.double", customer),)
    if row["payment__match__kind"] == DEBITED:
        return "double", (Sentence("settle.debited_too", customer),)
    payer, iban = row["payment__payer_name"] or "", row["payment__payer_iban"] or ""
    own = iban in known.ibans.get(row["customer_id"], ())
    if payer and not own and not is_own_name(payer, row["customer__name"]):
        return "third_payer", (Sentence("settle.third_payer", {**customer, "payer": payer}),)
    if row["left"] < -row["amount_minor"]:
        return "overpayment", (Sentence("settle.overpayment", customer),)
    moved = row["kind"] == "transfer"
    code = "settle.moved" if moved else "settle.unallocated" if items else "settle.advance"
    return "unallocated", (Sentence(code, customer),)


def _insolvent(row: Mapping[str, Any], values: dict[str, Param]) -> tuple[Sentence, ...]:
    """After the judgment: the rule with its articles, or that it is not known for that time."""
    try:
        rule = payment_bar(
            claim_on=date.min, judgment_on=row["customer__insolvent_since"], paid_on=row["on_date"]
        )
    except UnknownLawError as error:
        return Sentence("settle.insolvent", values), error.sentence
    later = Sentence("settle.insolvent_later", values)
    return (later, rule) if rule else (later,)


def _is_double(row: Mapping[str, Any]) -> bool:
    codes = {sentence["code"] for sentence in row["payment__match__evidence"] or ()}
    said = not codes.isdisjoint({"match.already_paid", "match.repeated"})
    return row["payment__match__kind"] == "double" or said


def _is_handed(item: OpenItem, known: Mapping[int, Barred]) -> bool:
    bar = known.get(item.id)
    return bar is not None and bar.kind == "handed_over"


def _is_barred(item: OpenItem, row: Mapping[str, Any], known: Mapping[int, Barred]) -> bool:
    """Whether the money may not settle the item unasked: frozen by a judgment before it."""
    bar = known.get(item.id)
    return bar is not None and bar.kind == "insolvent" and row["on_date"] >= bar.since


def _debts(
    kind: Kind, row: Mapping[str, Any], known: _Known, barred: Collection[int]
) -> list[Payable]:
    """What the money may settle unasked: what was given up, when it came for that, or is open."""
    if kind == "written_off":
        given_up = known.given_up[row["customer_id"]]
        return [item for item in given_up if item.amount.currency == row["currency"]]
    items = known.items.get((row["customer_id"], row["currency"]), [])
    return [payable(item) for item in items if item.id not in barred]


def _suggest(
    row: Mapping[str, Any], items: Sequence[Payable], *, on: date, order: Order
) -> Iterator[Suggestion]:
    debts = [Debt(i.installment_id, i.due_date, i.amount.amount_minor) for i in items]
    numbers = {item.installment_id: item.number for item in items}
    for item_id, amount in allocate(row["left"], debts, on=on, order=order):
        yield Suggestion(item_id, numbers[item_id], Money(amount, row["currency"]))


def _refunds(organization_id: int) -> Iterator[Unsettled]:
    """Refunds not yet seen to leave, and those whose payment the bank took back since."""
    rows = CreditDecision.objects.filter(
        organization_id=organization_id, kind=CreditDecision.Kind.REFUND, undone_on__isnull=True
    ).filter(Q(settled_on__isnull=True) | Q(credit__reversed_by__isnull=False))
    owed = rows.annotate(back=Count("credit__reversed_by")).select_related("customer")
    for refund in owed.order_by("id"):
        kind: Kind = "refund_made" if refund.made_on else "refund_to_make"
        if refund.back:  # type: ignore[attr-defined]  # annotated
            kind = "refund_owed"
        values: dict[str, Param] = {
            "customer": refund.customer.name, "name": refund.name or refund.customer.name,
            "reference": refund.reference,
            "since": refund.made_on or refund.decided_on,
        }  # fmt: skip
        yield Unsettled(
            kind=kind,
            customer_id=refund.customer_id,
            customer=refund.customer.name,
            code=refund.customer.code,
            amount=Money(refund.amount_minor, refund.currency),
            on=refund.decided_on,
            sentences=(Sentence(f"settle.{kind}", values),),
            payer_name=refund.name,
            payer_iban=refund.iban,
            reference=refund.reference,
            decision_id=refund.pk,
        )


def _lines(organization_id: int) -> Iterator[Unsettled]:
    """Lines that wait with such a reading first: what a person confirms becomes money on account,
    or pays what only a person may say."""
    rows = Match.objects.filter(
        organization_id=organization_id,
        state=Match.State.PROPOSED,
        rank=1,
        line__amount_minor__gt=0,
    ).select_related("line", "customer")
    for match in rows.order_by("line_id"):
        codes = [sentence["code"] for sentence in match.evidence]
        kind = _LINE_KINDS.get(match.kind) or next(
            (_LINE_CODES[code] for code in codes if code in _LINE_CODES), None
        )
        if kind is None or match.customer is None:
            continue
        line, record = match.line, match.line.record
        yield Unsettled(
            kind=kind,
            customer_id=match.customer.pk,
            customer=match.customer.name,
            code=match.customer.code,
            amount=Money(line.amount_minor, line.currency),
            on=line.booked_on,
            sentences=tuple(Sentence.from_json(each) for each in match.evidence),
            payer_name=record.get("payer_name", ""),
            payer_iban=record.get("payer_iban", ""),
            reference=line.label,
            line_id=line.pk,
            match_id=match.pk,
        )
