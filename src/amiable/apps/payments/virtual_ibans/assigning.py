"""Who a virtual IBAN stands for: given, ended, handed out by itself. Nothing is ever rewritten.

A payer keeps paying to the IBAN it once copied: an IBAN that stood for a customer rests for the
quarantine of its creditor before it stands for another. `cases` maps (customer id, currency) to
the case whose history tells the event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import VirtualIban, VirtualIbanAssignment, VirtualIbanPolicy
from amiable.apps.payments.services import Cases
from amiable.apps.receivables.models import Invoice
from amiable.apps.tenants.models import Creditor
from amiable.core.sentences import Sentence, declare, gettext_noop

DEFAULT_QUARANTINE = 396  # 13 months: as long as a direct debit may come back, and habits last
LONGEST_QUARANTINE = 3650
AUTOMATIC = "amiable"
Assign = VirtualIbanPolicy.Assign

declare(
    {
        "virtual_iban.unknown": gettext_noop("this virtual IBAN is not in the pool"),
        "virtual_iban.closed": gettext_noop(
            "{iban} was closed by the bank on {date}: money sent there comes back. Choose another."
        ),
        "virtual_iban.other_creditor": gettext_noop(
            "{iban} leads to an account of another creditor: choose one of the customer's own"
        ),
        "virtual_iban.held": gettext_noop(
            "{iban} stands for {holder} since {date}: end that first, and it rests for {days} days"
        ),
        "virtual_iban.has_one": gettext_noop(
            "{holder} has {iban} already: end that first, then choose another"
        ),
        "virtual_iban.quarantine": gettext_noop(
            "{iban} stood for {holder} until {until}, who may still pay there: it can stand for "
            "another customer from {free} on. Choose another, or shorten the quarantine."
        ),
        "virtual_iban.other_currency": gettext_noop(
            "{iban} is an account in {currency}: choose one in the currency of the invoice"
        ),
        "virtual_iban.unknown_customer": gettext_noop("there is no customer {value} here"),
        "virtual_iban.unknown_invoice": gettext_noop(
            "{holder} has no invoice {value}: write its number as it is in the list"
        ),
        "virtual_iban.already_ended": gettext_noop("this assignment has already ended"),
        "virtual_iban.future": gettext_noop(
            "{iban} stood for another until {until}: it cannot be given from an earlier day on"
        ),
        "virtual_iban.policy_days": gettext_noop("Give a number of days from 0 to {limit}."),
        "virtual_iban.policy_assign": gettext_noop(
            "“{value}” is no way to hand out IBANs: hand, customer or invoice"
        ),
    }
)


class VirtualIbanError(ValueError):
    """What cannot be done with a virtual IBAN; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Need:
    """Something that is asked for: of a customer, about one invoice, or about several (None)."""

    customer_id: int
    creditor_id: int
    currency: str
    invoice_id: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An IBAN of the pool and what it is to stand for; `invoice` None = all of the customer."""

    virtual_iban_id: int
    customer: Customer
    invoice: Invoice | None = None

    @property
    def key(self) -> tuple[int, int | None]:
        return self.customer.pk, self.invoice.pk if self.invoice else None


@transaction.atomic
def virtual_iban_assign(
    organization_id: int,
    virtual_iban_id: int,
    customer_id: int,
    *,
    invoice_id: int | None = None,
    on: date,
    actor: str,
    cases: Cases,
) -> VirtualIbanAssignment:
    """Let an IBAN stand for a customer, or for one of its invoices; the same again changes nothing.

    Raises VirtualIbanError when it is closed, held by another, rests, or the target has one.
    """
    customer = Customer.objects.filter(organization_id=organization_id, id=customer_id).first()
    if customer is None:
        raise VirtualIbanError(Sentence("virtual_iban.unknown_customer", {"value": customer_id}))
    invoice = None
    if invoice_id is not None:
        invoice = Invoice.objects.filter(customer=customer, id=invoice_id).first()
        if invoice is None:
            told = {"holder": customer.name, "value": str(invoice_id)}
            raise VirtualIbanError(Sentence("virtual_iban.unknown_invoice", told))
    target = Target(virtual_iban_id, customer, invoice)
    made, problems = assignments_make(organization_id, {0: target}, on=on, actor=actor, cases=cases)
    if problems:
        raise VirtualIbanError(problems[0])
    if made:
        return made[0]
    return VirtualIbanAssignment.objects.get(virtual_iban_id=virtual_iban_id, until_on__isnull=True)


def assignments_make(
    organization_id: int, targets: Mapping[int, Target], *, on: date, actor: str, cases: Cases
) -> tuple[list[VirtualIbanAssignment], dict[int, Sentence]]:
    """Let IBANs stand for what each is wanted for: those that are new, and by key what speaks
    against a wish. Wishes that are fulfilled already make nothing. Call in a transaction."""
    if not targets:
        return [], {}
    book = _Book.load(organization_id, targets.values())
    made: list[VirtualIbanAssignment] = []
    problems: dict[int, Sentence] = {}
    for key, target in targets.items():
        if book.stands(target):
            continue
        problem = book.problem(target, on)
        if problem is not None:
            problems[key] = problem
            continue
        row = VirtualIbanAssignment(
            organization_id=organization_id, virtual_iban=book.ibans[target.virtual_iban_id],
            customer=target.customer, invoice=target.invoice, since_on=on, assigned_by=actor[:120],
        )  # fmt: skip
        book.take(row)
        made.append(row)
    if problems:
        return [], problems
    VirtualIbanAssignment.objects.bulk_create(made, batch_size=500)
    told = [_happening("virtual_iban.assigned", row, on, actor, cases) for row in made]
    events_record(organization_id, told)
    return made, {}


@transaction.atomic
def virtual_iban_end(
    organization_id: int, assignment_id: int, *, on: date, actor: str, cases: Cases
) -> VirtualIbanAssignment:
    """End an assignment: from tomorrow on the IBAN stands for nobody, and rests.

    Raises VirtualIbanError when it has ended, LookupError when there is none.
    """
    rows = VirtualIbanAssignment.objects.filter(organization_id=organization_id, id=assignment_id)
    row = rows.select_for_update(no_key=True, of=("self",)).select_related("virtual_iban").first()
    if row is None:
        raise LookupError(f"no assignment {assignment_id}")
    if row.until_on is not None:
        raise VirtualIbanError(Sentence("virtual_iban.already_ended"))
    assignments_end(organization_id, [row], on=on, actor=actor, cases=cases)
    return row


def assignments_end(
    organization_id: int,
    rows: Sequence[VirtualIbanAssignment],
    *,
    on: date,
    actor: str,
    cases: Cases,
) -> None:
    """End assignments that run, with their events. Call in a transaction."""
    for row in rows:
        row.until_on, row.ended_by = max(on, row.since_on), actor[:120]
    VirtualIbanAssignment.objects.bulk_update(rows, ["until_on", "ended_by"], batch_size=500)
    told = [_happening("virtual_iban.ended", row, on, actor, cases) for row in rows]
    events_record(organization_id, told)


def hands_out(organization_id: int) -> bool:
    """Whether any creditor of an organization hands IBANs out by itself."""
    rows = VirtualIbanPolicy.objects.filter(organization_id=organization_id)
    return rows.exclude(assign=Assign.HAND).exists()


@transaction.atomic
def virtual_ibans_ensure(
    organization_id: int, needs: Collection[Need], *, on: date, cases: Cases
) -> int:
    """Give an IBAN to what needs one and has none, as each creditor's policy says; returns how
    many. A number of queries that does not grow with the needs; without a free IBAN the creditor's
    own account is shown, and the pool says that it is empty."""
    policies = _policies(organization_id, {need.creditor_id for need in needs})
    wanted = {_target(need, policies): need for need in needs if need.creditor_id in policies}
    if not wanted:
        return 0
    current = VirtualIbanAssignment.objects.filter(
        organization_id=organization_id,
        until_on__isnull=True,
        customer_id__among={customer_id for customer_id, _ in wanted},
    )
    have = set(current.values_list("customer_id", "invoice_id"))
    groups: dict[tuple[int, str], list[tuple[int, int | None]]] = defaultdict(list)
    for target, need in sorted(wanted.items(), key=lambda each: (each[0][0], each[0][1] or 0)):
        if target not in have:
            groups[need.creditor_id, need.currency].append(target)
    made: list[VirtualIbanAssignment] = []
    for (creditor_id, currency), targets in groups.items():
        free = free_ibans(
            organization_id, creditor_id, on=on, currency=currency,
            quarantine_days=policies[creditor_id].quarantine_days,
        )  # fmt: skip
        taken = free.select_for_update(no_key=True, skip_locked=True, of=("self",))
        pairs = zip(taken[: len(targets)], targets, strict=False)
        made += [
            VirtualIbanAssignment(
                organization_id=organization_id, virtual_iban=row, customer_id=customer_id,
                invoice_id=invoice_id, since_on=on, assigned_by=AUTOMATIC,
            )
            for row, (customer_id, invoice_id) in pairs
        ]  # fmt: skip
    VirtualIbanAssignment.objects.bulk_create(made, batch_size=500)
    events_record(
        organization_id,
        [_happening("virtual_iban.assigned", row, on, AUTOMATIC, cases) for row in made],
    )
    return len(made)


def free_ibans(
    organization_id: int, creditor_id: int, *, on: date, currency: str, quarantine_days: int
) -> QuerySet[VirtualIban]:
    """IBANs that may be given to anybody on a day: those never used first, then those that have
    rested longest."""
    rests = on - timedelta(days=quarantine_days)
    of_row = VirtualIbanAssignment.objects.filter(virtual_iban=OuterRef("pk"))
    busy = of_row.filter(Q(until_on__isnull=True) | Q(until_on__gt=rests))
    last = of_row.order_by("-until_on").values("until_on")[:1]
    rows = VirtualIban.objects.filter(
        ~Exists(busy), organization_id=organization_id, creditor_id=creditor_id,
        currency=currency, closed_on__isnull=True, imported_on__lte=on,
    )  # fmt: skip
    return rows.annotate(last_on=last).order_by(F("last_on").asc(nulls_first=True), "id")


def policy_set(
    organization_id: int, creditor_id: int, *, assign: str, quarantine_days: int, on: date,
    actor: str,
) -> None:  # fmt: skip
    """How a creditor hands out its IBANs from now on. Raises VirtualIbanError, LookupError."""
    if not Creditor.objects.filter(organization_id=organization_id, id=creditor_id).exists():
        raise LookupError(f"no creditor {creditor_id}")
    if assign not in Assign.values:
        raise VirtualIbanError(Sentence("virtual_iban.policy_assign", {"value": assign[:40]}))
    if not 0 <= quarantine_days <= LONGEST_QUARANTINE:
        limit = {"limit": LONGEST_QUARANTINE}
        raise VirtualIbanError(Sentence("virtual_iban.policy_days", limit))
    values = {"assign": assign, "quarantine_days": quarantine_days}
    with transaction.atomic():
        VirtualIbanPolicy.objects.update_or_create(
            creditor_id=creditor_id, defaults={"organization_id": organization_id, **values}
        )
        told = Happening(
            "virtual_iban.policy", on, actor, payload={"creditor": creditor_id, **values}
        )
        events_record(organization_id, [told])


def _policies(
    organization_id: int, creditor_ids: Collection[int]
) -> Mapping[int, VirtualIbanPolicy]:
    """Policies that hand out by themselves, by creditor; held, so that two workers do not find the
    same IBAN free."""
    rows = VirtualIbanPolicy.objects.filter(
        organization_id=organization_id, creditor_id__in=creditor_ids
    ).exclude(assign=Assign.HAND)
    return {row.creditor_id: row for row in rows.order_by("id").select_for_update(no_key=True)}


def _target(need: Need, policies: Mapping[int, VirtualIbanPolicy]) -> tuple[int, int | None]:
    """What the IBAN is to stand for: one invoice where each has its own, else the customer."""
    each = policies.get(need.creditor_id)
    by_invoice = each is not None and each.assign == Assign.INVOICE
    return need.customer_id, need.invoice_id if by_invoice else None


@dataclass(slots=True)
class _Book:
    """What is known of IBANs that are wanted, and of those for whom: held until the end of the
    transaction. `days` = quarantine by creditor."""

    ibans: dict[int, VirtualIban]
    history: dict[int, list[VirtualIbanAssignment]]
    held: dict[tuple[int, int | None], VirtualIbanAssignment]
    days: dict[int, int]

    @classmethod
    def load(cls, organization_id: int, targets: Collection[Target]) -> _Book:
        scope = {"organization_id": organization_id}
        wanted = {target.virtual_iban_id for target in targets}
        # As when they are handed out: one at a time for a creditor that has a policy.
        policies = VirtualIbanPolicy.objects.filter(**scope).order_by("id")
        days = {p.creditor_id: p.quarantine_days for p in policies.select_for_update(no_key=True)}
        rows = VirtualIban.objects.filter(**scope, id__among=wanted).order_by("id")
        ibans = {row.pk: row for row in rows.select_for_update(no_key=True)}
        book = cls(ibans, defaultdict(list), {}, days)
        past = VirtualIbanAssignment.objects.filter(**scope).select_related(
            "customer", "virtual_iban"
        )
        customers = {target.customer.pk for target in targets}
        for row in past.filter(virtual_iban_id__among=wanted).order_by("id"):
            book.take(row)
        for row in past.filter(customer_id__among=customers, until_on__isnull=True):
            book.held[row.customer_id, row.invoice_id] = row
        return book

    def take(self, row: VirtualIbanAssignment) -> None:
        """An assignment to know from now on."""
        self.history[row.virtual_iban_id].append(row)
        if row.until_on is None:
            self.held[row.customer_id, row.invoice_id] = row

    def stands(self, target: Target) -> bool:
        """Whether the IBAN stands for just this already."""
        row = self.held.get(target.key)
        return row is not None and row.virtual_iban_id == target.virtual_iban_id

    def problem(self, target: Target, on: date) -> Sentence | None:
        """What speaks against an assignment on a day."""
        row, customer, invoice = (
            self.ibans.get(target.virtual_iban_id), target.customer, target.invoice,
        )  # fmt: skip
        if row is None:
            return Sentence("virtual_iban.unknown")
        iban = {"iban": row.iban}
        if row.closed_on is not None:
            return Sentence("virtual_iban.closed", {**iban, "date": row.closed_on})
        if row.creditor_id != customer.creditor_id:
            return Sentence("virtual_iban.other_creditor", iban)
        if invoice is not None and invoice.currency != row.currency:
            return Sentence("virtual_iban.other_currency", {**iban, "currency": row.currency})
        own = self.held.get(target.key)
        if own is not None:
            holder = invoice.number if invoice else customer.name
            told = {"holder": holder, "iban": own.virtual_iban.iban}
            return Sentence("virtual_iban.has_one", told)
        return self._rests(row, customer, on)

    def _rests(self, row: VirtualIban, customer: Customer, on: date) -> Sentence | None:
        """An IBAN in use, or that another may still pay on, is not given away."""
        days = timedelta(days=self.days.get(row.creditor_id, DEFAULT_QUARANTINE))
        for each in self.history[row.pk]:
            told: dict[str, str | int | date] = {"iban": row.iban, "holder": each.customer.name}
            if each.until_on is None:
                more = {"date": each.since_on, "days": days.days}
                return Sentence("virtual_iban.held", {**told, **more})
            if on < each.until_on:
                return Sentence("virtual_iban.future", {"iban": row.iban, "until": each.until_on})
            if each.customer_id != customer.pk and each.until_on > on - days:
                more = {"until": each.until_on, "free": each.until_on + days}
                return Sentence("virtual_iban.quarantine", {**told, **more})
        return None


def _happening(
    kind: str, row: VirtualIbanAssignment, on: date, actor: str, cases: Cases
) -> Happening:
    payload = {
        "virtual_iban": row.virtual_iban_id, "iban": row.virtual_iban.iban,
        "customer": row.customer_id, "invoice": row.invoice_id,
    }  # fmt: skip
    case_id = cases.get((row.customer_id, row.virtual_iban.currency))
    return Happening(kind, on, actor, case_id, payload)
