"""From a decision to rows: payments, returns, matches, learned accounts, woken cases.

The automatic run and a person's click go through the same functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import cases_wake
from amiable.apps.customers.models import Customer, CustomerIban
from amiable.apps.payments.models import Payment
from amiable.apps.payments.services import PaymentIn, payments_record
from amiable.apps.payments.virtual_ibans.standing import virtual_among
from amiable.apps.receivables.queries import chunks
from amiable.core.matching.facts import Hypothesis, Line
from amiable.core.matching.names import is_own_name, name_tokens, tells_other
from amiable.core.sentences import Sentence

AUTOMATIC = "amiable"
# Kinds of readings that a person made: money for one customer, for several.
SHARED = "shared"
BY_HAND = frozenset({"assigned", SHARED})

_METHODS = {
    "direct_debit": {"A1", "A2", "09", "B1", "IDDT"},
    "cheque": {"02", "RCHQ", "ICHQ"},
    "card": {"30", "CCRD", "MCRD"},
}


@dataclass(frozen=True, slots=True)
class Posting:
    """A line and the reading to post. `match` = the proposal a person confirmed, if any; `part` =
    the minor units of it that are for this customer, None = all of it."""

    line: Line
    chosen: Hypothesis
    evidence: tuple[Sentence, ...] = ()
    match: Match | None = None
    part: int | None = None


def post_payments(
    organization_id: int, postings: Sequence[Posting], *, on: date, actor: str
) -> dict[int, Payment]:
    """Record the payments of lines of money in; returns them by line (of a shared line, the last
    one). Call in a transaction."""
    customer_ids = {p.chosen.customer_id for p in postings if p.chosen.customer_id}
    attempts = _attempts(organization_id, [p.line.id for p in postings])
    incoming = []
    for posting in postings:
        incoming.append(_incoming(posting, attempts[posting.line.id]))
        attempts[posting.line.id] += 1
    payments = payments_record(
        organization_id, incoming, on=on, actor=actor, cases=case_ids(organization_id, customer_ids)
    )
    made = [payments[each.external_id] for each in incoming]
    _matches_save(organization_id, postings, made, actor=actor)
    _accounts_learn(organization_id, postings)
    cases_wake(organization_id, customer_ids, on=on)
    return {p.line.id: payment for p, payment in zip(postings, made, strict=True)}


def case_ids(organization_id: int, customer_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """The case of each (customer, currency)."""
    found: dict[tuple[int, str], int] = {}
    for ids in chunks(customer_ids):
        rows = Case.objects.filter(organization_id=organization_id, customer_id__in=ids)
        found |= {(c, x): i for c, x, i in rows.values_list("customer_id", "currency", "id")}
    return found


def match_row(organization_id: int, line_id: int, hypothesis: Hypothesis, **fields: Any) -> Match:
    """A Match holding a hypothesis, not saved."""
    taken, several = hypothesis.returns, hypothesis.returns_line
    return Match(
        organization_id=organization_id,
        line_id=line_id,
        customer_id=hypothesis.customer_id,
        kind=hypothesis.kind,
        returned_payment_id=None if several else taken[0].payment_id if taken else None,
        returned_line_id=several,
        refund_id=hypothesis.repays,
        refund_file_id=hypothesis.repays_file,
        payout_id=hypothesis.pays_out,
        allocations=allocations_json(hypothesis),
        evidence=[sentence.to_json() for sentence in hypothesis.evidence],
        **fields,
    )


def allocations_json(hypothesis: Hypothesis) -> list[dict[str, Any]]:
    """The shape that Match.allocations documents."""
    confirms = set(hypothesis.confirms)
    own: list[dict[str, Any]] = [
        {"installment": i, "amount_minor": amount, "credit": None, "confirms": i in confirms}
        for i, amount in hypothesis.parts
    ]
    given_up = [
        {
            "installment": i,
            "amount_minor": amount,
            "credit": None,
            "confirms": False,
            "reason": hypothesis.reason,
        }
        for i, amount in hypothesis.write_offs
    ]
    netted = [
        {"installment": i, "amount_minor": amount, "credit": entry_id, "confirms": False}
        for entry_id, i, amount in hypothesis.credit_uses
    ]
    return own + netted + given_up


def _attempts(organization_id: int, line_ids: Iterable[int]) -> Counter[int]:
    """How many payments were made of each line before, undone since."""
    attempts: Counter[int] = Counter()
    for ids in chunks(set(line_ids)):
        rows = Match.objects.filter(
            organization_id=organization_id, line_id__in=ids, payment__isnull=False
        )
        attempts.update(rows.values_list("line_id", flat=True))
    return attempts


def _incoming(posting: Posting, attempt: int) -> PaymentIn:
    line, chosen = posting.line, posting.chosen
    if chosen.customer_id is None:
        raise ValueError("a payment needs a customer")
    return PaymentIn(
        customer_id=chosen.customer_id,
        amount_minor=line.amount_minor if posting.part is None else posting.part,
        currency=line.currency,
        received_on=line.booked_on,
        external_id=f"line:{line.id}:{attempt}",
        method=_method(line.operation),
        payer_name=line.payer_name,
        payer_iban=line.payer_iban,
        reference=line.end_to_end_id,
        parts=chosen.parts,
        credit_uses=chosen.credit_uses,
        confirms=chosen.confirms,
        write_offs=chosen.write_offs,
    )


def _method(operation: str) -> str:
    parts = set(operation.split("/"))
    return next((method for method, codes in _METHODS.items() if parts & codes), "transfer")


def _matches_save(
    organization_id: int,
    postings: Sequence[Posting],
    payments: Sequence[Payment],
    *,
    actor: str,
) -> None:
    fresh = []
    for posting, payment in zip(postings, payments, strict=True):
        if posting.match:
            posting.match.state, posting.match.decided_by = Match.State.POSTED, actor
            posting.match.payment = payment
            posting.match.save()
            continue
        row = match_row(
            organization_id,
            posting.line.id,
            posting.chosen,
            state=Match.State.POSTED,
            payment=payment,
            decided_by=actor,
        )
        fresh.append(row)
    Match.objects.bulk_create(fresh, batch_size=500)


def _accounts_learn(organization_id: int, postings: Sequence[Posting]) -> None:
    """The payer's account is the customer's from now on; undoing the match forgets it."""
    told = [p for p in postings if p.match is not None or p.chosen.kind in BY_HAND]
    rows = Customer.objects.filter(id__in={p.chosen.customer_id for p in told})
    names = dict(rows.values_list("id", "name")) if told else {}
    teaching = [p for p in postings if _teaches(p, names) and 0 < len(p.line.payer_iban) <= 34]
    # The engine knows those that are virtual, and teaches none; a person may not.
    virtual = virtual_among(organization_id, {p.line.payer_iban for p in told})
    CustomerIban.objects.bulk_create(
        [
            CustomerIban(
                organization_id=organization_id,
                customer_id=p.chosen.customer_id,
                iban=p.line.payer_iban,
                source=learned_from(p.line.id),
                since=p.line.booked_on,
            )
            for p in teaching
            if p.line.payer_iban not in virtual
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


def _teaches(posting: Posting, names: Mapping[int, str]) -> bool:
    """The engine says when its own decision teaches an account; a person's does, unless the payer
    goes by another name: it then is remembered as somebody who pays for the customer."""
    name = names.get(posting.chosen.customer_id or 0)
    if name is None:
        return posting.chosen.teaches
    line = posting.line
    if not line.payer_name and tells_other(line.label, name_tokens(name)):
        return False
    return is_own_name(line.payer_name, name)


def learned_from(line_id: int) -> str:
    """The source of an account learned from a line."""
    return f"line:{line_id}"


def lines_state(
    lines: Iterable[StatementLine], state: str, *, evidence: Iterable[Sentence]
) -> None:
    """Set the state of lines with one explanation for all."""
    said = [sentence.to_json() for sentence in evidence]
    for line in lines:
        line.state, line.evidence = state, said
        line.save(update_fields=["state", "evidence"])
