"""Writes and reads of mandates: signed with evidence, blocked by a bank's reason, revoked, lapsed.

Callers wake the customer's cases. A customer has one mandate that may be used; signing another
ends the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.db import IntegrityError, transaction
from stdnum import iban as iban_number

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.customers.models import Customer
from amiable.apps.payments.debits.models import Debit, Mandate
from amiable.apps.payments.telling import PaymentError
from amiable.core.direct_debits import Scheme, compact, lapses_on, mandate_reference, may_sign
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.sepa import sepa_text
from amiable.core.virtual_ibans import SEPA

_USED = (Debit.State.PLANNED, Debit.State.ANNOUNCED, Debit.State.SENT, Debit.State.COLLECTED)
Standing = Literal["live", "lapsed", "blocked", "revoked"]
How = Literal["portal", "paper"]

declare(
    {
        "mandate.iban": gettext_noop("This is no IBAN: its key is wrong. Look at it again."),
        "mandate.not_sepa": gettext_noop(
            "An account in {country} cannot be debited by SEPA direct debit."
        ),
        "mandate.name": gettext_noop("Give the name of the account holder."),
        "mandate.consumer_b2b": gettext_noop(
            "A consumer cannot sign a B2B mandate: the right to a refund cannot be given up."
        ),
        "mandate.no_ics": gettext_noop(
            "The creditor has no creditor identifier (ICS): nothing can be collected."
        ),
        "mandate.reference": gettext_noop(
            "The reference {reference} is of another mandate already, or has signs that no bank "
            "takes."
        ),
        "mandate.over": gettext_noop("This mandate has already ended."),
    }
)


@dataclass(frozen=True, slots=True)
class MandateIn:
    """A mandate as it was signed. `evidence` = plain data of what was shown and agreed to."""

    customer_id: int
    holder_name: str
    holder_iban: str
    signed_on: date
    signed_how: How
    scheme: Scheme = "CORE"
    is_one_off: bool = False
    rum: str = ""
    evidence: Mapping[str, Any] | None = None


def customer_named(organization_id: int, code: str, creditor_id: int) -> int | None:
    """The customer of a creditor by its code."""
    rows = Customer.objects.filter(organization_id=organization_id, creditor_id=creditor_id)
    return rows.filter(code=code).values_list("id", flat=True).first()


def account_problem(iban: str) -> Sentence | None:
    """Why an account cannot be debited, None when it can."""
    text = compact(iban)
    if not iban_number.is_valid(text):
        return Sentence("mandate.iban")
    if not SEPA.match(text):
        return Sentence("mandate.not_sepa", {"country": text[:2]})
    return None


@transaction.atomic
def mandate_sign(
    organization_id: int, signed: MandateIn, *, on: date, actor: str, case_id: int | None
) -> Mandate:
    """Keep a mandate; one signed before ends. Raises PaymentError when it cannot be: an account
    with a wrong key, a consumer's B2B mandate, a creditor without identifier."""
    customers = Customer.objects.filter(organization_id=organization_id)
    customer = (
        customers.select_related("creditor")
        .select_for_update(of=("self",))
        .get(id=signed.customer_id)
    )
    if problem := _problem(customer, signed):
        raise PaymentError(problem)
    before = Mandate.objects.filter(customer=customer, revoked_on__isnull=True)
    for old in before.filter(blocked_on__isnull=True):
        mandate_revoke(organization_id, old.pk, on=on, actor=actor, case_id=case_id)
    evidence = dict(signed.evidence or {})
    row = _created(
        Mandate(
            organization_id=organization_id,
            customer=customer,
            scheme=signed.scheme,
            rum=signed.rum,
            holder_name=signed.holder_name.strip()[:70],
            holder_iban=compact(signed.holder_iban),
            is_one_off=signed.is_one_off,
            signed_on=signed.signed_on,
            signed_how=signed.signed_how,
            evidence=evidence,
            digest=evidence_digest(evidence) if evidence else "",
        )
    )
    _tell(row, "mandate.signed", on=on, actor=actor, case_id=case_id, how=row.signed_how)
    return row


@transaction.atomic
def mandate_revoke(
    organization_id: int, mandate_id: int, *, on: date, actor: str, case_id: int | None = None
) -> Mandate:
    """End a mandate at the debtor's or the creditor's wish; what is not yet handed to the bank is
    withdrawn by the next look at it. Raises PaymentError when it has ended."""
    row = _locked(organization_id, mandate_id)
    if row.revoked_on:
        raise PaymentError(Sentence("mandate.over"))
    row.revoked_on, row.revoked_by = on, actor
    row.save(update_fields=["revoked_on", "revoked_by"])
    _tell(row, "mandate.revoked", on=on, actor=actor, case_id=case_id)
    return row


