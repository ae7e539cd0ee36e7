"""Writes of what is known of a customer and decides whether and how it is reached: a death,
insolvency, its score, its contacts and their addresses. Each is told in the customer's cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db import transaction

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.changes import CaseError, cases_wake
from amiable.apps.cases.models import Case
from amiable.apps.customers import contacts
from amiable.apps.customers.models import Customer
from amiable.apps.customers.services import customer_update, postal_mark
from amiable.core.scenario import Role
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "customer.not_found": gettext_noop("This customer or contact does not exist here."),
        "customer.future_fact": gettext_noop("This is noted once it has happened, not before."),
        "customer.score_range": gettext_noop("A score is between 0 (risky) and 100 (good)."),
        "customer.no_name": gettext_noop("Write the name of the contact."),
    }
)

Fact = Literal["insolvent_since", "deceased_since", "score", "payer_group"]
FACTS: tuple[Fact, ...] = ("insolvent_since", "deceased_since", "score", "payer_group")
FactValue = date | int | str | None


def customer_fact_set(
    organization_id: int, customer_id: int, fact: Fact, *, value: FactValue, on: date, actor: str
) -> FactValue:
    """Note a fact of a customer, or (None, "") that it is not so. Returns what was known before.

    Dates are days on which it began, not in the future; a score is 0 (risky) to 100 (good);
    customers of one payer group are paid for by the same people. Raises CaseError.
    """
    if isinstance(value, date) and value > on:
        raise CaseError(Sentence("customer.future_fact"))
    if isinstance(value, int) and not 0 <= value <= 100:
        raise CaseError(Sentence("customer.score_range"))
    if fact == "payer_group":
        value = str(value or "")[:60]
    with transaction.atomic():
        customer = _customer(organization_id, customer_id)
        before: FactValue = getattr(customer, fact)
        if before != value:
            customer_update(customer, {fact: value})
            told = {"from": _text(before), "to": _text(value)}
            _tell(organization_id, customer_id, f"customer.{fact}", told, on=on, actor=actor)
    return before


def contact_add(
    organization_id: int,
    customer_id: int,
    *,
    name: str,
    on: date,
    actor: str,
    role: Role | Literal[""] = "",
    email: str = "",
    phone: str = "",
) -> tuple[int, list[int]]:
    """Add a person with the addresses given; an address already known becomes theirs.

    Returns the ids of the contact and of the new addresses. Raises CaseError.
    """
    if not name.strip():
        raise CaseError(Sentence("customer.no_name"))
    with transaction.atomic():
        customer = _customer(organization_id, customer_id)
        contact_id, points = contacts.contact_add(
            customer, name.strip()[:200], role=role, values=(email, phone)
        )
        told = {"contact": contact_id, "name": name, "role": role}
        _tell(organization_id, customer_id, "contact.added", told, on=on, actor=actor)
    return contact_id, points


def contact_remove(
    organization_id: int,
    contact_id: int,
    *,
    on: date,
    actor: str,
    point_ids: Collection[int] = (),
) -> bool:
    """Remove a person, and these of its addresses; others stay the customer's. False when it is
    not there."""
    with transaction.atomic():
        customer_id = contacts.contact_remove(organization_id, contact_id, point_ids)
        if customer_id is None:
            return False
        _tell(
            organization_id,
            customer_id,
            "contact.removed",
            {"contact": contact_id},
            on=on,
            actor=actor,
        )
    return True


def contact_role_set(
    organization_id: int, contact_id: int, role: Role | Literal[""], *, on: date, actor: str
) -> str:
    """Say who a contact is; "" = not known. Returns the role before. Raises CaseError."""
    with transaction.atomic():
        found = contacts.role_set(organization_id, contact_id, role)
        if found is None:
            raise CaseError(Sentence("customer.not_found"))
        customer_id, before = found
        if before != role:
            told = {"contact": contact_id, "from": before, "to": role}
            _tell(organization_id, customer_id, "contact.role", told, on=on, actor=actor)
    return before


def point_mark(
    organization_id: int,
    point_id: int,
    mark: contacts.Mark,
    *,
    on: date,
    actor: str,
    reason: str = "",
) -> contacts.Mark:
    """Say of an address or number that it is usable ("valid"), known as wrong ("invalid", with a
    reason) or that its owner wants nothing there ("opted_out"). Returns what it was before.

    Raises CaseError when it is not there.
    """
    before = points_mark(organization_id, {point_id: (mark, reason)}, on=on, actor=actor)
    if point_id not in before:
        raise CaseError(Sentence("customer.not_found"))
    return before[point_id]


def points_mark(
    organization_id: int,
    marks: Mapping[int, tuple[contacts.Mark, str]],
    *,
    on: date,
    actor: str,
) -> dict[int, contacts.Mark]:
    """Mark many addresses or numbers at once, by id, each with its reason; returns what each was
    before, without those that are not there."""
    with transaction.atomic():
        found = contacts.points_mark(organization_id, marks, on=on)
        told = [
            Told(
                each.customer_id,
                "contact_point.marked",
                {
                    "point": point_id, "value": each.value, "from": each.before,
                    "to": marks[point_id][0], "reason": marks[point_id][1],
                },
            )
            for point_id, each in found.items()
            if each.before != marks[point_id][0]
        ]  # fmt: skip
        _tell_all(organization_id, told, on=on, actor=actor)
    return {point_id: each.before for point_id, each in found.items()}


def registered_consent_set(
    organization_id: int, point_id: int, consented_on: date | None, *, on: date, actor: str
) -> date | None:
    """Note on which day the owner of an email address agreed to electronic registered letters
    there, or (None) that this is not so; needed from a consumer before the first (CPCE L100).

    Returns what was known before. Raises CaseError.
    """
    if consented_on is not None and consented_on > on:
        raise CaseError(Sentence("customer.future_fact"))
    with transaction.atomic():
        found = contacts.consent_set(organization_id, point_id, consented_on)
        if found is None:
            raise CaseError(Sentence("customer.not_found"))
        customer_id, before, value = found
        if before != consented_on:
            told = {
                "point": point_id, "value": value, "from": _text(before), "to": _text(consented_on)
            }  # fmt: skip
            _tell(organization_id, customer_id, "contact_point.consent", told, on=on, actor=actor)
    return before


def addresses_mark(
    organization_id: int, reasons: Mapping[int, str | None], *, on: date, actor: str
) -> dict[int, str | None]:
    """Note that the postal addresses of customers, by id, are wrong and why, or (None) that they
    are right after all. Returns what was known before: the reason, or None.

    Letters wait for another address; one that a file or a person gives makes it right.
    """
    with transaction.atomic():
        before = postal_mark(organization_id, reasons, on=on)
        told = [
            Told(
                customer_id,
                "customer.address",
                {"from": reason or "", "to": reasons[customer_id] or ""},
            )
            for customer_id, reason in before.items()
            if (reason is None) != (reasons[customer_id] is None)
        ]
        _tell_all(organization_id, told, on=on, actor=actor)
    return before


def address_mark(
    organization_id: int, customer_id: int, reason: str | None, *, on: date, actor: str
) -> str | None:
    """The same for one customer. Raises CaseError when it is not there."""
    before = addresses_mark(organization_id, {customer_id: reason}, on=on, actor=actor)
    if customer_id not in before:
        raise CaseError(Sentence("customer.not_found"))
    return before[customer_id]


def _customer(organization_id: int, customer_id: int) -> Customer:
    rows = Customer.objects.filter(organization_id=organization_id, id=customer_id)
    customer = rows.select_for_update(no_key=True, of=("self",)).first()
    if customer is None:
        raise CaseError(Sentence("customer.not_found"))
    return customer


@dataclass(frozen=True, slots=True)
class Told:
    """Something to tell in the cases of a customer."""

    customer_id: int
    kind: str
    payload: Mapping[str, object]


def _tell(
    organization_id: int,
    customer_id: int,
    kind: str,
    told: dict[str, object],
    *,
    on: date,
    actor: str,
) -> None:
    _tell_all(organization_id, [Told(customer_id, kind, told)], on=on, actor=actor)


def _tell_all(organization_id: int, told: Collection[Told], *, on: date, actor: str) -> None:
    """Tell every case of each customer, and have the planner look at them."""
    cases: dict[int, list[int | None]] = defaultdict(list)
    rows = Case.objects.filter(
        organization_id=organization_id, customer_id__among={each.customer_id for each in told}
    )
    for customer_id, case_id in rows.order_by("id").values_list("customer_id", "id"):
        cases[customer_id].append(case_id)
    events_record(
        organization_id,
        [
            Happening(each.kind, on, actor, case_id, {"customer": each.customer_id, **each.payload})
            for each in told
            for case_id in cases.get(each.customer_id) or [None]
        ],
    )
    cases_wake(organization_id, {each.customer_id for each in told}, on=on)


def _text(value: FactValue) -> FactValue:
    return value.isoformat() if isinstance(value, date) else value