def mandate_block(
    organization_id: int, mandate_id: int, *, code: str, on: date, actor: str, case_id: int
) -> None:
    """Nothing more is collected under it, for a bank's reason."""
    row = _locked(organization_id, mandate_id)
    if row.blocked_on is None:
        row.blocked_on, row.blocked_code = on, code[:10]
        row.save(update_fields=["blocked_on", "blocked_code"])
        _tell(row, "mandate.blocked", on=on, actor=actor, case_id=case_id, reason=code)


def standing(mandate: Mandate, on: date, *, is_used: bool) -> Standing:
    """Whether a mandate may be used on a day, else why not. `is_used` = of one for a single
    collection: it has served (see `used_mandates`)."""
    if mandate.revoked_on:
        return "revoked"
    if mandate.blocked_on:
        return "blocked"
    if on >= lapses_on(mandate.signed_on, mandate.presented_on):
        return "lapsed"
    return "lapsed" if mandate.is_one_off and is_used else "live"


def live_mandates(
    organization_id: int, customer_ids: Collection[int] | None = None, *, on: date
) -> dict[int, Mandate]:
    """The mandate of each customer that may be used on a day: two queries."""
    rows = Mandate.objects.filter(
        organization_id=organization_id, revoked_on__isnull=True, blocked_on__isnull=True,
        customer__creditor__ics__gt="",
    )  # fmt: skip
    if customer_ids is not None:
        rows = rows.filter(customer_id__among=customer_ids)
    found = list(rows.select_related("customer__creditor").order_by("id"))
    used = used_mandates(found)
    return {
        row.customer_id: row
        for row in found
        if row.pk not in used and on < lapses_on(row.signed_on, row.presented_on)
    }


def used_mandates(mandates: Collection[Mandate]) -> set[int]:
    """Those for a single collection that have served: one is under way or has settled. What failed
    may be presented again under it."""
    single = {row.pk for row in mandates if row.is_one_off}
    rows = Debit.objects.filter(mandate_id__among=single, state__in=_USED)
    return set(rows.values_list("mandate_id", flat=True)) if single else set()


def evidence_digest(evidence: Mapping[str, Any]) -> str:
    """SHA-256 of the evidence as it is kept, keys in order: whoever has it can check it."""
    text = json.dumps(evidence, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _problem(customer: Customer, signed: MandateIn) -> Sentence | None:
    if not customer.creditor.ics:
        return Sentence("mandate.no_ics")
    if not may_sign(signed.scheme, customer.kind):  # type: ignore[arg-type]  # model's choices
        return Sentence("mandate.consumer_b2b")
    if not signed.holder_name.strip():
        return Sentence("mandate.name")
    if signed.rum and not _is_free_reference(customer.organization_id, signed.rum):
        return Sentence("mandate.reference", {"reference": signed.rum})
    return account_problem(signed.holder_iban)


def _is_free_reference(organization_id: int, rum: str) -> bool:
    """Whether a reference that people give is of no mandate, in 35 signs that every bank takes."""
    known = Mandate.objects.filter(organization_id=organization_id, rum=rum)
    return sepa_text(rum, longest=35) == rum and not known.exists()


def _created(row: Mandate) -> Mandate:
    """The mandate, under the reference it was given or the next free one of the creditor, which
    somebody who signs at the same time may take first."""
    given, rows = row.rum, Mandate.objects.filter(organization_id=row.organization_id)
    number = rows.count()
    while True:
        if not given:
            number += 1
            row.rum = mandate_reference(row.customer.creditor.code, number)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            if given or not rows.filter(rum=row.rum).exists():
                raise
            continue
        return row


def _locked(organization_id: int, mandate_id: int) -> Mandate:
    rows = Mandate.objects.filter(organization_id=organization_id)
    return rows.select_for_update(of=("self",)).get(id=mandate_id)


def _tell(
    row: Mandate, kind: str, *, on: date, actor: str, case_id: int | None, **more: str
) -> None:
    told = {"mandate": row.pk, "reference": row.rum, "scheme": row.scheme, **more}
    event_record(row.organization_id, Happening(kind, on, actor, case_id, told))
